//! The outbox table: claim, read the orders, mark. All times are the database's own.

use std::time::{Duration, Instant};

use service_runtime::database::{Database, Lease, Schema};
use service_runtime::trace_context::TraceContext;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Connection, MySql, QueryBuilder, Row};

use crate::REQUIRED_SCHEMA;
use crate::claim::{Claim, LEASE};
use crate::mail::Kind;
use crate::order::{Line, Order};

#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    database: Database,
}

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Unsent {
    pub(crate) rows: i64,
    /// Of the oldest; 0 when nothing waits.
    pub(crate) age_seconds: f64,
}

impl Outbox {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    pub(crate) async fn schema(&self) -> Result<Schema, sqlx::Error> {
        self.database.schema(REQUIRED_SCHEMA).await
    }

    /// Takes up to `most` rows that are due and in nobody's hand. Rows that another worker is about to take are
    /// stepped over, not waited for. While an earlier mail of the same order is in somebody's hand the later one waits: news
    /// must not overtake what they follow.
    pub(crate) async fn claim(&self, worker: &str, most: u32) -> Result<Vec<Claim>, sqlx::Error> {
        let taken = Instant::now();
        let mut lease = self.lease().await?;
        let mut transaction = lease.connection().begin().await?;
        let rows = sqlx::query(
            "SELECT id, order_number, kind, traceparent, attempts FROM outbox o \
             WHERE sent_at IS NULL AND given_up_at IS NULL AND due_at <= NOW(6) \
               AND (claimed_until IS NULL OR claimed_until < NOW(6)) \
               AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.order_number = o.order_number AND e.id < o.id \
                               AND e.sent_at IS NULL AND e.claimed_until >= NOW(6)) \
             ORDER BY due_at, id LIMIT ? FOR UPDATE OF o SKIP LOCKED",
        )
        .bind(most)
        .fetch_all(&mut *transaction)
        .await?;
        let claims = rows.iter().map(|row| claim(row, taken)).collect::<Result<Vec<_>, _>>()?;
        if !claims.is_empty() {
            let mut update = QueryBuilder::<MySql>::new("UPDATE outbox SET claimed_by = ");
            update.push_bind(worker).push(", claimed_until = NOW(6) + INTERVAL ").push_bind(LEASE.as_secs());
            update.push(" SECOND WHERE id IN (");
            let mut ids = update.separated(", ");
            claims.iter().for_each(|claim| _ = ids.push_bind(claim.id));
            update.push(")").build().execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        lease.give_back();
        Ok(claims)
    }

    /// The order as stored; none when it is not there.
    pub(crate) async fn order(&self, number: &str) -> Result<Option<Order>, sqlx::Error> {
        let mut lease = self.lease().await?;
        let row = sqlx::query(
            "SELECT status, reason, customer_name, customer_email, total_amount, currency FROM orders WHERE order_number = ?",
        )
        .bind(number)
        .fetch_optional(lease.connection())
        .await?;
        let lines = sqlx::query(
            "SELECT product_id, name, quantity, unit_price_amount, currency FROM order_items \
             WHERE order_number = ? ORDER BY line",
        )
        .bind(number)
        .fetch_all(lease.connection())
        .await?;
        lease.give_back();
        row.map(|row| order(number, &row, &lines)).transpose()
    }

    pub(crate) async fn sent(&self, claim: &Claim, worker: &str) -> Result<(), sqlx::Error> {
        let change = "sent_at = NOW(6), last_error = NULL, attempts = attempts + 1";
        self.settle(claim, worker, change, None).await
    }

    /// Frees the row at once, as if it had never been claimed.
    pub(crate) async fn release(&self, claim: &Claim, worker: &str, why: Option<&str>) -> Result<(), sqlx::Error> {
        let change = if why.is_some() { "last_error = ?" } else { "last_error = last_error" };
        self.settle(claim, worker, change, why).await
    }

    pub(crate) async fn retry(
        &self,
        claim: &Claim,
        worker: &str,
        after: Duration,
        why: &str,
    ) -> Result<(), sqlx::Error> {
        let seconds = after.as_secs();
        let change = format!("attempts = attempts + 1, due_at = NOW(6) + INTERVAL {seconds} SECOND, last_error = ?");
        self.settle(claim, worker, &change, Some(why)).await
    }

    /// It says what is no longer so: it will not be sent.
    pub(crate) async fn supersede(&self, claim: &Claim, worker: &str) -> Result<(), sqlx::Error> {
        let why = "superseded: the order's status is another one by now";
        self.settle(claim, worker, "given_up_at = NOW(6), last_error = ?", Some(why)).await
    }

    pub(crate) async fn give_up(&self, claim: &Claim, worker: &str, why: &str) -> Result<(), sqlx::Error> {
        let change = "attempts = attempts + 1, given_up_at = NOW(6), last_error = ?";
        self.settle(claim, worker, change, Some(why)).await
    }

    /// Writes a claim's end. A row that is no longer ours is left alone.
    async fn settle(&self, claim: &Claim, worker: &str, change: &str, why: Option<&str>) -> Result<(), sqlx::Error> {
        let sql = format!(
            "UPDATE outbox SET {change}, claimed_by = NULL, claimed_until = NULL \
             WHERE id = ? AND claimed_by = ? AND sent_at IS NULL"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        if let Some(why) = why {
            query = query.bind(why.to_owned());
        }
        let mut lease = self.lease().await?;
        let done = query.bind(claim.id).bind(worker.to_owned()).execute(lease.connection()).await?;
        lease.give_back();
        if done.rows_affected() == 0 {
            tracing::warn!(outbox.id = claim.id, "the claim on row {} was over before its end was noted", claim.id);
        }
        Ok(())
    }

    pub(crate) async fn unsent(&self) -> Result<Unsent, sqlx::Error> {
        let sql = "SELECT COUNT(*), COALESCE(TIMESTAMPDIFF(MICROSECOND, MIN(created_at), NOW(6)), 0) FROM outbox \
                   WHERE sent_at IS NULL AND given_up_at IS NULL";
        let mut lease = self.lease().await?;
        let (rows, microseconds): (i64, i64) = sqlx::query_as(sql).fetch_one(lease.connection()).await?;
        lease.give_back();
        Ok(Unsent { rows, age_seconds: (microseconds as f64 / 1e6).max(0.0) })
    }

    async fn lease(&self) -> Result<Lease, sqlx::Error> {
        Lease::of(self.database.pool()).await
    }
}

fn order(number: &str, row: &MySqlRow, lines: &[MySqlRow]) -> Result<Order, sqlx::Error> {
    Ok(Order {
        number: number.to_owned(),
        status: Kind::parse(&row.try_get::<String, _>("status")?),
        reason: row.try_get("reason")?,
        customer_name: row.try_get("customer_name")?,
        email: row.try_get("customer_email")?,
        total_amount: row.try_get("total_amount")?,
        currency: row.try_get("currency")?,
        lines: lines.iter().map(line).collect::<Result<_, _>>()?,
    })
}

fn claim(row: &MySqlRow, taken: Instant) -> Result<Claim, sqlx::Error> {
    Ok(Claim {
        id: row.try_get("id")?,
        order_number: row.try_get("order_number")?,
        kind: Kind::parse(&row.try_get::<String, _>("kind")?),
        trace: row.try_get::<Option<String>, _>("traceparent")?.as_deref().and_then(TraceContext::parse),
        attempts: row.try_get("attempts")?,
        taken,
    })
}

fn line(row: &MySqlRow) -> Result<Line, sqlx::Error> {
    Ok(Line {
        product_id: row.try_get("product_id")?,
        name: row.try_get("name")?,
        quantity: row.try_get("quantity")?,
        unit_price: row.try_get("unit_price_amount")?,
        currency: row.try_get("currency")?,
    })
}
