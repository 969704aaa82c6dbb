//! What one record of the log says. Read without the consumer's own code: an oracle that shares code with what it judges
//! shares its mistakes.

use order_events::{OrderEvent, OrderNumber, header};

/// An order number, 16 bytes.
pub type Number = [u8; 16];

/// The first bytes of a body's fingerprint: enough to tell two bodies of one order apart.
pub type Mark = [u8; 8];

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// An order is placed.
    Create {
        /// Its number, when the record names one.
        number: Option<Number>,
        /// None: the body cannot be read.
        body: Option<Mark>,
        /// It was a dead letter before.
        replay: bool,
    },
    /// An order is cancelled.
    Cancel(Number),
    /// Neither, or no one can tell.
    Other,
}

impl Said {
    /// `header` gives the last header of a name, when it is text.
    pub fn of<'a>(value: Option<&[u8]>, header: impl Fn(&str) -> Option<&'a str>) -> Self {
        let replay = header(header::REPLAY_OF).is_some();
        match order_events::decode(value.unwrap_or_default()) {
            Ok(OrderEvent::Placed(order)) => {
                Self::Create { number: Some(bytes(order.order_number)), body: Some(mark(&order.fingerprint.0)), replay }
            }
            Ok(OrderEvent::Cancelled(cancel)) => Self::Cancel(bytes(cancel.order_number)),
            Err(_) if header(header::EVENT_TYPE) == Some("OrderPlaced") => {
                let number = header(header::ORDER_NUMBER).and_then(parse);
                Self::Create { number, body: None, replay }
            }
            Err(_) => Self::Other,
        }
    }
}

/// The number in the one form that is printed.
pub fn parse(text: &str) -> Option<Number> {
    text.parse::<OrderNumber>().ok().map(bytes)
}

/// As printed.
pub fn text(number: Number) -> String {
    OrderNumber::from(uuid::Uuid::from_bytes(number)).to_string()
}

/// The mark of a fingerprint of any length; none for an empty one.
pub fn mark(fingerprint: &[u8]) -> Mark {
    let mut mark = Mark::default();
    for (to, from) in mark.iter_mut().zip(fingerprint) {
        *to = *from;
    }
    mark
}

fn bytes(number: OrderNumber) -> Number {
    number.as_uuid().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "56ae6aa8-3d28-5fe2-b643-6e2ee29e004f";

    fn said(value: &[u8], headers: &[(&str, &'static str)]) -> Said {
        Said::of(Some(value), |name| headers.iter().rev().find(|(found, _)| *found == name).map(|(_, value)| *value))
    }

    #[test]
    fn an_unreadable_create_is_known_by_its_headers() {
        let headers = [("event-type", "OrderPlaced"), ("order-number", NUMBER), ("replay-of", "7")];
        let expected = Said::Create { number: parse(NUMBER), body: None, replay: true };
        assert_eq!(said(b"{", &headers), expected);
        assert_eq!(said(b"{", &headers[..1]), Said::Create { number: None, body: None, replay: false });
        assert_eq!(said(b"{", &headers[1..]), Said::Other);
    }

    #[test]
    fn golden_records_are_understood() {
        let cancelled = include_bytes!("../../../libs/order-events/golden/order-cancelled-1.0.json");
        assert!(matches!(said(cancelled, &[]), Said::Cancel(_)));
        let placed = include_bytes!("../../../libs/order-events/golden/order-placed-1.0.json");
        assert!(matches!(said(placed, &[]), Said::Create { number: Some(_), body: Some(_), replay: false }));
    }

    #[test]
    fn numbers_are_sorted_as_their_texts() {
        let other = "a6ae6aa8-3d28-5fe2-b643-6e2ee29e004f";
        assert!(parse(NUMBER) < parse(other) && NUMBER < other);
        assert_eq!(text(parse(NUMBER).unwrap()), NUMBER);
    }
}
