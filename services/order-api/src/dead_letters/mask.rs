//! What of a record may be shown to whoever has the token: all that helps to find the fault, and neither the address
//! nor the payment's token, nor any field that is not known here, because nobody can say what is in it.

use order_events::header;
use serde_json::Value;

use crate::card_number;

/// Stands for what is not shown. Sent back in an edited body it means "as it was".
pub(crate) const MASK: &str = "***";

/// Fields whose values are shown, wherever they stand.
const SHOWN: [&str; 16] = [
    "type",
    "schemaVersion",
    "eventId",
    "orderNumber",
    "placedAt",
    "cancelledAt",
    "name",
    "email",
    "productId",
    "quantity",
    "unitPrice",
    "amount",
    "currency",
    "method",
    "fingerprint",
    "sku",
];

/// Headers whose values are shown.
const SHOWN_HEADERS: [&str; 6] = [
    header::ORDER_NUMBER,
    header::EVENT_TYPE,
    header::SCHEMA_VERSION,
    header::CONTENT_TYPE,
    header::TRACEPARENT,
    header::REPLAY_OF,
];

/// The same document with every value masked that is not known to be harmless.
pub(crate) fn masked(value: &Value) -> Value {
    mask(None, value)
}

fn mask(name: Option<&str>, value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (shown_name(name), mask(Some(name), value))).collect()
        }
        Value::Array(items) => items.iter().map(|item| mask(name, item)).collect(),
        Value::Null => Value::Null,
        _ if !name.is_some_and(|name| SHOWN.contains(&name)) => MASK.into(),
        Value::String(text) if card_number::is_in_text(text) => MASK.into(),
        Value::Number(number) if number.as_u64().is_some_and(card_number::is_integer) => MASK.into(),
        shown => shown.clone(),
    }
}

/// A field's name may hold what belongs into its value.
fn shown_name(name: &str) -> String {
    let harmless = name.len() <= 64 && !card_number::is_in_text(name);
    if harmless { name.to_owned() } else { MASK.to_owned() }
}

/// A header's value as it is shown. None: it has none.
pub(crate) fn header_value(name: &str, value: Option<&[u8]>, reveal: bool) -> Option<String> {
    let value = value?;
    if !reveal && !SHOWN_HEADERS.contains(&name) {
        return Some(MASK.to_owned());
    }
    let text = String::from_utf8_lossy(value);
    let shown = reveal || (text.len() <= 128 && !card_number::is_in_text(&text));
    Some(if shown { text.into_owned() } else { MASK.to_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn address_token_and_the_unknown_are_masked() {
        let event = json!({
            "type": "OrderPlaced", "orderNumber": "56ae6aa8-3d28-5fe2-b643-6e2ee29e004f",
            "customer": {"name": "Ann", "email": "ann@example.org", "address": "Street 1", "phone": 4711},
            "items": [{"productId": 17, "quantity": 2, "unitPrice": {"amount": 1999, "currency": "EUR"}, "engraving": "x"}],
            "payment": {"method": "card", "token": "tok_1"},
            "notes": ["a", {"name": "4111 1111 1111 1111"}, null],
        });
        assert_eq!(
            masked(&event),
            json!({
                "type": "OrderPlaced", "orderNumber": "56ae6aa8-3d28-5fe2-b643-6e2ee29e004f",
                "customer": {"name": "Ann", "email": "ann@example.org", "address": "***", "phone": "***"},
                "items": [{"productId": 17, "quantity": 2, "unitPrice": {"amount": 1999, "currency": "EUR"}, "engraving": "***"}],
                "payment": {"method": "card", "token": "***"},
                "notes": ["***", {"name": "***"}, null],
            })
        );
        assert_eq!(masked(&json!("a text alone")), json!("***"));
    }

    #[test]
    fn headers_of_others_are_masked() {
        assert_eq!(header_value("event-type", Some(b"OrderPlaced"), false).as_deref(), Some("OrderPlaced"));
        assert_eq!(header_value("event-type", Some(b"4111111111111111"), false).as_deref(), Some("***"));
        assert_eq!(header_value("x-customer", Some(b"Ann"), false).as_deref(), Some("***"));
        assert_eq!(header_value("x-customer", Some(b"Ann"), true).as_deref(), Some("Ann"));
        assert_eq!(header_value("x-customer", None, false), None);
    }

    proptest! {
        #[test]
        fn a_secret_never_shows_under_a_name_that_is_not_known(name in "[a-z]{1,12}", depth in 0_usize..5) {
            prop_assume!(!SHOWN.contains(&name.as_str()));
            let mut value = json!({ name: "s3cret" });
            for _ in 0..depth {
                value = json!([{ "customer": value }]);
            }
            prop_assert!(!masked(&value).to_string().contains("s3cret"));
        }
    }
}
