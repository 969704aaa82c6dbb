//! What a batch touches, read in two round trips: locks of the offsets and everything that is only read; then the
//! inventory rows, locked in id order.

use std::collections::{BTreeSet, HashSet};

use order_events::{Currency, Fingerprint, Money, OrderNumber};
use sqlx::mysql::MySqlRow;
use sqlx::{MySqlConnection, Row};

use super::session::{Answer, run};
use super::sql::Sql;
use super::{StoreError, offsets};
use crate::batch::Batch;
use crate::fold::{Event, Kind, Product, State, Status, Stored};
use crate::position::Position;

/// The fold's input, and which records are dead letters already.
pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) recorded: HashSet<(Position, [u8; 32])>,
}

/// Numbers and products that the events name.
#[derive(Default)]
pub(super) struct Wanted {
    orders: BTreeSet<OrderNumber>,
    cancels: BTreeSet<OrderNumber>,
    products: BTreeSet<u64>,
}

impl Wanted {
    pub(super) fn of(events: &[Event]) -> Self {
        let mut wanted = Self::default();
        for event in events {
            match &event.kind {
                Kind::Place { order, .. } => {
                    wanted.orders.insert(order.order_number);
                    wanted.products.extend(order.items.iter().map(|item| item.product_id));
                }
                Kind::Cancel(number) => {
                    wanted.orders.insert(*number);
                    wanted.cancels.insert(*number);
                }
                Kind::Unusable(unusable) => wanted.orders.extend(unusable.number),
            }
        }
        wanted
    }

    /// Four statements: orders, items of those to be cancelled, pending cancels, products.
    fn ask(&self, sql: &mut Sql) {
        numbers(sql, "SELECT order_number, status, fingerprint FROM orders WHERE order_number IN (", &self.orders);
        numbers(
            sql,
            "SELECT order_number, product_id, quantity FROM order_items WHERE order_number IN (",
            &self.cancels,
        );
        numbers(sql, "SELECT order_number FROM pending_cancels WHERE order_number IN (", &self.orders);
        sql.statement("SELECT id, sku, name, price_amount, currency FROM products WHERE id IN (NULL");
        for id in &self.products {
            sql.raw(",").int(*id);
        }
        sql.raw(")");
    }
}

pub(super) async fn load(
    connection: &mut MySqlConnection,
    batch: &Batch,
    events: &[Event],
) -> Result<Loaded, StoreError> {
    let wanted = Wanted::of(events);
    let mut sql = Sql::default();
    offsets::lock(&mut sql, batch);
    recorded_letters(&mut sql, batch);
    wanted.ask(&mut sql);
    let mut answers = run(connection, sql).await?;
    let rest = answers.split_off(2);
    let missed = offsets::missed(&answers[0].rows, batch)?;
    if !missed.is_empty() {
        return Err(StoreError::Missed(missed));
    }
    let recorded = answers[1].rows.iter().map(recorded).collect::<Result<_, _>>()?;
    Ok(Loaded { state: lock_stock(connection, wanted, rest).await?, recorded })
}

/// Without a log: what the events touch.
pub(super) async fn load_state(connection: &mut MySqlConnection, wanted: Wanted) -> Result<State, StoreError> {
    let mut sql = Sql::default();
    wanted.ask(&mut sql);
    let answers = run(connection, sql).await?;
    lock_stock(connection, wanted, answers).await
}

/// The answers to [`Wanted::ask`] as a state, with the inventory rows of everything that is ordered or may come back locked.
async fn lock_stock(
    connection: &mut MySqlConnection,
    wanted: Wanted,
    answers: Vec<Answer>,
) -> Result<State, StoreError> {
    let [orders, items, pending, products] =
        <[Answer; 4]>::try_from(answers).map_err(|_| sqlx::Error::Protocol("four answers expected".to_owned()))?;
    let mut state = State {
        orders: orders.rows.iter().map(order).collect::<Result<_, _>>()?,
        pending_cancels: pending.rows.iter().map(|row| number(row, 0)).collect::<Result<_, _>>()?,
        products: products.rows.iter().map(product).collect::<Result<_, _>>()?,
        ..State::default()
    };
    let mut stock: BTreeSet<u64> = wanted.products;
    for row in &items.rows {
        let (number, product, quantity) = (number(row, 0)?, row.try_get::<u64, _>(1)?, row.try_get::<u32, _>(2)?);
        if let Some(stored) = state.orders.get_mut(&number).filter(|stored| stored.status == Status::Confirmed) {
            stock.insert(product);
            match stored.taken.iter_mut().find(|(taken, _)| *taken == product) {
                Some((_, sum)) => *sum += i64::from(quantity),
                None => stored.taken.push((product, i64::from(quantity))),
            }
        }
    }
    if !stock.is_empty() {
        let mut sql = Sql::default();
        // By the index, as the offsets' rows: on a small table MySQL would rather look at all of it.
        sql.statement("SELECT product_id, available FROM inventory FORCE INDEX (PRIMARY) WHERE product_id IN (")
            .list(stock, |sql, id| {
                sql.int(id);
            })
            .raw(") ORDER BY product_id FOR UPDATE");
        for row in run(connection, sql).await?.iter().flat_map(|answer| &answer.rows) {
            state.stock.insert(row.try_get(0)?, row.try_get(1)?);
        }
    }
    Ok(state)
}

fn recorded_letters(sql: &mut Sql, batch: &Batch) {
    sql.statement("SELECT partition_id, record_offset, value_hash FROM dead_letters WHERE topic_id = ")
        .text(batch.topic_id.as_str())
        .raw(" AND (");
    for (index, slice) in batch.slices.iter().enumerate() {
        sql.raw(if index > 0 { " OR " } else { "" }).raw("(partition_id = ").int(slice.partition);
        sql.raw(" AND record_offset >= ").int(slice.from).raw(" AND record_offset < ").int(slice.to()).raw(")");
    }
    sql.raw(")");
}

/// `IN (NULL, …)`: valid with no number at all, and then finds nothing without looking.
fn numbers(sql: &mut Sql, start: &'static str, numbers: &BTreeSet<OrderNumber>) {
    sql.statement(start).raw("NULL");
    for number in numbers {
        sql.raw(",").number(*number);
    }
    sql.raw(")");
}

pub(super) fn number(row: &MySqlRow, index: usize) -> Result<OrderNumber, StoreError> {
    let text: &str = row.try_get(index)?;
    text.parse().map_err(|_| StoreError::Unreadable("orders.order_number"))
}

fn order(row: &MySqlRow) -> Result<(OrderNumber, Stored), StoreError> {
    // A status that a newer program wrote: this one must not guess, it must not dead-letter either.
    let status = Status::parse(row.try_get(1)?).ok_or(StoreError::Unreadable("orders.status"))?;
    let fingerprint = row
        .try_get::<Option<&[u8]>, _>(2)?
        .map(|bytes| bytes.try_into().map(Fingerprint).map_err(|_| StoreError::Unreadable("orders.fingerprint")))
        .transpose()?;
    Ok((number(row, 0)?, Stored { status, fingerprint, taken: Vec::new() }))
}

fn product(row: &MySqlRow) -> Result<(u64, Product), StoreError> {
    let currency = Currency::new(row.try_get(4)?).map_err(|_| StoreError::Unreadable("products.currency"))?;
    let price = Money { amount: row.try_get(3)?, currency };
    Ok((row.try_get(0)?, Product { sku: row.try_get(1)?, name: row.try_get(2)?, price }))
}

fn recorded(row: &MySqlRow) -> Result<(Position, [u8; 32]), StoreError> {
    let hash = row.try_get::<&[u8], _>(2)?.try_into().map_err(|_| StoreError::Unreadable("dead_letters.value_hash"))?;
    Ok((Position { partition: row.try_get(0)?, offset: row.try_get(1)? }, hash))
}
