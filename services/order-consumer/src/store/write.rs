//! The writes of a batch: all statements in one round trip, each with the number of rows it must find.

use std::collections::{BTreeMap, HashMap};

use service_runtime::trace_context::TraceContext;
use sqlx::MySqlConnection;

use super::session::run;
use super::sql::Sql;
use super::{StoreError, effects, orders};
use crate::batch::Batch;
use crate::fold::{Outcome, Totals};
use crate::position::Position;
use crate::record::Record;

/// Statements and how many rows each must find; another number means that what was loaded is no longer so.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) sql: Sql,
    checks: Vec<Check>,
}

#[derive(Clone, Copy)]
struct Check {
    what: &'static str,
    rows: Option<u64>,
}

impl Plan {
    /// After a statement was added: it must find so many rows.
    pub(super) fn finds(&mut self, rows: usize, what: &'static str) {
        self.checks.push(Check { what, rows: u64::try_from(rows).ok() });
    }

    /// After a statement was added whose count says nothing.
    pub(super) fn any(&mut self, what: &'static str) {
        self.checks.push(Check { what, rows: None });
    }
}

/// The outcome, the dead letters' rows that `letters` adds, and last the offsets.
pub(super) async fn write(
    connection: &mut MySqlConnection,
    batch: &Batch,
    outcome: &Outcome,
    letters: impl FnOnce(&mut Plan),
) -> Result<(), StoreError> {
    let mut plan = Plan::default();
    let records: HashMap<Position, &Record> = batch.records().map(|record| (record.at, record.as_ref())).collect();
    write_outcome(&mut plan, outcome, |at| records.get(&at)?.trace());
    letters(&mut plan);
    move_offsets(&mut plan, batch, &outcome.totals);
    execute(connection, plan).await
}

/// Orders and all their effects. `traces`: the trace context that a record carried.
pub(super) fn write_outcome(plan: &mut Plan, outcome: &Outcome, traces: impl Fn(Position) -> Option<TraceContext>) {
    orders::insert(plan, &outcome.inserts);
    orders::items(plan, outcome);
    orders::change(plan, &outcome.changes);
    effects::stock(plan, &outcome.stock);
    effects::movements(plan, &outcome.movements);
    effects::pending_cancels(plan, &outcome.pending_added, &outcome.pending_removed);
    mail(plan, outcome, traces);
}

pub(super) async fn execute(connection: &mut MySqlConnection, plan: Plan) -> Result<(), StoreError> {
    let Plan { sql, checks } = plan;
    let answers = run(connection, sql).await?;
    for (answer, check) in answers.iter().zip(checks) {
        if check.rows.is_some_and(|rows| rows != answer.affected) {
            return Err(StoreError::Stale(check.what));
        }
    }
    Ok(())
}

/// One row per order and kind; one that is there already stays as it is.
fn mail(plan: &mut Plan, outcome: &Outcome, traces: impl Fn(Position) -> Option<TraceContext>) {
    if outcome.mail.is_empty() {
        return;
    }
    plan.sql
        .statement("INSERT INTO outbox (order_number, kind, traceparent) VALUES ")
        .list(&outcome.mail, |sql, ((number, kind), at)| {
            sql.raw("(").number(*number).raw(",").name(kind.as_str()).raw(",");
            sql.optional(traces(*at), Sql::trace).raw(")");
        })
        .raw(" ON DUPLICATE KEY UPDATE order_number = outbox.order_number");
    plan.any("outbox");
}

/// Moves `next` and the totals; `from` is compared again, since the condition is what fences. Join order and index are said: with
/// a few partitions MySQL would rather look at all rows of the topic, and two workers would wait for each other's (a deadlock).
fn move_offsets(plan: &mut Plan, batch: &Batch, totals: &BTreeMap<i32, Totals>) {
    plan.sql
        .statement("UPDATE (VALUES ")
        .list(&batch.slices, |sql, slice| {
            let t = totals.get(&slice.partition).copied().unwrap_or_default();
            sql.raw("ROW(").int(slice.partition).raw(",").int(slice.from).raw(",").int(slice.to());
            for count in
                [t.creates, t.new, t.duplicates, t.conflicts, t.failed, t.replays, t.cancels, t.other, t.replayed_new]
            {
                sql.raw(",").int(count);
            }
            sql.raw(")");
        })
        .raw(") AS d(p, f, t, c1, c2, c3, c4, c5, c6, c7, c8, c9)")
        .raw(" STRAIGHT_JOIN consumer_offsets o FORCE INDEX (PRIMARY) ON o.topic_id = ")
        .text(batch.topic_id.as_str())
        .raw(" AND o.partition_id = d.p AND o.`next` = d.f")
        .raw(" SET o.`next` = d.t, o.creates = o.creates + d.c1, o.`new` = o.`new` + d.c2")
        .raw(", o.duplicates = o.duplicates + d.c3, o.conflicts = o.conflicts + d.c4, o.failed = o.failed + d.c5")
        .raw(", o.replays = o.replays + d.c6, o.cancels = o.cancels + d.c7, o.other = o.other + d.c8")
        .raw(", o.replayed_new = o.replayed_new + d.c9");
    plan.finds(batch.slices.len(), "consumer_offsets");
}
