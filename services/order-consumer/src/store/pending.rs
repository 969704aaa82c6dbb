//! Pending cancels whose order exists by now: the same fold as a batch, without a log.

use std::collections::BTreeSet;

use order_events::OrderNumber;
use service_runtime::database::Lease;
use sqlx::{Connection, MySqlPool};
use tokio::time::timeout;

use super::load::{Wanted, load_state};
use super::sql::Sql;
use super::write::{Plan, execute, write_outcome};
use super::{LIMIT, StoreError, session};
use crate::fold::{Event, Kind, fold};
use crate::position::Position;

/// Most cancels of one transaction.
const MOST: i64 = 500;

/// Applies them; gives how many. Rows that another process has locked are left to it.
pub async fn apply_pending_cancels(pool: &MySqlPool) -> Result<usize, StoreError> {
    timeout(LIMIT, apply(pool)).await.unwrap_or(Err(StoreError::TimedOut))
}

async fn apply(pool: &MySqlPool) -> Result<usize, StoreError> {
    let mut lease = Lease::of(pool).await?;
    let mut transaction = lease.connection().begin().await?;
    let mut sql = Sql::default();
    sql.statement("SELECT p.order_number FROM pending_cancels p JOIN orders o USING (order_number) LIMIT ")
        .int(MOST)
        .raw(" FOR UPDATE OF p SKIP LOCKED");
    let found = session::run(&mut transaction, sql).await?;
    let numbers: BTreeSet<OrderNumber> = found
        .iter()
        .flat_map(|answer| &answer.rows)
        .map(|row| super::load::number(row, 0))
        .collect::<Result<_, _>>()?;
    if numbers.is_empty() {
        transaction.rollback().await?;
        lease.give_back();
        return Ok(0);
    }
    let events: Vec<Event> = numbers
        .iter()
        .map(|number| Event { at: Position { partition: 0, offset: 0 }, kind: Kind::Cancel(*number) })
        .collect();
    let state = load_state(&mut transaction, Wanted::of(&events)).await?;
    let mut outcome = fold(state, events);
    outcome.pending_removed = numbers;
    let mut plan = Plan::default();
    // The cancel's record is long gone by.
    write_outcome(&mut plan, &outcome, |_| None);
    execute(&mut transaction, plan).await?;
    transaction.commit().await?;
    lease.give_back();
    Ok(outcome.pending_removed.len())
}
