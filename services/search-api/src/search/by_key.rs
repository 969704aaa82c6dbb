//! Reads by primary key: quick at any size of the table.

use crate::database::{ReadError, Reads, Statement};
use crate::products::Product;

/// The `wanted` products with the lowest ids above `after`.
pub(super) async fn browse(reads: &Reads, after: u64, wanted: u32) -> Result<Vec<Product>, ReadError> {
    let columns = Product::COLUMNS;
    let sql = format!(
        "SELECT {columns} FROM products p LEFT JOIN inventory i ON i.product_id = p.id \
         WHERE p.id > ? ORDER BY p.id LIMIT ?"
    );
    let rows = reads.quick(&Statement::new(sql).number(after).number(wanted)).await?;
    Product::from_rows(&rows)
}

pub(super) async fn product(reads: &Reads, id: u64) -> Result<Option<Product>, ReadError> {
    let columns = Product::COLUMNS;
    let sql = format!("SELECT {columns} FROM products p LEFT JOIN inventory i ON i.product_id = p.id WHERE p.id = ?");
    let rows = reads.quick(&Statement::new(sql).number(id)).await?;
    Ok(Product::from_rows(&rows)?.pop())
}
