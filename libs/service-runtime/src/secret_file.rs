//! Secrets come as files that Kubernetes mounts and replaces; they are read when needed and never printed.

use std::path::Path;

use secrecy::SecretString;

use crate::ConfigError;

/// Reads one secret. One trailing line break is dropped (`kubectl create secret --from-file` of a file made
/// with an editor has one). Empty and non-UTF-8 content is refused. `setting` names the variable in errors.
pub fn read(setting: &str, path: &Path) -> Result<SecretString, ConfigError> {
    let place = path.display();
    let bytes =
        std::fs::read(path).map_err(|error| ConfigError::new(setting, format!("cannot read {place}: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| ConfigError::new(setting, format!("{place} is not UTF-8")))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(ConfigError::new(setting, format!("{place} is empty")));
    }
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn content_and_errors() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        for (content, expected) in
            [("s3cr'et\n", Some("s3cr'et")), ("a\n\n", Some("a\n")), ("x\r\n", Some("x")), ("", None), ("\n", None)]
        {
            std::fs::write(&file, content).unwrap();
            let found = read("PASSWORD_FILE", &file);
            assert_eq!(found.as_ref().ok().map(ExposeSecret::expose_secret), expected, "{content:?}");
        }
        std::fs::write(&file, [0xff, 0xfe]).unwrap();
        assert!(read("PASSWORD_FILE", &file).unwrap_err().to_string().starts_with("PASSWORD_FILE: "));
        assert!(read("PASSWORD_FILE", &folder.path().join("none")).is_err());
    }
}
