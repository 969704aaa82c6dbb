//! Some rows in one transaction: texts and prices first, then the stock of those that name it, through the ledger.

use std::collections::{HashMap, HashSet};

use sqlx::{Connection, MySqlConnection, QueryBuilder};

use super::super::WriteError;
use super::super::row::Row;
use super::super::write::Work;

/// Rows of one import, with their lines.
pub(super) struct Batch<'a> {
    /// Tells one import from another, so that its stock counts once.
    pub import: &'a str,
    pub rows: &'a [(u64, Row)],
}

impl Work for Batch<'_> {
    type Answer = ();

    async fn run(&self, connection: &mut MySqlConnection) -> Result<(), WriteError> {
        let mut transaction = connection.begin().await?;
        let (mut known, unknown): (Vec<&Row>, Vec<&Row>) =
            self.rows.iter().map(|(_, row)| row).partition(|row| row.id.is_some());
        // Locks are taken in id order, as orders do; of one id the last line stays last.
        known.sort_by_key(|row| row.id);
        for (rows, have_ids) in [(known, true), (unknown, false)] {
            if !rows.is_empty() {
                put(&mut transaction, &rows, have_ids).await?;
            }
        }
        let with_stock: Vec<_> = self.rows.iter().filter_map(|(line, row)| Some((*line, row, row.stock?))).collect();
        if !with_stock.is_empty() {
            self.move_stock(&mut transaction, &with_stock).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Inserts or updates. A row whose sku is another product's breaks the CHECK of the price, and with it the batch.
async fn put(connection: &mut MySqlConnection, rows: &[&Row], have_ids: bool) -> Result<(), WriteError> {
    let id = if have_ids { "id, " } else { "" };
    let columns = format!("INSERT INTO products ({id}sku, name, description, price_amount, currency) ");
    let mut sql = QueryBuilder::new(columns);
    sql.push_values(rows, |mut values, row| {
        if have_ids {
            values.push_bind(row.id);
        }
        values.push_bind(&row.sku).push_bind(&row.name).push_bind(&row.description);
        values.push_bind(row.price.amount).push_bind(&row.price.currency);
    });
    let price = if have_ids { "IF(products.id = new.id, new.price_amount, -1)" } else { "new.price_amount" };
    sql.push(format!(
        " AS new ON DUPLICATE KEY UPDATE price_amount = {price}, sku = new.sku, name = new.name, \
         description = new.description, currency = new.currency"
    ));
    match sql.build().persistent(false).execute(connection).await.map_err(WriteError::from) {
        // A row of another id has this sku: it was found by it, or stood in the way.
        Err(error) if matches!(error.code(), Some(3819 | 1062)) => Err(WriteError::SkuTaken),
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}

impl Batch<'_> {
    async fn move_stock(&self, connection: &mut MySqlConnection, rows: &[(u64, &Row, i64)]) -> Result<(), WriteError> {
        let request = |line: u64| format!("import:{}:{line}", self.import);
        let mut products = HashMap::new();
        for (line, row, _) in rows {
            let id = match row.id {
                Some(id) => id,
                None => {
                    let id = sqlx::query_scalar("SELECT id FROM products WHERE sku = ?").bind(&row.sku);
                    id.fetch_one(&mut *connection).await?
                }
            };
            products.insert(*line, id);
        }
        let mut sql = QueryBuilder::new("SELECT product_id, available FROM inventory WHERE product_id IN (");
        let mut ids = sql.separated(", ");
        products.values().for_each(|id| {
            ids.push_bind(*id);
        });
        sql.push(") ORDER BY product_id FOR UPDATE");
        let stock: Vec<(u64, i64)> = sql.build_query_as().persistent(false).fetch_all(&mut *connection).await?;
        let mut available: HashMap<u64, i64> = stock.into_iter().collect();
        let done = self.known(connection, rows.iter().map(|(line, ..)| request(*line))).await?;
        let mut movements = Vec::new();
        for (line, _, stock) in rows.iter().filter(|(line, ..)| !done.contains(&request(*line))) {
            let id = products[line];
            let before = available.insert(id, *stock).unwrap_or_default();
            movements.push((id, stock - before, request(*line), *stock));
        }
        if movements.is_empty() {
            return Ok(());
        }
        let mut sql = QueryBuilder::new("INSERT INTO inventory (product_id, available) ");
        let touched: HashSet<u64> = movements.iter().map(|(id, ..)| *id).collect();
        sql.push_values(touched, |mut values, id| {
            values.push_bind(id).push_bind(available[&id]);
        });
        sql.push(" AS new ON DUPLICATE KEY UPDATE available = new.available");
        sql.build().persistent(false).execute(&mut *connection).await?;
        let mut sql =
            QueryBuilder::new("INSERT INTO stock_movements (product_id, delta, reason, request_id, available_after) ");
        sql.push_values(movements, |mut values, (id, delta, request, after)| {
            values.push_bind(id).push_bind(delta).push_bind("IMPORT").push_bind(request).push_bind(after);
        });
        sql.build().persistent(false).execute(&mut *connection).await?;
        Ok(())
    }

    /// Which of these requests were done by an earlier try of this import.
    async fn known(
        &self,
        connection: &mut MySqlConnection,
        requests: impl Iterator<Item = String>,
    ) -> Result<HashSet<String>, WriteError> {
        let mut sql = QueryBuilder::new("SELECT request_id FROM stock_movements WHERE request_id IN (");
        let mut list = sql.separated(", ");
        requests.for_each(|request| {
            list.push_bind(request);
        });
        sql.push(")");
        let known: Vec<String> = sql.build_query_scalar().persistent(false).fetch_all(connection).await?;
        Ok(known.into_iter().collect())
    }
}
