//! Records that were once written must decode for ever, and what we write today must stay as it is.

use order_events::{DecodeError, OrderEvent, decode, encode};
use proptest::prelude::*;

fn golden(name: &str) -> Vec<u8> {
    let path = format!("{}/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.trim_end().as_bytes().to_vec()
}

#[rstest::rstest]
#[case("order-placed-1.0.json")]
#[case("order-cancelled-1.0.json")]
fn golden_files_decode_and_encode_to_the_same_bytes(#[case] name: &str) {
    let bytes = golden(name);
    let event = decode(&bytes).unwrap();
    let encoded = encode(&event);
    assert_eq!(String::from_utf8(encoded.value).unwrap(), String::from_utf8(bytes).unwrap());
    assert_eq!(encoded.key, event.order_number().to_string());
    assert_eq!(encoded.headers[0].1, encoded.key);
}

#[test]
fn a_newer_minor_version_with_unknown_fields_is_read() {
    let text = String::from_utf8(golden("order-placed-1.0.json")).unwrap();
    let newer = text.replace("\"1.0\"", "\"1.7\"").replace("\"customer\":{", "\"gift\":true,\"customer\":{\"vip\":1,");
    assert!(matches!(decode(newer.as_bytes()), Ok(OrderEvent::Placed(_))));
}

#[rstest::rstest]
#[case("", "UNDECODABLE")]
#[case("null", "UNDECODABLE")]
#[case("[]", "UNDECODABLE")]
#[case("{}", "UNDECODABLE")]
#[case(r#"{"type":"OrderPlaced","schemaVersion":"2.0"}"#, "UNKNOWN_SCHEMA_VERSION")]
#[case(r#"{"type":"OrderPlaced","schemaVersion":"10.0"}"#, "UNKNOWN_SCHEMA_VERSION")]
#[case(r#"{"type":"OrderShipped","schemaVersion":"1.0"}"#, "UNKNOWN_EVENT_TYPE")]
#[case(r#"{"type":"OrderPlaced","schemaVersion":"1.0"}"#, "INVALID_EVENT")]
fn what_is_no_event_has_a_reason(#[case] value: &str, #[case] reason: &str) {
    assert_eq!(decode(value.as_bytes()).unwrap_err().reason(), reason);
}

#[test]
fn no_items_and_quantity_zero_are_invalid() {
    let text = String::from_utf8(golden("order-placed-1.0.json")).unwrap();
    let zero = text.replace("\"quantity\":2", "\"quantity\":0");
    assert!(
        matches!(decode(zero.as_bytes()), Err(DecodeError::Invalid { message, .. }) if message.contains("items[0]"))
    );
    let start = text.find("\"items\":[").unwrap() + "\"items\":[".len();
    let end = text.find("],\"payment\"").unwrap();
    let empty = format!("{}{}", &text[..start], &text[end..]);
    assert!(matches!(decode(empty.as_bytes()), Err(DecodeError::Invalid { .. })));
}

#[test]
fn errors_hold_nothing_of_the_content() {
    let text = String::from_utf8(golden("order-placed-1.0.json")).unwrap();
    let wrong = text.replace("\"customer\":{", "\"customer\":\"4111111111111111\",\"x\":{");
    let error = decode(wrong.as_bytes()).unwrap_err().to_string();
    assert!(!error.contains("4111"), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_are_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn a_cut_record_is_never_an_event(cut in 0usize..500) {
        let bytes = golden("order-placed-1.0.json");
        if cut < bytes.len() {
            prop_assert!(decode(&bytes[..cut]).is_err());
        }
    }
}
