//! The last word for Kubernetes: the operator reads it from the pod's status.

use std::io;
use std::path::Path;

/// `{"schemaVersion":N}`.
pub fn success(version: i64) -> String {
    format!("{{\"schemaVersion\":{version}}}")
}

/// `{"error":"…"}`: the whole chain of causes, cut to what a termination message can hold.
pub fn failure(message: &str) -> String {
    // Kubernetes keeps 4096 bytes of it.
    let cut: String = message.chars().take(1000).collect();
    format!("{{\"error\":{}}}", quoted(&cut))
}

/// Writes `message` to `file`, when one is given or Kubernetes' default exists.
///
/// # Errors
/// The file cannot be written.
pub fn write(file: Option<&Path>, message: &str) -> io::Result<()> {
    let default = Path::new("/dev/termination-log");
    match file {
        Some(file) => std::fs::write(file, message),
        None if default.exists() => std::fs::write(default, message),
        None => Ok(()),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        assert_eq!(success(13), r#"{"schemaVersion":13}"#);
        assert_eq!(failure("a \"b\"\n  c:\\\u{7}"), r#"{"error":"a \"b\"\n  c:\\ "}"#);
    }
}
