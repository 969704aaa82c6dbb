//! Keeps the index in step with the table: builds it, then follows the numbered changes that triggers write, whoever
//! the writer is. Replicas follow independently of each other.
//!
//! What is published is always a pair: an index, and the position in the log that it stands at. A search reads what
//! came after that position by itself, so it is never stale, however slow a follower is. Without an index (not built
//! yet, another folding, too large, overtaken by pruning) searches go by LIKE, and this says why.

mod build;
mod gaps;
pub(crate) mod log;
mod metrics;
pub mod position;
mod prune;
mod session;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use prometheus_client::encoding::EncodeLabelValue;
use prometheus_client::registry::Registry;
use service_runtime::CancellationToken;
use service_runtime::database::{Database, mysql_code};
use sqlx::{ConnectOptions, Connection};
use tokio::time::{sleep, timeout};

use crate::folding::Folding;
use crate::index::{Index, Shape};
use metrics::Metrics;
use position::Position;
pub use prune::Keep;
use session::Session;

/// A statement of the follower's own; a page of a build takes milliseconds.
const STATEMENT_LIMIT: Duration = Duration::from_secs(20);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const RECONNECT_EVERY: Duration = Duration::from_millis(250);

/// How an index is kept.
#[derive(Clone, Copy, Debug)]
pub struct Following {
    /// Most memory for the index, in bytes; above it, searches go by LIKE.
    pub memory: usize,
    /// Between two looks for changes. A search never waits for one.
    pub every: Duration,
    pub keep: Keep,
    pub shape: Shape,
}

impl Following {
    /// With this much memory, and the rest as it serves well.
    pub fn with_memory(memory: usize) -> Self {
        Self { memory, every: Duration::from_millis(100), keep: Keep::default(), shape: Shape::default() }
    }
}

/// Why there is no index to search in.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelValue)]
pub enum Without {
    /// Not built yet.
    Building,
    /// The server's collation is not the one of the folding table.
    FoldingDiffers,
    /// It would need more memory than it may take.
    TooLarge,
    /// Changes were pruned that it had not seen.
    Overtaken,
    /// The log of changes is not the one it was built from, as after a restore.
    AnotherLog,
}

/// An index and where it stands in the log.
#[derive(Clone, Debug)]
pub struct Live {
    pub index: Index,
    pub position: Position,
}

/// What searches see; swapped as a whole.
#[derive(Clone, Debug)]
pub struct Published(Arc<ArcSwap<Result<Live, Without>>>);

impl Published {
    fn new() -> Self {
        Self(Arc::new(ArcSwap::from_pointee(Err(Without::Building))))
    }

    /// What there is now. Searching in it does not hinder the follower.
    pub fn now(&self) -> Arc<Result<Live, Without>> {
        self.0.load_full()
    }

    fn set(&self, state: Result<Live, Without>) {
        self.0.store(Arc::new(state));
    }
}

#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("the database did not answer within {STATEMENT_LIMIT:?}")]
    Silent,
    #[error("there is no table of products: the migrator has not run")]
    NoTable,
    #[error("the thread that builds the index ended")]
    Thread,
}

/// Runs beside the requests; see [`Follower::run`].
#[derive(Debug)]
pub struct Follower {
    database: Database,
    folding: Arc<Folding>,
    following: Following,
    published: Published,
    metrics: Metrics,
}

impl Follower {
    pub fn new(
        database: Database,
        folding: Arc<Folding>,
        following: Following,
        registry: &mut Registry,
    ) -> (Self, Published) {
        let published = Published::new();
        let metrics = Metrics::register(registry);
        (Self { database, folding, following, published: published.clone(), metrics }, published)
    }

    /// Runs until shutdown. Never fails: without a database it tries again, and what is published stays.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let _stopped = shutdown.run_until_cancelled(self.keep_following()).await;
        Ok(())
    }

    async fn keep_following(&self) {
        let mut session = Session::new(self);
        let mut last = String::new();
        loop {
            let error = match self.connect().await {
                Ok(connection) => match session.follow(connection).await {
                    Ok(never) => match never {},
                    Err(error) => error,
                },
                Err(error) => error,
            };
            // Said once: a database that is away is told by the contact's own lines.
            let text = describe(&error);
            if text != last {
                tracing::warn!(error = text, "the index cannot follow now; searches do without or read more");
                last = text;
            }
            sleep(RECONNECT_EVERY).await;
        }
    }

    async fn connect(&self) -> Result<sqlx::MySqlConnection, FollowError> {
        let options = self.database.pool().connect_options();
        let mut connection = timeout(CONNECT_LIMIT, options.connect()).await.map_err(|_| FollowError::Silent)??;
        // A locking read of nothing must not lock the place against inserts.
        for statement in [
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "SET SESSION innodb_lock_wait_timeout = 5",
            "SET SESSION max_execution_time = 15000",
        ] {
            timely(sqlx::raw_sql(statement).execute(&mut connection)).await?;
        }
        timely(connection.ping()).await?;
        Ok(connection)
    }
}

/// One line, without what a statement held.
fn describe(error: &FollowError) -> String {
    match error {
        FollowError::Database(source) => match mysql_code(source) {
            Some(code) => format!("the database refused with error {code}"),
            None => format!("{error}: {source}"),
        },
        _ => error.to_string(),
    }
}

/// A server that is frozen must not hold the follower for ever.
async fn timely<T>(statement: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, FollowError> {
    Ok(timeout(STATEMENT_LIMIT, statement).await.map_err(|_| FollowError::Silent)??)
}
