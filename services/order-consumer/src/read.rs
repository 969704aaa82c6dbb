//! Record to event: what the fold is given. Never fails: what cannot be read becomes an event, too.

use order_events::{DecodeError, OrderEvent, OrderNumber, header};

use crate::dead_letter::{Verdict, reason};
use crate::fold::{Event, Kind, Unusable};
use crate::record::Record;

/// `OrderPlaced`, as header `event-type` says it.
const PLACED: &str = "OrderPlaced";

/// The event in a record. `verdict`: MySQL would not take this record (a poison order), decided by an earlier attempt.
pub fn read(record: &Record, verdict: Option<&Verdict>) -> Event {
    let replay = record.header(header::REPLAY_OF).is_some();
    let kind = match (order_events::decode(record.value.as_deref().unwrap_or_default()), verdict) {
        (Ok(event), Some(verdict)) => Kind::Unusable(refused(event, verdict, replay)),
        (Ok(OrderEvent::Placed(order)), None) => Kind::Place { order: Box::new(order), replay },
        (Ok(OrderEvent::Cancelled(cancel)), None) => Kind::Cancel(cancel.order_number),
        (Err(error), _) => Kind::Unusable(unreadable(record, &error, replay)),
    };
    Event { at: record.at, kind }
}

fn refused(event: OrderEvent, verdict: &Verdict, replay: bool) -> Unusable {
    let (create, fingerprint, email) = match &event {
        OrderEvent::Placed(order) => {
            let email = (!verdict.bare).then(|| order.customer.email.clone());
            (true, Some(order.fingerprint), email.filter(|email| email.chars().count() <= 320))
        }
        OrderEvent::Cancelled(_) => (false, None, None),
    };
    Unusable {
        reason: verdict.reason,
        detail: verdict.detail.clone(),
        number: Some(event.order_number()),
        create,
        replay,
        fingerprint,
        email,
    }
}

/// Bytes that do not decode still have headers: a create whose number they name gets a FAILED order, so that its
/// shopper is not left waiting.
fn unreadable(record: &Record, error: &DecodeError, replay: bool) -> Unusable {
    let number: Option<OrderNumber> = record.header(header::ORDER_NUMBER).and_then(|text| text.parse().ok());
    let reason = if record.value.is_none() { reason::NO_VALUE } else { error.reason() };
    Unusable {
        reason,
        detail: error.to_string(),
        number,
        create: record.header(header::EVENT_TYPE) == Some(PLACED),
        replay,
        fingerprint: None,
        email: None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::position::Position;

    const NUMBER: &str = "56ae6aa8-3d28-5fe2-b643-6e2ee29e004f";

    fn record(value: Option<&str>, headers: &[(&str, &str)]) -> Record {
        Record {
            at: Position { partition: 0, offset: 7 },
            timestamp: Some(0),
            log_append_time: true,
            key: None,
            value: value.map(|value| value.as_bytes().to_vec()),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), Some(v.as_bytes().to_vec()))).collect(),
        }
    }

    #[rstest]
    #[case::not_json(Some("{"), "UNDECODABLE")]
    #[case::tombstone(None, "NO_VALUE")]
    #[case::newer_major(Some(r#"{"type":"OrderPlaced","schemaVersion":"2.0"}"#), "UNKNOWN_SCHEMA_VERSION")]
    #[case::other_type(Some(r#"{"type":"OrderTwisted","schemaVersion":"1.0"}"#), "UNKNOWN_EVENT_TYPE")]
    #[case::half_an_order(Some(r#"{"type":"OrderPlaced","schemaVersion":"1.0"}"#), "INVALID_EVENT")]
    fn bad_bytes_keep_the_number_of_their_headers(#[case] value: Option<&str>, #[case] expected: &str) {
        let record = record(value, &[("order-number", NUMBER), ("event-type", "OrderPlaced")]);
        let Kind::Unusable(found) = read(&record, None).kind else { panic!("readable") };
        assert_eq!((found.reason, found.create, found.replay), (expected, true, false));
        assert_eq!(found.number, NUMBER.parse().ok());
    }

    #[test]
    fn without_headers_there_is_no_number_and_no_create() {
        let Kind::Unusable(found) = read(&record(Some("{"), &[("order-number", "x")]), None).kind else { panic!() };
        assert_eq!((found.number, found.create), (None, false));
    }

    #[test]
    fn a_replay_is_known_by_its_header() {
        let headers = [("order-number", NUMBER), ("event-type", "OrderPlaced"), ("replay-of", "3")];
        let Kind::Unusable(found) = read(&record(Some("{"), &headers), None).kind else { panic!() };
        assert!(found.replay);
    }
}
