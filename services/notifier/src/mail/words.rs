//! The sentences, shared by text and HTML.

use super::Kind;
use crate::order::Order;

pub(super) fn headline(kind: Kind) -> &'static str {
    match kind {
        Kind::Confirmed => "Your order is confirmed",
        Kind::Rejected => "We could not accept your order",
        Kind::Failed => "Your order needs our attention",
        Kind::Cancelled => "Your order is cancelled",
    }
}

pub(super) fn greeting(order: &Order) -> String {
    match &order.customer_name {
        Some(name) => format!("Hello {name},"),
        None => "Hello,".to_owned(),
    }
}

pub(super) fn message(order: &Order, kind: Kind) -> String {
    match kind {
        Kind::Confirmed => "Thank you. We have your order and the goods are set aside for you.".to_owned(),
        Kind::Rejected => format!("{} Nothing will be delivered for this order.", reason(order.reason.as_deref())),
        Kind::Failed => "Something went wrong on our side while we worked on your order. Our staff has been told. \
                         You need not order again: you will hear from us as soon as it is settled."
            .to_owned(),
        Kind::Cancelled => "The order was cancelled. Nothing will be delivered for it.".to_owned(),
    }
}

/// The codes are those of `orders.reason`; a later one that is not known here still gets a sentence.
fn reason(code: Option<&str>) -> String {
    match code {
        Some("OUT_OF_STOCK") => "A product of your order is out of stock.".to_owned(),
        Some("UNKNOWN_PRODUCT") => "A product of your order is no longer sold.".to_owned(),
        Some("PRICE_CHANGED") => "The price of a product changed while you ordered.".to_owned(),
        Some("CURRENCY_MISMATCH") => "The products of your order are not sold in the same currency.".to_owned(),
        Some("TOTAL_TOO_LARGE") => "The order's total is larger than we can handle.".to_owned(),
        Some(other) => format!("The order could not be accepted ({other})."),
        None => "The order could not be accepted.".to_owned(),
    }
}
