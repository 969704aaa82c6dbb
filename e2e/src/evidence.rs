//! What MySQL's tables say about a run.

use std::collections::BTreeMap;

use anyhow::Result;
use sqlx::{AssertSqlSafe, MySqlPool, Row};

use crate::ledger::StoredOrder;

/// Creates that consumers have counted so far, over all partitions and lives of the topic.
pub async fn counted(database: &MySqlPool, topic: &str) -> Result<i64> {
    let sum = "SELECT CAST(COALESCE(SUM(creates), 0) AS SIGNED) FROM consumer_offsets WHERE topic = ?";
    Ok(sqlx::query_scalar(sum).bind(topic).fetch_one(database).await?)
}

/// Where the consumer goes on, by partition.
pub async fn next(database: &MySqlPool, topic: &str) -> Result<BTreeMap<i32, i64>> {
    let rows = sqlx::query("SELECT partition_id, `next` FROM consumer_offsets WHERE topic = ?");
    let rows = rows.bind(topic).fetch_all(database).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The run's rows of `orders`: those of its shoppers, and those of the given numbers (a FAILED row may not
/// know its shopper).
pub async fn orders(database: &MySqlPool, run: &str, numbers: &[String]) -> Result<BTreeMap<String, StoredOrder>> {
    let mut found = BTreeMap::new();
    let shoppers = format!("customer_email LIKE '{run}-%'");
    let lists = numbers.chunks(500).map(|chunk| format!("order_number IN ('{}')", chunk.join("','")));
    for condition in std::iter::once(shoppers).chain(lists) {
        read_orders(database, &condition, &mut found).await?;
    }
    Ok(found)
}

/// `condition` is made of the run's own name and of order numbers, never of foreign text.
async fn read_orders(database: &MySqlPool, condition: &str, found: &mut BTreeMap<String, StoredOrder>) -> Result<()> {
    let rows = query(database, format!("SELECT order_number, status FROM orders WHERE {condition}")).await?;
    for row in &rows {
        found.insert(row.try_get(0)?, StoredOrder { status: row.try_get(1)?, ..StoredOrder::default() });
    }
    let of_these = format!("order_number IN (SELECT order_number FROM orders WHERE {condition})");
    let items = "SELECT order_number, product_id, CAST(SUM(quantity) AS SIGNED) FROM order_items";
    for row in query(database, format!("{items} WHERE {of_these} GROUP BY order_number, product_id")).await? {
        let order: String = row.try_get(0)?;
        found.entry(order).or_default().items.insert(row.try_get(1)?, row.try_get(2)?);
    }
    let taken = "SELECT order_number, product_id, CAST(-SUM(delta) AS SIGNED) FROM stock_movements";
    for row in query(database, format!("{taken} WHERE {of_these} GROUP BY order_number, product_id")).await? {
        let order: String = row.try_get(0)?;
        found.entry(order).or_default().taken.insert(row.try_get(1)?, row.try_get(2)?);
    }
    Ok(())
}

async fn query(database: &MySqlPool, sql: String) -> Result<Vec<sqlx::mysql::MySqlRow>> {
    Ok(sqlx::query(AssertSqlSafe(sql)).fetch_all(database).await?)
}
