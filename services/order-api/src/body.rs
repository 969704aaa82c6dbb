//! The body of a request, as bytes that are declared to be JSON, within the limit and in time.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;

use crate::app::App;
use crate::error::ApiError;
use crate::{BODY_LIMIT, media_type};

/// A caller that needs longer for its few kilobytes holds a connection for nothing.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Extractor.
pub struct JsonBytes(pub Bytes);

impl FromRequest<Arc<App>> for JsonBytes {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        read(request).await.map(Self).map_err(|error| app.refused(error))
    }
}

/// Extractor that takes a request without a body, too: it is empty then.
pub struct OptionalJsonBytes(pub Bytes);

impl FromRequest<Arc<App>> for OptionalJsonBytes {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let declared = media_type::is_json(request.headers());
        let body = whole(request).await.map_err(|error| app.refused(error))?;
        if declared || body.is_empty() { Ok(Self(body)) } else { Err(app.refused(ApiError::NotJson)) }
    }
}

async fn read(request: Request) -> Result<Bytes, ApiError> {
    if !media_type::is_json(request.headers()) {
        return Err(ApiError::NotJson);
    }
    whole(request).await
}

async fn whole(request: Request) -> Result<Bytes, ApiError> {
    match tokio::time::timeout(TIMEOUT, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Err(ApiError::TooLarge(BODY_LIMIT))
        }
        Ok(Err(_)) | Err(_) => Err(ApiError::BodyUnreadable),
    }
}
