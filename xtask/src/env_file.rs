//! `target/local/env`: what shells and scripts source to reach the running platform.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;

use crate::certificates::write_secret;

/// Writes `export NAME='value'` lines, readable by their owner only; the last one puts `bin` first in PATH.
pub fn write(path: &Path, variables: &[(&str, String)], bin: &Path) -> Result<()> {
    write_secret(path, &text(variables, bin))
}

fn text(variables: &[(&str, String)], bin: &Path) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        writeln!(text, "export {name}={}", quoted(value)).expect("writing to a string does not fail");
    }
    writeln!(text, "export PATH={}:\"$PATH\"", quoted(&bin.display().to_string()))
        .expect("writing to a string does not fail");
    text
}

/// For a POSIX shell: within single quotes everything stands for itself but the quote.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_for_the_shell() {
        let written = text(&[("NAMESPACE", "orders".to_owned()), ("ODD", "it's $x".to_owned())], Path::new("/a b"));
        assert_eq!(written, "export NAMESPACE='orders'\nexport ODD='it'\\''s $x'\nexport PATH='/a b':\"$PATH\"\n");
    }
}
