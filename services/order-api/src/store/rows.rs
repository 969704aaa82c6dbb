//! From rows to orders as callers see them.

use std::collections::HashMap;

use jiff::Timestamp;
use order_events::{Currency, Fingerprint, Money, OrderNumber};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// One order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub number: OrderNumber,
    /// What became of it.
    pub status: Status,
    /// Why, for REJECTED and FAILED.
    pub reason: Option<String>,
    /// Its lines; none for an order that failed before it could be read.
    pub items: Vec<Item>,
    /// The sum, where it could be made.
    pub total: Option<Money>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One line; sku, name and price are those of the order's time, unknown for an unknown product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The product's id.
    pub product_id: u64,
    /// The product's sku then.
    pub sku: Option<String>,
    /// The product's name then.
    pub name: Option<String>,
    /// Pieces.
    pub quantity: u32,
    /// Price of one piece then.
    pub unit_price: Option<Money>,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Accepted, not processed yet.
    Pending,
    /// Stock is taken.
    Confirmed,
    /// Not possible; `reason` says why.
    Rejected,
    /// Could not be processed; a person looks at it.
    Failed,
    /// Cancelled; stock is back.
    Cancelled,
}

#[derive(sqlx::FromRow)]
pub(super) struct OrderRow {
    order_number: String,
    status: String,
    reason: Option<String>,
    total_amount: Option<i64>,
    currency: Option<String>,
    created_micros: i64,
    updated_micros: i64,
}

#[derive(sqlx::FromRow)]
pub(super) struct ItemRow {
    order_number: String,
    product_id: u64,
    sku: Option<String>,
    name: Option<String>,
    quantity: u32,
    unit_price_amount: Option<i64>,
    currency: Option<String>,
}

impl OrderRow {
    pub(super) fn number(&self) -> Result<OrderNumber, StoreError> {
        number(&self.order_number)
    }
}

pub(super) fn number(text: &str) -> Result<OrderNumber, StoreError> {
    text.parse().map_err(|_| inconsistent("order_number"))
}

pub(super) fn fingerprint(bytes: Vec<u8>) -> Result<Fingerprint, StoreError> {
    bytes.try_into().map(Fingerprint).map_err(|_| inconsistent("orders.fingerprint"))
}

/// Puts items, which come ordered by line, under their orders, whose order is kept.
pub(super) fn assemble(orders: Vec<OrderRow>, items: Vec<ItemRow>) -> Result<Vec<Order>, StoreError> {
    let mut by_order: HashMap<String, Vec<Item>> = HashMap::with_capacity(orders.len());
    for row in items {
        let item = Item {
            product_id: row.product_id,
            sku: row.sku,
            name: row.name,
            quantity: row.quantity,
            unit_price: money(row.unit_price_amount, row.currency.as_deref())?,
        };
        by_order.entry(row.order_number).or_default().push(item);
    }
    orders
        .into_iter()
        .map(|row| {
            Ok(Order {
                number: row.number()?,
                status: status(&row.status)?,
                reason: row.reason,
                items: by_order.remove(&row.order_number).unwrap_or_default(),
                total: money(row.total_amount, row.currency.as_deref())?,
                created_at: timestamp(row.created_micros)?,
                updated_at: timestamp(row.updated_micros)?,
            })
        })
        .collect()
}

fn status(text: &str) -> Result<Status, StoreError> {
    match text {
        "PENDING" => Ok(Status::Pending),
        "CONFIRMED" => Ok(Status::Confirmed),
        "REJECTED" => Ok(Status::Rejected),
        "FAILED" => Ok(Status::Failed),
        "CANCELLED" => Ok(Status::Cancelled),
        _ => Err(inconsistent("orders.status")),
    }
}

fn money(amount: Option<i64>, currency: Option<&str>) -> Result<Option<Money>, StoreError> {
    match (amount, currency) {
        (Some(amount), Some(code)) => {
            let currency = Currency::new(code).map_err(|_| inconsistent("currency"))?;
            Ok(Some(Money { amount, currency }))
        }
        _ => Ok(None),
    }
}

pub(super) fn timestamp(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|_| inconsistent("a time"))
}

pub(super) fn inconsistent(what: &str) -> StoreError {
    StoreError::Inconsistent(format!("{what} is not what it must be"))
}
