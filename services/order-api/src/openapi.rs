//! The API's description at `/openapi.json`, and a page that shows it at `/docs`.

use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::get;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// Reads `/openapi.json` beside it; nothing comes from elsewhere.
const PAGE: &str = include_str!("docs.html");

/// What the routes do not tell.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "order-api",
        description = "Order intake: orders go to Kafka, their outcome comes from the database.",
        license(name = "Apache-2.0")
    ),
    modifiers(&Token)
)]
pub(crate) struct Description;

struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// Routes that serve this description.
pub(crate) fn routes(description: &utoipa::openapi::OpenApi) -> Router {
    let json = description.to_json().unwrap_or_default();
    Router::new()
        .route("/openapi.json", get(move || async move { ([(header::CONTENT_TYPE, "application/json")], json) }))
        .route("/docs", get(|| async { Html(PAGE) }))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_description_is_what_was_agreed() {
        insta::assert_json_snapshot!(crate::openapi(), { ".info.version" => "[version]" });
    }
}
