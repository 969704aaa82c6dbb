//! The bearer token for what shoppers may not do.

use std::path::{Path, PathBuf};

use axum::http::{HeaderMap, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};

use crate::problem::Problem;
use crate::secret_file;

/// Checks `Authorization: Bearer …` against a mounted Secret. The file is read at each check, so a replaced
/// Secret counts at once; these calls are rare.
#[derive(Clone, Debug)]
pub struct AdminToken {
    file: Option<PathBuf>,
}

impl AdminToken {
    /// Without a file every check fails: nothing is open by mistake.
    pub fn from_file(file: Option<&Path>) -> Self {
        Self { file: file.map(Path::to_owned) }
    }

    /// Ok when the request carries the token. 401 when it does not; 503 when we cannot know.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(file) = &self.file else {
            return Err(Problem::new(StatusCode::FORBIDDEN, "no-admin-token", "This service has no admin token")
                .detail("Set spec.access.adminTokenSecretRef (ADMIN_TOKEN_FILE) to open this call."));
        };
        let token = secret_file::read("ADMIN_TOKEN_FILE", file).map_err(|error| {
            tracing::error!(%error, "the admin token cannot be read");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "admin-token-unreadable", "The admin token cannot be read")
                .retry_after(5)
        })?;
        check_bearer(headers, &token)
    }
}

/// Ok when the request carries this bearer token, else 401. For tokens that are no mounted file.
pub fn check_bearer(headers: &HeaderMap, token: &SecretString) -> Result<(), Problem> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    match given {
        Some(given) if same(given.as_bytes(), token.expose_secret().as_bytes()) => Ok(()),
        _ => Err(unauthorized()),
    }
}

/// The answer to a call without the right token; it does not tell whether what was asked for exists.
pub fn unauthorized() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "A valid bearer token is needed")
}

/// Compares in a time that depends on the given text's length alone.
fn same(given: &[u8], token: &[u8]) -> bool {
    let differences = given.iter().enumerate().fold(given.len() ^ token.len(), |sum, (index, byte)| {
        sum | usize::from(byte ^ token[index % token.len().max(1)])
    });
    differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_passes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "s3cret\n").unwrap();
        let token = AdminToken::from_file(Some(&file));
        for (header, status) in [
            (None, Some(401)),
            (Some("Bearer s3cret"), None),
            (Some("bearer  s3cret"), None),
            (Some("Basic s3cret"), Some(401)),
            (Some("Bearer s3cre"), Some(401)),
            (Some("Bearer s3crets3cret"), Some(401)),
            (Some("Bearer "), Some(401)),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert("authorization", header.parse().unwrap());
            }
            assert_eq!(token.check(&headers).err().map(|problem| problem.status().as_u16()), status, "{header:?}");
        }
        std::fs::remove_file(&file).unwrap();
        assert_eq!(token.check(&HeaderMap::new()).unwrap_err().status(), 503);
        assert_eq!(AdminToken::from_file(None).check(&HeaderMap::new()).unwrap_err().status(), 403);
    }
}
