//! What order-api reads in MySQL. Of all tables it writes one: what a person does about a dead letter.
//!
//! The database may be away: then every call fails at once, and nothing but the answers that need it is affected.

mod breaker;
mod letters;
mod rows;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use order_events::{Fingerprint, OrderNumber};
use service_runtime::database::{Database, Lease, Schema, Session};
use service_runtime::problem::Problem;
use service_runtime::{CancellationToken, Component};
use sqlx::{MySql, MySqlConnection, QueryBuilder};
use utoipa::IntoResponses;

use crate::error::ApiError;
use breaker::Breaker;
pub use letters::{Letter, LetterFilter, LetterHead, LetterStatus};
pub use rows::{Item, Order, Status};
use rows::{ItemRow, OrderRow};

/// The newest migration that is relied on here (0015_dead_letters_replayed_as).
pub const REQUIRED_SCHEMA: i64 = 15;

/// Callers wait for it; a database that needs longer than this is as good as away.
const QUERY_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Between two contacts that nobody asked for.
const WATCH: Duration = Duration::from_secs(5);

const ORDER_COLUMNS: &str = "SELECT order_number, status, reason, total_amount, currency, \
     CAST(UNIX_TIMESTAMP(COALESCE(placed_at, created_at)) * 1000000 AS SIGNED) AS created_micros, \
     CAST(UNIX_TIMESTAMP(updated_at) * 1000000 AS SIGNED) AS updated_micros FROM orders ";

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No answer, or an error that is the server's.
    #[error("the database does not answer")]
    Unavailable(#[source] sqlx::Error),
    /// No answer in time.
    #[error("the database does not answer in time")]
    TimedOut,
    /// The migrator has not run yet.
    #[error("the database's schema has version {0}, this program needs {REQUIRED_SCHEMA}")]
    SchemaTooOld(i64),
    /// A row that our own rules exclude.
    #[error("the database holds what it must not: {0}")]
    Inconsistent(String),
}

/// What a read answers then, for the description.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
#[response(
    status = 503,
    description = "The database is away",
    content_type = "application/problem+json",
    headers(("Retry-After" = u32))
)]
pub(crate) struct DatabaseAway(Problem);

/// Reads orders.
pub struct Store {
    database: Database,
    health: Component,
    schema_checked: AtomicBool,
    breaker: Breaker,
}

/// How order-api uses its connections.
pub fn session() -> Session {
    Session {
        statements: vec!["SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY".to_owned()],
        // A full second: a busy pool on a busy machine is not a database that is away.
        acquire_timeout: Duration::from_secs(1),
        idle_timeout: Duration::from_secs(60),
        test_before_acquire: true,
    }
}

impl Store {
    /// Uses this pool; `health` is told how it does.
    pub fn new(database: Database, health: Component) -> Self {
        Self { database, health, schema_checked: AtomicBool::new(false), breaker: Breaker::default() }
    }

    /// One order with its items.
    pub async fn order(&self, number: OrderNumber) -> Result<Option<Order>, StoreError> {
        let mut query = QueryBuilder::<MySql>::new(ORDER_COLUMNS);
        query.push("WHERE order_number = ").push_bind(number.to_string());
        let query = query.build_query_as::<OrderRow>();
        let rows = self.ask(async |connection| query.fetch_all(connection).await).await?;
        Ok(self.with_items(rows).await?.pop())
    }

    /// A shopper's orders, newest first, at most `limit`, after the position of an earlier page.
    pub async fn history(
        &self,
        email: &str,
        after: Option<(i64, OrderNumber)>,
        limit: u32,
    ) -> Result<Vec<Order>, StoreError> {
        let mut query = QueryBuilder::<MySql>::new(ORDER_COLUMNS);
        query.push("WHERE placed_at IS NOT NULL AND customer_email = ").push_bind(email.to_owned());
        if let Some((micros, number)) = after {
            let number = number.to_string();
            query.push(" AND (placed_at < FROM_UNIXTIME(").push_bind(micros).push(" * 0.000001)");
            query.push(" OR (placed_at = FROM_UNIXTIME(").push_bind(micros).push(" * 0.000001)");
            query.push(" AND order_number < ").push_bind(number).push("))");
        }
        query.push(" ORDER BY placed_at DESC, order_number DESC LIMIT ").push_bind(limit);
        let query = query.build_query_as::<OrderRow>();
        let rows = self.ask(async |connection| query.fetch_all(connection).await).await?;
        self.with_items(rows).await
    }

    /// Which of these orders (one or more) have their outcome: there is a row, and it is not PENDING.
    pub async fn decided(&self, numbers: &[OrderNumber]) -> Result<Vec<OrderNumber>, StoreError> {
        let mut query = QueryBuilder::<MySql>::new("SELECT order_number FROM orders WHERE status <> 'PENDING' AND ");
        push_numbers(&mut query, numbers);
        let query = query.build_query_scalar::<String>();
        let rows = self.ask(async |connection| query.fetch_all(connection).await).await?;
        rows.iter().map(|number| rows::number(number)).collect()
    }

    /// The stored fingerprints of those of these orders (one or more) that have one.
    pub async fn fingerprints(&self, numbers: &[OrderNumber]) -> Result<Vec<(OrderNumber, Fingerprint)>, StoreError> {
        let mut query = QueryBuilder::<MySql>::new(
            "SELECT order_number, fingerprint FROM orders WHERE fingerprint IS NOT NULL AND ",
        );
        push_numbers(&mut query, numbers);
        let query = query.build_query_as::<(String, Vec<u8>)>();
        let rows = self.ask(async |connection| query.fetch_all(connection).await).await?;
        rows.into_iter().map(|(number, bytes)| Ok((rows::number(&number)?, rows::fingerprint(bytes)?))).collect()
    }

    /// Contacts the database now and then, so that health tells its state also while nobody reads. Runs until
    /// shutdown.
    pub async fn watch(self: Arc<Self>, shutdown: CancellationToken) -> anyhow::Result<()> {
        loop {
            // The outcome is told to health.
            let _told = self.ask(async |connection| sqlx::query("DO 1").execute(connection).await).await;
            if shutdown.run_until_cancelled(tokio::time::sleep(WATCH)).await.is_none() {
                return Ok(());
            }
        }
    }

    async fn with_items(&self, orders: Vec<OrderRow>) -> Result<Vec<Order>, StoreError> {
        if orders.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = QueryBuilder::<MySql>::new(
            "SELECT order_number, product_id, sku, name, quantity, unit_price_amount, currency FROM order_items WHERE ",
        );
        let numbers: Vec<OrderNumber> = orders.iter().map(OrderRow::number).collect::<Result<_, _>>()?;
        push_numbers(&mut query, &numbers);
        query.push(" ORDER BY order_number, line");
        let query = query.build_query_as::<ItemRow>();
        let items = self.ask(async |connection| query.fetch_all(connection).await).await?;
        rows::assemble(orders, items)
    }

    /// One read or change: the schema first when the last contact failed, then the query, within the time limit.
    async fn ask<T>(
        &self,
        query: impl AsyncFnOnce(&mut MySqlConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        if self.breaker.is_open(Instant::now()) {
            return Err(StoreError::TimedOut);
        }
        let result = tokio::time::timeout(QUERY_TIMEOUT, async {
            if !self.schema_checked.load(Ordering::Relaxed) {
                match self.database.schema(REQUIRED_SCHEMA).await.map_err(StoreError::Unavailable)? {
                    Schema::Usable => self.schema_checked.store(true, Ordering::Relaxed),
                    Schema::TooOld(found) => return Err(StoreError::SchemaTooOld(found)),
                }
            }
            Lease::within(self.database.pool(), QUERY_TIMEOUT, query).await.map_err(StoreError::Unavailable)
        })
        .await
        .unwrap_or(Err(StoreError::TimedOut));
        match &result {
            Ok(_) => self.health.up(),
            Err(error) => {
                self.schema_checked.store(false, Ordering::Relaxed);
                if is_away(error) {
                    self.breaker.open(Instant::now());
                }
                self.health.down(describe(error));
            }
        }
        result
    }
}

/// No contact at all, in contrast to an answer that is an error.
fn is_away(error: &StoreError) -> bool {
    match error {
        StoreError::TimedOut => true,
        StoreError::Unavailable(cause) => matches!(cause, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut),
        StoreError::SchemaTooOld(_) | StoreError::Inconsistent(_) => false,
    }
}

fn describe(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(cause) => format!("{error}: {cause}"),
        _ => error.to_string(),
    }
}

/// The list is filled up to a power of two with its last number: each length is a statement of its own that
/// the server prepares, and a dozen of them serve all.
fn push_numbers(query: &mut QueryBuilder<MySql>, numbers: &[OrderNumber]) {
    query.push("order_number IN (");
    let mut list = query.separated(", ");
    let filled = numbers.iter().chain(numbers.last().into_iter().cycle());
    for number in filled.take(numbers.len().next_power_of_two()) {
        list.push_bind(number.to_string());
    }
    query.push(")");
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::TimedOut => Self::DatabaseUnavailable,
            StoreError::SchemaTooOld(_) => Self::SchemaTooOld,
            StoreError::Inconsistent(_) => {
                tracing::error!(%error, "{error}");
                Self::Internal
            }
        }
    }
}
