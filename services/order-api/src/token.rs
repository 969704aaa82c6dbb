//! Calls for who has the pipeline's token.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use service_runtime::problem::Problem;
use utoipa::IntoResponses;

use crate::app::App;
use crate::error::ApiError;

/// Extractor: the request carries the token. Stands before all others, so that without it nothing else is told.
pub struct TokenHolder;

/// What a call answers to whoever is no [`TokenHolder`], for the description.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub(crate) enum NoToken {
    /// No valid token
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// This service has no token
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
}

impl FromRequestParts<Arc<App>> for TokenHolder {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let checked = app.admin_token.check(&parts.headers);
        checked.map(|()| Self).map_err(|problem| ApiError::Token(Box::new(problem)))
    }
}
