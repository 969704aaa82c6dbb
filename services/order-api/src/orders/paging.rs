//! Keyset cursors of the history: the place of a page's last order in (time, number), newest first. Opaque to
//! callers, and versioned, so that an old one is refused and not misread.

use order_events::OrderNumber;

use crate::store::Order;

/// A place in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) created_micros: i64,
    pub(super) number: OrderNumber,
}

impl Cursor {
    pub(super) fn after(order: &Order) -> Self {
        Self { created_micros: order.created_at.as_microsecond(), number: order.number }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("1.")?.splitn(2, '.');
        Some(Self { created_micros: parts.next()?.parse().ok()?, number: parts.next()?.parse().ok()? })
    }

    pub(super) fn print(self) -> String {
        format!("1.{}.{}", self.created_micros, self.number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn round_trip(created_micros: i64, number: u128) {
            let cursor = Cursor { created_micros, number: Uuid::from_u128(number).into() };
            prop_assert_eq!(Cursor::parse(&cursor.print()), Some(cursor));
        }

        #[test]
        fn anything_else_is_refused(text in "\\PC*") {
            prop_assert_eq!(Cursor::parse(&text), None);
        }
    }
}
