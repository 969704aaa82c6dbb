//! The events themselves, as the rest of the code sees them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Fingerprint, Money, OrderNumber};

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    /// A shopper placed an order, and was told so.
    Placed(OrderPlaced),
    /// Whoever has the number cancelled it.
    Cancelled(OrderCancelled),
}

impl OrderEvent {
    /// The order it belongs to; also the record's key.
    pub fn order_number(&self) -> OrderNumber {
        match self {
            Self::Placed(placed) => placed.order_number,
            Self::Cancelled(cancelled) => cancelled.order_number,
        }
    }
}

/// An order as it was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    /// This event's own id.
    pub event_id: Uuid,
    /// The order's number.
    pub order_number: OrderNumber,
    /// When order-api accepted it.
    pub placed_at: Timestamp,
    /// Who ordered.
    pub customer: Customer,
    /// What was ordered; never empty. A product may stand in several lines.
    pub items: Vec<OrderLine>,
    /// How it is paid.
    pub payment: Payment,
    /// Tells another body under the same number apart.
    pub fingerprint: Fingerprint,
}

/// A wish to cancel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    /// This event's own id.
    pub event_id: Uuid,
    /// The order's number.
    pub order_number: OrderNumber,
    /// When order-api accepted the cancel.
    pub cancelled_at: Timestamp,
}

/// The shopper. Debug shows nothing of it: personal data stays out of logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Full name.
    pub name: String,
    /// E-mail as typed; compared in lower case.
    pub email: String,
    /// Postal address in one string.
    pub address: String,
}

impl std::fmt::Debug for Customer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Customer(personal)")
    }
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// The product.
    pub product_id: u64,
    /// How many, 1 or more.
    pub quantity: u32,
    /// The price the shopper saw; when given and no longer true, the order is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Money>,
}

/// A payment provider's method and token; never a card.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// For example `card` or `invoice`.
    pub method: String,
    /// The provider's token.
    pub token: String,
}

impl std::fmt::Debug for Payment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Payment({}, secret)", self.method)
    }
}
