use order_events::{Currency, Customer, Money, OrderLine, Payment, fingerprint};
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::json;
use crate::store::LetterStatus;

const OWN: &str = "56ae6aa8-3d28-5fe2-b643-6e2ee29e004f";
const OTHER: &str = "66ae6aa8-3d28-5fe2-b643-6e2ee29e004f";

fn namespace() -> OrderNamespace {
    OrderNamespace::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8").unwrap()
}

fn placed() -> OrderPlaced {
    let customer =
        Customer { name: "Ann".to_owned(), email: "ann@example.org".to_owned(), address: "Street 1".to_owned() };
    let price = Money { amount: 1999, currency: Currency::new("EUR").unwrap() };
    let items = vec![OrderLine { product_id: 17, quantity: 2, unit_price: Some(price) }];
    let payment = Payment { method: "card".to_owned(), token: "tok_1".to_owned() };
    let fingerprint = fingerprint(&customer, &items, &payment.method);
    let placed_at = "2026-11-22T18:00:00.123456Z".parse().unwrap();
    let (event_id, order_number) = (Uuid::nil(), OWN.parse().unwrap());
    OrderPlaced { event_id, order_number, placed_at, customer, items, payment, fingerprint }
}

fn letter(reason: &str, value: Option<Vec<u8>>, number: Option<&str>) -> Letter {
    let head = LetterHead {
        id: 7,
        topic: "orders".to_owned(),
        topic_id: "topic".to_owned(),
        partition: 1,
        offset: 42,
        recorded_at: None,
        order_number: number.map(|number| number.parse().unwrap()),
        event_type: None,
        reason: reason.to_owned(),
        detail: String::new(),
        attempts: 1,
        status: LetterStatus::Open,
        replay_count: 0,
        replayed_as: None,
        note: None,
        size: 0,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    };
    Letter { head, key: None, value, headers: vec![("schema-version".to_owned(), Some(b"1.9".to_vec()))] }
}

fn poison() -> Letter {
    letter("REFUSED_BY_DATABASE", Some(encode(&OrderEvent::Placed(placed())).value), Some(OWN))
}

fn conflict() -> Letter {
    letter("IDEMPOTENCY_CONFLICT", Some(encode(&OrderEvent::Placed(placed())).value), Some(OWN))
}

fn garbage(number: Option<&str>) -> Letter {
    letter("UNDECODABLE", Some(b"{".to_vec()), number)
}

fn cancel() -> Letter {
    let (event_id, order_number, cancelled_at) = (Uuid::nil(), OWN.parse().unwrap(), Timestamp::UNIX_EPOCH);
    let event = OrderEvent::Cancelled(OrderCancelled { event_id, order_number, cancelled_at });
    letter("REFUSED_BY_DATABASE", Some(encode(&event).value), Some(OWN))
}

fn edit() -> Value {
    json!({
        "customer": {"name": "Ann", "email": "ann@example.org", "address": "Street 2"},
        "items": [{"productId": 17, "quantity": 1}],
        "payment": {"method": "card", "token": "tok_2"},
    })
}

fn planned(letter: &Letter, edit: Option<&Value>, numbering: Numbering) -> Result<Replay, Refusal> {
    let text = edit.map(Value::to_string);
    let json = text.as_deref().map(|text| json::parse(text.as_bytes()).unwrap());
    plan(letter, json.as_ref(), numbering, &namespace(), Timestamp::UNIX_EPOCH)
}

fn given(number: &str) -> Numbering {
    Numbering::Given(number.parse().unwrap())
}

fn event(replay: &Replay) -> OrderPlaced {
    match order_events::decode(&replay.record.value).unwrap() {
        OrderEvent::Placed(placed) => placed,
        OrderEvent::Cancelled(_) => panic!("a create"),
    }
}

#[test]
fn as_it_is_keeps_its_bytes_and_its_number() {
    let mut letter = poison();
    letter.value.as_mut().unwrap().extend_from_slice(b"\n");
    let replay = planned(&letter, None, Numbering::Own).unwrap();
    assert_eq!(replay.number.to_string(), OWN);
    assert_eq!(replay.record.key, OWN);
    assert_eq!(Some(&replay.record.value), letter.value.as_ref());
    let header = |name: &str| replay.record.headers.iter().find(|(found, _)| *found == name).unwrap().1.clone();
    assert_eq!(header("replay-of"), "7");
    assert_eq!(header("event-type"), "OrderPlaced");
    assert_eq!(header("order-number"), OWN);
    assert_eq!(header("schema-version"), "1.9");
}

#[rstest]
#[case::poison_new(poison(), None, Numbering::New, Refusal::HasNumber)]
#[case::poison_other(poison(), None, given(OTHER), Refusal::HasNumber)]
#[case::conflict(conflict(), None, Numbering::Own, Refusal::NeedsNewNumber)]
#[case::conflict_given(conflict(), None, given(OTHER), Refusal::NeedsNewNumber)]
#[case::garbage(garbage(Some(OWN)), None, Numbering::Own, Refusal::NeedsBody("UNDECODABLE"))]
#[case::no_number(garbage(None), Some(edit()), Numbering::Own, Refusal::NeedsNumber)]
#[case::number_without_body(garbage(None), None, given(OWN), Refusal::NeedsBody("UNDECODABLE"))]
#[case::no_value(letter("NO_VALUE", None, Some(OWN)), None, Numbering::Own, Refusal::NeedsBody("UNDECODABLE"))]
#[case::edited_cancel(cancel(), Some(edit()), Numbering::Own, Refusal::NothingToEdit)]
fn refused(
    #[case] letter: Letter,
    #[case] edit: Option<Value>,
    #[case] numbering: Numbering,
    #[case] expected: Refusal,
) {
    assert_eq!(planned(&letter, edit.as_ref(), numbering).unwrap_err(), expected);
}

#[rstest]
#[case(poison(), &[])]
#[case(cancel(), &[])]
#[case(conflict(), &["orderNumber"])]
#[case(garbage(Some(OWN)), &["body"])]
#[case(garbage(None), &["body", "orderNumber"])]
fn what_it_needs_is_told_and_is_enough(#[case] letter: Letter, #[case] expected: &[&str]) {
    let needed = needs(&letter);
    assert_eq!(needed, expected);
    let edit = needed.contains(&"body").then(edit);
    let numbering = if needed.contains(&"orderNumber") { Numbering::New } else { Numbering::Own };
    assert!(planned(&letter, edit.as_ref(), numbering).is_ok());
}

#[test]
fn an_edit_keeps_number_time_and_fingerprint_of_the_shoppers_order() {
    let replay = planned(&poison(), Some(&edit()), Numbering::Own).unwrap();
    let (event, original) = (event(&replay), placed());
    assert_eq!((event.order_number, event.placed_at), (original.order_number, original.placed_at));
    assert_eq!(event.fingerprint, original.fingerprint);
    assert_eq!((event.items[0].quantity, event.customer.address.as_str()), (1, "Street 2"));
}

#[test]
fn masks_sent_back_mean_as_it_was() {
    let mut edit = edit();
    edit["customer"]["address"] = json!("***");
    edit["payment"]["token"] = json!("***");
    let event = event(&planned(&poison(), Some(&edit), Numbering::Own).unwrap());
    assert_eq!((event.customer.address.as_str(), event.payment.token.as_str()), ("Street 1", "tok_1"));

    let Err(Refusal::Invalid(fields)) = planned(&garbage(Some(OWN)), Some(&edit), Numbering::Own) else { panic!() };
    let pointers: Vec<&str> = fields.iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!(pointers, ["/body/customer/address", "/body/payment/token"]);
}

#[test]
fn a_wrong_edit_is_told_field_by_field() {
    let mut edit = edit();
    edit["items"][0]["quantity"] = json!(0);
    let Err(Refusal::Invalid(fields)) = planned(&poison(), Some(&edit), Numbering::Own) else { panic!() };
    assert_eq!(fields[0].pointer, "/body/items/0/quantity");
}

#[test]
fn a_new_order_has_the_same_number_at_each_try_and_whatever_the_edit() {
    let first = planned(&conflict(), None, Numbering::New).unwrap();
    let second = planned(&conflict(), Some(&edit()), Numbering::New).unwrap();
    assert_eq!(first.number, second.number);
    assert_ne!(first.number.to_string(), OWN);
    assert_eq!(event(&first).order_number, first.number);
    assert_eq!(first.record.key, first.number.to_string());
    assert_eq!(event(&first).fingerprint, placed().fingerprint);
    let mut elsewhere = conflict();
    elsewhere.head.offset += 1;
    assert_ne!(planned(&elsewhere, None, Numbering::New).unwrap().number, first.number);
}

#[test]
fn a_record_without_number_takes_the_one_it_is_given() {
    let replay = planned(&garbage(None), Some(&edit()), given(OTHER)).unwrap();
    assert_eq!(event(&replay).order_number.to_string(), OTHER);
}

#[test]
fn a_cancel_goes_out_as_it_was() {
    let replay = planned(&cancel(), None, Numbering::Own).unwrap();
    assert!(matches!(order_events::decode(&replay.record.value), Ok(OrderEvent::Cancelled(_))));
}
