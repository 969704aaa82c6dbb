//! Shapes that the API's description and its answers share. Money is that of order-events: `{amount, currency}`.

use jiff::Timestamp;
use order_events::OrderNumber;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::{Item, Order, Status};

/// Integer minor units (cents for EUR) of a currency.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Money {
    /// Minor units.
    amount: i64,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: String,
}

impl From<order_events::Money> for Money {
    fn from(money: order_events::Money) -> Self {
        Self { amount: money.amount, currency: money.currency.to_string() }
    }
}

/// An order as it stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderView {
    #[schema(value_type = Uuid)]
    order_number: OrderNumber,
    status: Status,
    /// Why it was rejected or failed, for example OUT_OF_STOCK.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    items: Vec<ItemView>,
    /// Null when no sum could be made.
    total: Option<Money>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A line; sku, name and price are those of the order's time, null for an unknown product.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemView {
    product_id: u64,
    sku: Option<String>,
    name: Option<String>,
    quantity: u32,
    unit_price: Option<Money>,
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
        Self {
            order_number: order.number,
            status: order.status,
            reason: order.reason,
            items: order.items.into_iter().map(ItemView::from).collect(),
            total: order.total.map(Money::from),
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

impl From<Item> for ItemView {
    fn from(item: Item) -> Self {
        Self {
            product_id: item.product_id,
            sku: item.sku,
            name: item.name,
            quantity: item.quantity,
            unit_price: item.unit_price.map(Money::from),
        }
    }
}
