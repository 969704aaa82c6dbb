//! Errors that callers get: `application/problem+json` (RFC 9457) with a stable `type`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

/// One problem. `type` is `urn:order-pipeline:problem:<slug>`; the slug is contract, the texts are for people.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// `urn:order-pipeline:problem:<slug>`
    r#type: String,
    /// Short and the same for every occurrence.
    title: String,
    /// The HTTP status code.
    status: u16,
    /// What is the matter this time. Holds no secrets and no personal data.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The wrong parts of the request, each with a JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Members of this type of problem alone.
    #[serde(flatten)]
    extra: Map<String, Value>,
    #[serde(skip)]
    retry_after: Option<u32>,
}

/// One wrong part of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON pointer into the body, or `#name` for a query parameter or header.
    pub pointer: String,
    /// What it must be.
    pub detail: String,
}

impl Problem {
    /// A problem of the type `slug`.
    pub fn new(status: StatusCode, slug: &str, title: impl Into<String>) -> Self {
        Self {
            r#type: format!("urn:order-pipeline:problem:{slug}"),
            title: title.into(),
            status: status.as_u16(),
            detail: None,
            errors: Vec::new(),
            extra: Map::new(),
            retry_after: None,
        }
    }

    /// What is the matter this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a wrong part of the request.
    #[must_use]
    pub fn error(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// Adds several wrong parts.
    #[must_use]
    pub fn errors(mut self, errors: impl IntoIterator<Item = FieldError>) -> Self {
        self.errors.extend(errors);
        self
    }

    /// Adds a member of this type's own.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// When to try again, in seconds (header Retry-After).
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The status this answers with.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 15.5.2: it must say how to be let in.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shape() {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-order", "The order is not valid")
            .error("/items/0/quantity", "must be 1 or more")
            .with("orderNumber", "n")
            .retry_after(2);
        let json: Value = serde_json::to_value(&problem).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "type": "urn:order-pipeline:problem:invalid-order",
                "title": "The order is not valid",
                "status": 422,
                "errors": [{"pointer": "/items/0/quantity", "detail": "must be 1 or more"}],
                "orderNumber": "n",
            })
        );
        let response = problem.into_response();
        assert_eq!(response.status(), 422);
        assert_eq!(response.headers()["retry-after"], "2");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert!(!response.headers().contains_key("www-authenticate"));
    }

    #[test]
    fn who_is_not_let_in_is_told_how() {
        let response = crate::auth::unauthorized().into_response();
        assert_eq!(
            (response.status(), &response.headers()["www-authenticate"]),
            (StatusCode::UNAUTHORIZED, &HeaderValue::from_static("Bearer"))
        );
    }
}
