//! Calls for who has the pipeline's token.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::app::App;
use crate::error::ApiError;

/// Extractor: the request carries the token. Stands before all others, so that without it nothing else is told.
pub struct TokenHolder;

impl FromRequestParts<Arc<App>> for TokenHolder {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let checked = app.admin_token.check(&parts.headers);
        checked.map(|()| Self).map_err(|problem| ApiError::Token(Box::new(problem)))
    }
}
