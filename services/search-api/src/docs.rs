//! `/openapi.json` and a page that shows it, without anything from elsewhere.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::OpenApi;

const PAGE: &str = include_str!("docs.html");
/// The page runs its own inline script and calls its own host; nothing else.
const POLICY: &str = "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

pub(crate) fn routes(api: OpenApi) -> Router {
    let page = || async {
        let policy: (HeaderName, HeaderValue) = (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        ([policy], Html(PAGE)).into_response()
    };
    let document = move || async move { Json(api) };
    Router::new().route("/docs", get(page)).route("/openapi.json", get(document))
}
