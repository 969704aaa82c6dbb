use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::json;

fn valid() -> Value {
    json!({
        "customer": {"name": "Ann Example", "email": "ann@example.org", "address": "Street 1\n12345 Town"},
        "items": [
            {"productId": 17, "quantity": 2, "unitPrice": {"amount": 1999, "currency": "EUR"}},
            {"productId": 17, "quantity": 1, "unitPrice": null},
        ],
        "payment": {"method": "card", "token": "tok_1"},
    })
}

fn check(body: &Value) -> Result<NewOrder, Vec<(String, String)>> {
    let bytes = serde_json::to_vec(body).unwrap();
    let json = json::parse(&bytes).unwrap();
    let pairs = |list: Vec<Violation>| list.into_iter().map(|one| (one.pointer, one.detail.into_owned())).collect();
    validate(&json).map_err(pairs)
}

fn with(pointer: &str, value: Value) -> Value {
    let mut body = valid();
    *body.pointer_mut(pointer).expect("the place exists") = value;
    body
}

#[test]
fn a_valid_body_is_taken_as_it_is() {
    let order = check(&valid()).unwrap();
    assert_eq!(order.customer.address, "Street 1\n12345 Town");
    assert_eq!(order.items.len(), 2, "the same product may stand in several lines");
    assert_eq!(order.items[0].unit_price.unwrap().amount, 1999);
    assert_eq!(order.items[1].unit_price, None);
}

#[rstest::rstest]
#[case("/customer", json!("Ann"), "must be an object")]
#[case("/customer/name", json!(""), "must not be empty")]
#[case("/customer/name", json!(" "), "must not be empty")]
#[case("/customer/name", json!(1), "must be a text")]
#[case("/customer/name", json!(null), "is required")]
#[case("/customer/name", json!("a\nb"), "must not have control characters")]
#[case("/customer/name", json!("ä".repeat(201)), "must be 1 to 200 characters")]
#[case("/customer/email", json!("ann"), "must be an e-mail address")]
#[case("/customer/address", json!("a".repeat(1001)), "must be 1 to 1000 characters")]
#[case("/customer/address", json!("a\u{0}"), "must not have control characters but line breaks and tabs")]
#[case("/items", json!([]), "must have 1 to 100 items")]
#[case("/items", json!({}), "must be a list")]
#[case("/items", json!(vec![json!({"productId": 1, "quantity": 1}); 101]), "must have 1 to 100 items")]
#[case("/items/0", json!(17), "must be an object")]
#[case("/items/0/productId", json!("17"), "must be a whole number")]
#[case("/items/0/productId", json!(0), "must be 1 to 18446744073709551615")]
#[case("/items/0/quantity", json!(0), "must be 1 to 10000")]
#[case("/items/0/quantity", json!(-1), "must be 1 to 10000")]
#[case("/items/0/quantity", json!(10_001), "must be 1 to 10000")]
#[case("/items/0/quantity", json!(1.0), "must be a whole number")]
#[case("/items/0/quantity", json!(true), "must be a whole number")]
#[case("/items/0/unitPrice", json!(19.99), "must be an object")]
#[case("/items/0/unitPrice/amount", json!(19.99), "must be a whole number")]
#[case("/items/0/unitPrice/amount", json!(-1), "must be 0 to 900000000000")]
#[case("/items/0/unitPrice/currency", json!("eur"), "must be a currency of ISO 4217: three letters A to Z")]
#[case("/payment/method", json!("credit card"), "must be visible ASCII characters")]
#[case("/payment/method", json!("x".repeat(65)), "must be 1 to 64 characters")]
#[case("/payment/token", json!("x".repeat(256)), "must be 1 to 255 characters")]
fn one_wrong_field(#[case] pointer: &str, #[case] value: Value, #[case] detail: &str) {
    assert_eq!(check(&with(pointer, value)), Err(vec![(pointer.to_owned(), detail.to_owned())]));
}

#[rstest::rstest]
#[case("/customer/name", json!("4111 1111 1111 1111"))]
#[case("/customer/email", json!("4111111111111111@example.org"))]
#[case("/customer/address", json!("Street 12 4111-1111-1111-1111"))]
#[case("/items/0/productId", json!(4_111_111_111_111_111_u64))]
#[case("/items/0/unitPrice/currency", json!("4111111111111111"))]
#[case("/payment/method", json!("4111111111111111"))]
#[case("/payment/token", json!("4111111111111111"))]
fn a_card_number_in_any_field(#[case] pointer: &str, #[case] value: Value) {
    assert_eq!(check(&with(pointer, value)), Err(vec![(pointer.to_owned(), text::CARD_NUMBER.to_owned())]));
}

#[test]
fn everything_wrong_is_told_at_once() {
    let body = json!({
        "customer": {"name": "", "email": "x", "phone": "1"},
        "items": [{"productId": 1, "quantity": 0}, {"quantity": 1, "unitPrice": {"amount": "1"}}, 3],
        "note": "hello",
        "a/b~c": 1,
        "4111111111111111": 1,
    });
    insta::assert_json_snapshot!(check(&body).unwrap_err());
}

#[test]
fn a_field_given_twice_is_refused() {
    let body = br#"{"customer":{"name":"A","name":"B","email":"a@example.org","address":"S"},
        "items":[{"productId":1,"quantity":1}],"payment":{"method":"card","token":"t"}}"#;
    let violations = validate(&json::parse(body).unwrap()).unwrap_err();
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].pointer, "/customer/name");
}

/// Any JSON, with the real field names among its keys, so that the walk gets deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        "[0-9 -]{13,30}".prop_map(Value::from),
    ];
    let names = "customer|items|payment|name|email|address|productId|quantity|unitPrice|amount|currency|method|token";
    let key = prop_oneof![names, "\\PC{0,20}", "[0-9]{13,19}"];
    leaf.prop_recursive(5, 80, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_gets_an_answer_without_card_numbers(body in any_json()) {
        if let Err(violations) = check(&body) {
            prop_assert!(!violations.is_empty());
            for (pointer, detail) in violations {
                prop_assert!(!card_number_in(&pointer), "{pointer}");
                prop_assert!(!card_number_in(&detail), "{detail}");
            }
        }
    }

    #[test]
    fn what_is_accepted_is_within_the_limits(name in "\\PC{1,220}", quantity in -5_i64..20_000) {
        let mut body = with("/customer/name", json!(name));
        body["items"][0]["quantity"] = json!(quantity);
        if let Ok(order) = check(&body) {
            prop_assert!(order.customer.name.chars().count() <= MAX_NAME);
            prop_assert!((1..=10_000).contains(&order.items[0].quantity));
        }
    }
}

fn card_number_in(text: &str) -> bool {
    crate::card_number::is_in_text(text)
}

/// The description takes what the reading takes: the same fields, the same types.
#[test]
fn the_description_agrees() {
    let described = |body: &Value| serde_json::from_value::<schema::PlaceOrder>(body.clone());
    assert!(described(&valid()).is_ok());
    for pointer in ["", "/customer", "/items/0", "/items/0/unitPrice", "/payment"] {
        let mut body = valid();
        body.pointer_mut(pointer).unwrap()["surplus"] = json!(1);
        assert!(described(&body).is_err() && check(&body).is_err(), "{pointer}");
    }
    let limits = serde_json::to_value(crate::openapi()).unwrap();
    let limit = |place: &str| limits.pointer(&format!("/components/schemas/{place}")).and_then(Value::as_u64);
    assert_eq!(limit("PlaceOrder/properties/items/maxItems"), Some(MAX_ITEMS as u64));
    assert_eq!(limit("PlaceItem/properties/quantity/maximum"), Some(MAX_QUANTITY as u64));
    assert_eq!(limit("PlaceMoney/properties/amount/maximum"), Some(MAX_UNIT_PRICE as u64));
    assert_eq!(limit("PlaceCustomer/properties/name/maxLength"), Some(MAX_NAME as u64));
    assert_eq!(limit("PlaceCustomer/properties/email/maxLength"), Some(MAX_EMAIL as u64));
    assert_eq!(limit("PlaceCustomer/properties/address/maxLength"), Some(MAX_ADDRESS as u64));
    assert_eq!(limit("PlacePayment/properties/method/maxLength"), Some(MAX_METHOD as u64));
    assert_eq!(limit("PlacePayment/properties/token/maxLength"), Some(MAX_TOKEN as u64));
}
