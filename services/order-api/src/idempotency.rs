//! Idempotency-Key: what it may be, and how another body under a known key is found out.
//!
//! Same shopper, same key: the same order number, from any replica, so no store is asked before an order is taken.
//! Another body under the same key is refused when that can be known without one: from this process's memory of
//! recent keys, or from a look-up in MySQL that runs beside the produce. What slips through, the consumer finds.

mod lookups;
mod recent;

use axum::http::{HeaderMap, HeaderName};
use service_runtime::problem::FieldError;
use uuid::Uuid;

use crate::card_number;
pub use lookups::Lookups;
pub use recent::{Known, RecentKeys};

/// The header's name (draft-ietf-httpapi-idempotency-key-header).
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

const MAX_KEY: usize = 255;

/// The key an order's number is derived from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// The caller's.
    Given(String),
    /// Made here, fresh for this order: it can be no retry.
    Made(String),
}

impl Key {
    /// The header's value, or a fresh UUIDv7 without the header.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, FieldError> {
        let mut values = headers.get_all(&IDEMPOTENCY_KEY).into_iter();
        let Some(value) = values.next() else { return Ok(Self::Made(Uuid::now_v7().to_string())) };
        let wrong = |detail: &str| FieldError { pointer: "#idempotency-key".to_owned(), detail: detail.to_owned() };
        if values.next().is_some() {
            return Err(wrong("is given more than once"));
        }
        match value.to_str() {
            Ok(key) if !(1..=MAX_KEY).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(wrong("must be 1 to 255 visible ASCII characters"))
            }
            Ok(key) if card_number::is_in_text(key) => Err(wrong("looks like a payment card's number")),
            Ok(key) => Ok(Self::Given(key.to_owned())),
            Err(_) => Err(wrong("must be 1 to 255 visible ASCII characters")),
        }
    }

    /// The key itself.
    pub fn as_str(&self) -> &str {
        let (Self::Given(key) | Self::Made(key)) = self;
        key
    }

    /// The key itself.
    pub fn into_string(self) -> String {
        let (Self::Given(key) | Self::Made(key)) = self;
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(&["key-1"], true)]
    #[case(&["6ba7b810-9dad-11d1-80b4-00c04fd430c8"], true)]
    #[case(&[""], false)]
    #[case(&["two words"], false)]
    #[case(&["clé"], false)]
    #[case(&["4111111111111111"], false)]
    #[case(&["a", "b"], false)]
    fn what_a_key_may_be(#[case] values: &[&str], #[case] valid: bool) {
        let headers = values.iter().map(|value| (IDEMPOTENCY_KEY, value.parse().unwrap())).collect();
        let key = Key::from_headers(&headers);
        assert_eq!(key.is_ok(), valid, "{key:?}");
        if valid {
            assert_eq!(key, Ok(Key::Given(values[0].to_owned())));
        }
    }

    #[test]
    fn length() {
        let key = |length| {
            let headers = [(IDEMPOTENCY_KEY, "k".repeat(length).parse().unwrap())].into_iter().collect();
            Key::from_headers(&headers)
        };
        assert!(key(255).is_ok());
        assert!(key(256).is_err());
    }

    #[test]
    fn without_the_header_each_key_is_new() {
        let make = || Key::from_headers(&HeaderMap::new()).unwrap();
        assert!(matches!(make(), Key::Made(_)));
        assert_ne!(make(), make());
    }
}
