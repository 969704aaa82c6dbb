//! What a product is to a caller.

pub mod cursor;
pub mod get;
pub mod list;
pub mod query;

use serde::Serialize;
use sqlx::Row;
use sqlx::mysql::MySqlRow;
use utoipa::ToSchema;

use crate::database::ReadError;

/// A product with the price and stock committed at the time of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Product {
    /// Number of the product; pages are ordered by it.
    pub id: u64,
    /// The shop's own article number, unique.
    pub sku: String,
    pub name: String,
    pub description: String,
    pub price: Money,
    /// Pieces that can be ordered now.
    pub available: i64,
}

/// An amount in minor units (cents) of an ISO 4217 currency. Never a float.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Money {
    pub amount: i64,
    #[schema(example = "EUR")]
    pub currency: String,
}

/// One page, ordered by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductPage {
    pub items: Vec<Product>,
    /// Give it as `cursor` for the next page of the same search; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl Product {
    /// The columns that [`Product::from_rows`] reads, of `products p` and `inventory i`.
    pub(crate) const COLUMNS: &str =
        "p.id, p.sku, p.name, p.description, p.price_amount, p.currency, COALESCE(i.available, 0) AS available";

    pub(crate) fn from_rows(rows: &[MySqlRow]) -> Result<Vec<Self>, ReadError> {
        rows.iter().map(Self::from_row).collect::<Result<_, _>>().map_err(ReadError::Refused)
    }

    pub(crate) fn from_row(row: &MySqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            sku: row.try_get("sku")?,
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            price: Money { amount: row.try_get("price_amount")?, currency: row.try_get("currency")? },
            available: row.try_get("available")?,
        })
    }
}
