//! Products made for one run, a few of them scarce, so that orders are rejected and overselling would show.

use anyhow::Result;
use sqlx::MySqlPool;

use crate::ledger::Stock;

const PLENTY: i64 = 1_000_000;
const PLENTIFUL_PRODUCTS: usize = 40;
const SCARCE: i64 = 20;
const SCARCE_PRODUCTS: usize = 5;

/// The products on sale in one run. The scarce ones come first.
#[derive(Clone, Debug)]
pub struct Catalogue {
    stock: Vec<(u64, i64)>,
}

impl Catalogue {
    /// Adds new products with their stock, booked as a movement like any other.
    pub async fn make(database: &MySqlPool, run: &str) -> Result<Self> {
        let mut transaction = database.begin().await?;
        let mut stock = Vec::new();
        for index in 0..SCARCE_PRODUCTS + PLENTIFUL_PRODUCTS {
            let units = if index < SCARCE_PRODUCTS { SCARCE } else { PLENTY };
            let product =
                sqlx::query("INSERT INTO products (sku, name, price_amount, currency) VALUES (?, ?, ?, 'EUR')")
                    .bind(format!("{run}-{index}"))
                    .bind(format!("Product {index} of {run}"))
                    .bind(100 + index as i64)
                    .execute(&mut *transaction)
                    .await?
                    .last_insert_id();
            sqlx::query("UPDATE inventory SET available = ? WHERE product_id = ?")
                .bind(units)
                .bind(product)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(
                "INSERT INTO stock_movements (product_id, delta, reason, request_id, available_after) \
                 VALUES (?, ?, 'INITIAL', ?, ?)",
            )
            .bind(product)
            .bind(units)
            .bind(run)
            .bind(units)
            .execute(&mut *transaction)
            .await?;
            stock.push((product, units));
        }
        transaction.commit().await?;
        Ok(Self { stock })
    }

    /// A product for one order line: about one in ten is scarce.
    pub fn pick(&self) -> u64 {
        let range = if rand::random_bool(0.1) { 0..SCARCE_PRODUCTS } else { SCARCE_PRODUCTS..self.stock.len() };
        self.stock[rand::random_range(range)].0
    }

    /// A product that does not run out.
    pub fn plentiful(&self) -> u64 {
        self.stock[self.stock.len() - 1].0
    }

    /// What is left of each product now.
    pub async fn stock(&self, database: &MySqlPool) -> Result<Vec<Stock>> {
        let mut found = Vec::new();
        for (product, initial) in &self.stock {
            let available = sqlx::query_scalar("SELECT available FROM inventory WHERE product_id = ?")
                .bind(product)
                .fetch_one(database)
                .await?;
            found.push(Stock { product: *product, initial: *initial, available });
        }
        Ok(found)
    }
}
