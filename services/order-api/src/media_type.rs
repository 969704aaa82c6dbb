//! Whether a body is declared as JSON. A form from a foreign page cannot declare it, so this also stops such posts.

use axum::http::{HeaderMap, header};

/// `application/json` or `application/…+json`, with any parameters.
pub fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || (subtype.len() > 5 && subtype.ends_with("+json")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("application/json", true)]
    #[case("Application/JSON; charset=utf-8", true)]
    #[case("application/vnd.shop+json", true)]
    #[case("text/plain", false)]
    #[case("application/x-www-form-urlencoded", false)]
    #[case("application/jsonx", false)]
    #[case("", false)]
    fn declared(#[case] value: &str, #[case] expected: bool) {
        let headers = [(header::CONTENT_TYPE, value.parse().unwrap())].into_iter().collect();
        assert_eq!(is_json(&headers), expected);
    }

    #[test]
    fn not_declared() {
        assert!(!is_json(&HeaderMap::new()));
    }
}
