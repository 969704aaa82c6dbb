//! `/api/orders`: one endpoint per file, with its request, its answer and its handler.

mod cancel;
mod create;
mod get;
mod list;
mod paging;
mod schema;
pub mod validation;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::extract::rejection::PathRejection;
use axum::http::request::Parts;
use axum::http::{HeaderName, header};
use order_events::OrderNumber;
use service_runtime::problem::FieldError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::error::ApiError;

pub(crate) use create::{location, now};

/// The routes and their description.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(create::create, list::list))
        .routes(routes!(get::get))
        .routes(routes!(cancel::cancel))
}

/// Extractor: the number in the path.
struct NumberInPath(OrderNumber);

impl<S: Send + Sync> FromRequestParts<S> for NumberInPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text: Result<axum::extract::Path<String>, PathRejection> =
            axum::extract::Path::from_request_parts(parts, state).await;
        let text = text.map_err(|_| ApiError::NoSuchOrder)?;
        text.parse().map(Self).map_err(|_| ApiError::NoSuchOrder)
    }
}

/// Orders change and are nobody else's business: no cache keeps them.
pub(crate) const NOT_STORED: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// One wrong query parameter.
pub(crate) fn wrong_parameter(name: &str, detail: impl Into<String>) -> ApiError {
    ApiError::Invalid(vec![FieldError { pointer: format!("#{name}"), detail: detail.into() }])
}
