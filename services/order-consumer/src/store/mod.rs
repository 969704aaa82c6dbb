//! One batch, one transaction: lock the offsets, load, fold, write, commit. The order of design is the order of this file.

mod effects;
mod letters;
mod load;
mod offsets;
mod orders;
mod pending;
mod session;
mod sql;
mod write;

pub use offsets::{read_all, read_or_make, reset};
pub use pending::apply_pending_cancels;
pub use session::session;

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use kafka_offsets::TopicId;
use service_runtime::database::Lease;
use sqlx::{Connection, MySqlConnection, MySqlPool};
use tokio::time::timeout;

use crate::batch::Batch;
use crate::classify::{Class, classify_error, describe};
use crate::dead_letter::Verdict;
use crate::fold::{Letter, Outcome, Totals, fold};
use crate::position::Position;
use crate::read::read;

/// The longest that a batch may take. Far more than one does that waits for locks.
const LIMIT: Duration = Duration::from_secs(30);

/// Why a batch did not commit. Its transaction is rolled back, or its connection gone.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// MySQL or the connection to it.
    #[error("the database refused")]
    Sql(#[from] sqlx::Error),
    /// No end of it in sight: the server is frozen or behind a cut network, or the batch is too much for it.
    #[error("the database did not finish within {LIMIT:?}")]
    TimedOut,
    /// A row was not as it was loaded.
    #[error("rows of {0} changed while the batch ran")]
    Stale(&'static str),
    /// A row holds what this program cannot read; a newer one may have written it.
    #[error("{0} holds a value that this program does not know")]
    Unreadable(&'static str),
    /// The compare-and-set of these partitions failed: another process moved them.
    #[error("another process moved the offsets of partitions {0:?}")]
    Missed(Vec<i32>),
    /// These letters must be in their topic before the batch may run again.
    #[error("{} dead letters are to be published first", .0.len())]
    Unpublished(Vec<Letter>),
}

impl StoreError {
    /// The class, and MySQL's number. None: not an error of the database but a step of the protocol.
    pub fn class(&self) -> Option<(Class, Option<u16>)> {
        match self {
            Self::Sql(error) => Some(classify_error(error)),
            Self::Stale(_) => Some((Class::Duplicate, None)),
            Self::TimedOut => Some((Class::Slow, None)),
            Self::Unreadable(_) => Some((Class::Systemic, None)),
            Self::Missed(_) | Self::Unpublished(_) => None,
        }
    }

    /// What is behind it, for the log.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Sql(error) => Some(describe(error)),
            Self::Stale(_) | Self::Unreadable(_) | Self::TimedOut | Self::Missed(_) | Self::Unpublished(_) => None,
        }
    }
}

/// What is known of single records from earlier attempts.
#[derive(Debug, Default)]
pub struct Knowledge {
    topic_id: Option<TopicId>,
    /// MySQL refuses these.
    pub verdicts: HashMap<Position, Verdict>,
    /// Letters that the dead-letter topic has acknowledged.
    pub published: HashMap<Position, &'static str>,
}

impl Knowledge {
    fn is_published(&self, letter: &Letter) -> bool {
        self.published.get(&letter.at) == Some(&letter.reason)
    }

    /// Positions mean something in one topic only: all is forgotten when that is another one.
    pub fn of_topic(&mut self, topic_id: &TopicId) {
        if self.topic_id.as_ref() != Some(topic_id) {
            *self = Self { topic_id: Some(topic_id.clone()), ..Self::default() };
        }
    }

    /// The batch is committed: what was known of its records is of no more use.
    pub fn forget(&mut self, batch: &Batch) {
        if self.verdicts.is_empty() && self.published.is_empty() {
            return;
        }
        for record in batch.records() {
            self.verdicts.remove(&record.at);
            self.published.remove(&record.at);
        }
    }

    /// Records that were refused are tried again as if for the first time, but for those whose letter is out already: what refused
    /// them all may be mended meanwhile.
    pub fn reconsider(&mut self) {
        let published = &self.published;
        self.verdicts.retain(|at, _| published.contains_key(at));
    }

    /// Attempts so far, for headers and rows.
    pub fn attempts(&self, at: Position) -> u32 {
        self.verdicts.get(&at).map_or(1, |verdict| verdict.attempts)
    }
}

/// A committed batch.
#[derive(Debug)]
pub struct Committed {
    /// What became of each partition's records.
    pub totals: BTreeMap<i32, Totals>,
    /// Orders by their end state.
    pub statuses: Vec<&'static str>,
    /// Reasons of the dead letters in it.
    pub letters: Vec<&'static str>,
    /// How long COMMIT alone took: however many orders are in it, it is the database's own pace.
    pub commit: Duration,
}

/// Where batches go.
#[derive(Clone, Debug)]
pub struct Store {
    pool: MySqlPool,
    topic: String,
}

impl Store {
    /// `topic`: its name, for the rows of dead letters.
    pub fn new(pool: MySqlPool, topic: &str) -> Self {
        Self { pool, topic: topic.to_owned() }
    }

    /// The pool.
    pub fn pool(&self) -> &MySqlPool {
        &self.pool
    }

    /// Runs a batch. On any error nothing of it is stored, but for one case: no answer to COMMIT leaves that open, and then the
    /// next attempt's compare-and-set tells.
    pub async fn apply(&self, batch: &Batch, known: &Knowledge) -> Result<Committed, StoreError> {
        timeout(LIMIT, self.attempt(batch, known)).await.unwrap_or(Err(StoreError::TimedOut))
    }

    /// Wherever this ends early its connection is closed with it: nobody waits for an answer that may never come.
    async fn attempt(&self, batch: &Batch, known: &Knowledge) -> Result<Committed, StoreError> {
        let mut lease = Lease::of(&self.pool).await?;
        let mut transaction = lease.connection().begin().await?;
        let error = match self.run(&mut transaction, batch, known).await {
            Ok(committed) => {
                let began = Instant::now();
                transaction.commit().await?;
                lease.give_back();
                return Ok(Committed { commit: began.elapsed(), ..committed });
            }
            Err(error) => error,
        };
        // At once, not when the connection is used next: others wait for these locks. A connection that cannot even roll back
        // is gone, and the server rolls back for it.
        let whole = transaction.rollback().await.is_ok();
        // A session keeps the rights on its database that it began with: only a new one sees them given back.
        if whole && !matches!(error.class(), Some((Class::Systemic, _))) {
            lease.give_back();
        }
        Err(error)
    }

    async fn run(
        &self,
        connection: &mut MySqlConnection,
        batch: &Batch,
        known: &Knowledge,
    ) -> Result<Committed, StoreError> {
        let events: Vec<_> = batch.records().map(|record| read(record, known.verdicts.get(&record.at))).collect();
        let loaded = load::load(connection, batch, &events).await?;
        let outcome = fold(loaded.state, events);
        let records = letters::by_position(batch.records().map(AsRef::as_ref));
        let rows: Vec<_> = outcome
            .letters
            .iter()
            .map(|letter| letters::Row { letter, record: records[&letter.at], attempts: known.attempts(letter.at) })
            .filter(|row| !loaded.recorded.contains(&(row.letter.at, row.record.value_hash())))
            .collect();
        let unpublished: Vec<Letter> =
            rows.iter().map(|row| row.letter).filter(|letter| !known.is_published(letter)).cloned().collect();
        if !unpublished.is_empty() {
            return Err(StoreError::Unpublished(unpublished));
        }
        write::write(connection, batch, &outcome, |plan| {
            letters::insert(plan, &self.topic, &batch.topic_id, &rows);
        })
        .await?;
        Ok(committed(&outcome))
    }
}

fn committed(outcome: &Outcome) -> Committed {
    let new = outcome.inserts.iter().map(|order| order.status);
    let changed = outcome.changes.iter().map(|change| change.to);
    Committed {
        totals: outcome.totals.clone(),
        statuses: new.chain(changed).map(crate::fold::Status::as_str).collect(),
        letters: outcome.letters.iter().map(|letter| letter.reason).collect(),
        commit: Duration::ZERO,
    }
}
