//! The fingerprint of an order's body: same shopper, same key, same body is a retry; another body is a conflict.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::{Customer, OrderLine};

/// SHA-256 of the canonical body. In JSON 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// The fingerprint of customer, items with unit prices, and payment method. The payment token is left out:
/// a retry may carry a fresh one. Each text is preceded by its length, so that no two bodies share one form;
/// the e-mail counts in lower case, as it does in the order number.
pub fn fingerprint(customer: &Customer, items: &[OrderLine], payment_method: &str) -> Fingerprint {
    let mut hash = Sha256::new();
    let mut text = |value: &str| {
        hash.update((value.len() as u64).to_be_bytes());
        hash.update(value.as_bytes());
    };
    text(&customer.name);
    text(&customer.email.to_lowercase());
    text(&customer.address);
    text(payment_method);
    hash.update((items.len() as u64).to_be_bytes());
    for item in items {
        hash.update(item.product_id.to_be_bytes());
        hash.update(item.quantity.to_be_bytes());
        match item.unit_price {
            Some(price) => {
                hash.update([1]);
                hash.update(price.amount.to_be_bytes());
                hash.update(price.currency.as_str().as_bytes());
            }
            None => hash.update([0]),
        }
    }
    Fingerprint(hash.finalize().into())
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_hex(&text).map(Self).ok_or_else(|| serde::de::Error::custom("a fingerprint is 64 hexadecimal digits"))
    }
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Currency, Money};

    fn body(name: &str, address: &str, items: &[(u64, u32, Option<i64>)], method: &str) -> Fingerprint {
        let customer =
            Customer { name: name.to_owned(), email: "Ann@Example.org".to_owned(), address: address.to_owned() };
        let currency = Currency::new("EUR").unwrap();
        let items: Vec<OrderLine> = items
            .iter()
            .map(|&(product_id, quantity, price)| OrderLine {
                product_id,
                quantity,
                unit_price: price.map(|amount| Money { amount, currency }),
            })
            .collect();
        fingerprint(&customer, &items, method)
    }

    #[test]
    fn every_part_counts() {
        let base = body("Ann", "Street 1", &[(1, 2, Some(100)), (2, 1, None)], "card");
        assert_eq!(base, body("Ann", "Street 1", &[(1, 2, Some(100)), (2, 1, None)], "card"));
        assert_ne!(base, body("Bob", "Street 1", &[(1, 2, Some(100)), (2, 1, None)], "card"));
        assert_ne!(base, body("Ann", "Street 2", &[(1, 2, Some(100)), (2, 1, None)], "card"));
        assert_ne!(base, body("Ann", "Street 1", &[(1, 3, Some(100)), (2, 1, None)], "card"));
        assert_ne!(base, body("Ann", "Street 1", &[(1, 2, None), (2, 1, None)], "card"));
        assert_ne!(base, body("Ann", "Street 1", &[(2, 1, None), (1, 2, Some(100))], "card"));
        assert_ne!(base, body("Ann", "Street 1", &[(1, 2, Some(100)), (2, 1, None)], "invoice"));
    }

    #[test]
    fn the_form_is_fixed_for_ever() {
        // A change here would call every stored order's retry a conflict.
        insta::assert_snapshot!(body("Ann", "Street 1", &[(1, 2, Some(100)), (2, 1, None)], "card"));
    }

    proptest! {
        #[test]
        fn texts_do_not_run_together(a in "[a-b]{0,3}", b in "[a-b]{0,3}", c in "[a-b]{0,3}", d in "[a-b]{0,3}") {
            prop_assert_eq!(body(&a, &b, &[], "m") == body(&c, &d, &[], "m"), (a, b) == (c, d));
        }

        #[test]
        fn json_round_trip(bytes in any::<[u8; 32]>()) {
            let text = serde_json::to_string(&Fingerprint(bytes)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Fingerprint>(&text).unwrap(), Fingerprint(bytes));
        }

        #[test]
        fn any_text_is_refused_without_panic(text in "\\PC{0,70}") {
            let _ = serde_json::from_value::<Fingerprint>(serde_json::Value::String(text));
        }
    }
}
