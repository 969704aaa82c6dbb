//! `orderctl verify`: nothing lost, nothing twice, nothing oversold, proven from Kafka's log and MySQL's tables while orders flow.
//!
//! The order of reads makes a false difference impossible:
//! 1. the log's starts: `next` never lies below them unless records were lost, and `next` only grows from here on;
//! 2. all tables in one consistent snapshot, `next` with them: an offset moves in the transaction that writes what its records
//!    meant, so in any snapshot every record below `next` has all its effects;
//! 3. the log, now that `next` is known: what lies below it is held against the snapshot, what lies above it waits.
//!
//! What retention removes from the log meanwhile is not checked, and said so.

mod check;
mod difference;
mod letters;
mod log;
mod orders;
mod record;
mod report;
mod stock;
mod tables;
mod totals;

pub use check::Waiting;
pub use difference::{Differences, Found, Kind};
pub use log::{Log, LogError, Positions};
pub use record::{Number, Said};
pub use report::{Difference, Report};
pub use totals::Ledger;

use rdkafka::ClientConfig;
use sqlx::mysql::MySqlConnectOptions;

use check::Check;

/// What is compared. No Debug: it holds passwords.
#[derive(Clone)]
pub struct Sources {
    /// The pipeline's schema.
    pub database: MySqlConnectOptions,
    /// What a client needs to connect.
    pub kafka: ClientConfig,
    /// The topic of orders.
    pub topic: String,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// MySQL.
    #[error("MySQL: {0}")]
    Database(#[from] sqlx::Error),
    /// Kafka.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Another life of the topic than at the start.
    #[error("topic {0} was deleted and made anew meanwhile: run this again")]
    TopicReplaced(String),
    /// The thread that reads ended early.
    #[error("reading the log was interrupted")]
    Interrupted,
}

/// Compares everything. Differences are part of the report, not an error.
pub async fn verify(sources: &Sources) -> Result<Report, VerifyError> {
    let mut differences = Differences::default();
    let (config, topic) = (sources.kafka.clone(), sources.topic.clone());
    let (log, description, first) = blocking(move || {
        let log = Log::open(&config, &topic)?;
        let description = log.describe()?;
        let starts = log.starts(description.partitions)?;
        Ok((log, description, starts))
    })
    .await?;
    let id = description.id.as_str().to_owned();
    let tables = tables::read(&sources.database, &id, &mut differences).await?;
    let check = Check::new(tables, &id);
    let topic = sources.topic.clone();
    blocking(move || read_log(&log, check, (&topic, &id), &first, differences)).await
}

fn read_log(
    log: &Log,
    mut check: Check,
    (topic, id): (&str, &str),
    first: &Positions,
    mut differences: Differences,
) -> Result<Report, VerifyError> {
    // Asked again: partitions that were added meanwhile may have rows by now.
    let partitions = same_topic(log, topic, id)?;
    let (from, to, highs) = (log.starts(partitions)?, log.ends(partitions)?, log.high_watermarks(partitions)?);
    for (partition, next) in check.next() {
        if let Some(start) = first.get(partition).filter(|start| next < start) {
            differences.add(Kind::Gap, || {
                let lost = start - next;
                format!("partition {partition}: {lost} offsets from {next} on were removed before they were processed; `orderctl offsets accept-gap` goes on behind them")
            });
        }
        if let Some(high) = highs.get(partition).filter(|high| next > high) {
            differences
                .add(Kind::AheadOfLog, || format!("partition {partition}: next is {next}, the log ends at {high}"));
        }
    }
    log.read(&from, &to, |partition, offset, said| check.record(partition, offset, said))?;
    same_topic(log, topic, id)?;
    let untouched = log.starts(partitions)?.values().all(|start| *start == 0);
    let one_life =
        check.tables.offsets.iter().all(|row| row.topic_id == id) && check.tables.letters.of_other_lives == 0;
    let whole = untouched && one_life;
    check.finish(id, whole);
    differences.extend(std::mem::take(&mut check.differences));
    Ok(Report::new(&check, whole, from, differences))
}

/// The number of partitions, while the topic is still the same.
fn same_topic(log: &Log, topic: &str, id: &str) -> Result<usize, VerifyError> {
    let description = log.describe()?;
    if description.id.as_str() == id {
        Ok(description.partitions)
    } else {
        Err(VerifyError::TopicReplaced(topic.to_owned()))
    }
}

async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, VerifyError> + Send + 'static,
) -> Result<T, VerifyError> {
    tokio::task::spawn_blocking(ask).await.map_err(|_| VerifyError::Interrupted)?
}
