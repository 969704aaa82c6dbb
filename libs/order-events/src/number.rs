//! Order numbers: the same shopper with the same key gets the same number, from any replica, without asking a store.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The pipeline's secret. Whoever has it can compute order numbers, and a number is the right to read and
/// cancel its order, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct OrderNamespace(Uuid);

/// The namespace's text is not a UUID. The text itself is a secret and not part of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the order namespace is not a UUID")]
pub struct NamespaceError;

/// Names one order: UUIDv5 (RFC 9562, 5.5) in the pipeline's namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderNumber(Uuid);

/// The text is not an order number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order number is a UUID in lower case with hyphens")]
pub struct OrderNumberError;

impl OrderNamespace {
    /// Parses the content of the namespace's Secret or file; white space around it is ignored.
    pub fn parse(text: &str) -> Result<Self, NamespaceError> {
        Uuid::try_parse(text.trim()).map(Self).map_err(|_| NamespaceError)
    }
}

impl fmt::Debug for OrderNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OrderNamespace(secret)")
    }
}

impl OrderNumber {
    /// The number of an order: UUIDv5(namespace, lower-cased e-mail, NUL, key). `key` is the caller's
    /// Idempotency-Key, or a fresh UUIDv7 when there was none.
    pub fn derive(namespace: &OrderNamespace, email: &str, key: &str) -> Self {
        let mut name = email.to_lowercase().into_bytes();
        name.push(0);
        name.extend_from_slice(key.as_bytes());
        Self(Uuid::new_v5(&namespace.0, &name))
    }

    /// The UUID.
    pub fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for OrderNumber {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl FromStr for OrderNumber {
    type Err = OrderNumberError;

    /// Only the form we print is taken: one number has one text, in URLs, keys and rows.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uuid = Uuid::try_parse(text).map_err(|_| OrderNumberError)?;
        if uuid.as_hyphenated().to_string() == text { Ok(Self(uuid)) } else { Err(OrderNumberError) }
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace() -> OrderNamespace {
        OrderNamespace::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8\n").unwrap()
    }

    #[test]
    fn the_number_never_changes() {
        let number = OrderNumber::derive(&namespace(), "Ann@Example.org", "key-1");
        // Computed by another program (Python's uuid.uuid5): a change here would turn every retry into a second order.
        assert_eq!(number.to_string(), "56ae6aa8-3d28-5fe2-b643-6e2ee29e004f");
        assert_eq!(number, OrderNumber::derive(&namespace(), "ann@example.ORG", "key-1"));
        assert_ne!(number, OrderNumber::derive(&namespace(), "ann@example.org", "key-2"));
    }

    #[test]
    fn mail_and_key_do_not_run_together() {
        assert_ne!(
            OrderNumber::derive(&namespace(), "a@b.c", "dkey"),
            OrderNumber::derive(&namespace(), "a@b.cd", "key")
        );
    }

    #[test]
    fn one_number_has_one_text() {
        let number = OrderNumber::derive(&namespace(), "ann@example.org", "key-1");
        assert_eq!(number.to_string().parse(), Ok(number));
        assert!(number.to_string().to_uppercase().parse::<OrderNumber>().is_err());
        assert!(number.as_uuid().simple().to_string().parse::<OrderNumber>().is_err());
        assert!("".parse::<OrderNumber>().is_err());
    }

    #[test]
    fn the_namespace_is_not_printed() {
        assert!(!format!("{:?}", namespace()).contains("6ba7"));
    }
}
