//! Keeps every partition's place true: reads its row at assignment and after a lost compare-and-set, and every few seconds asks
//! the cluster whether the topic is still the same and where its logs start and end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_offsets::{
    Isolation, LogPosition, OffsetsError, Spec, TopicDescription, TopicId, describe_topics, list_offsets,
};
use rdkafka::admin::AdminClient;
use rdkafka::client::DefaultClientContext;
use service_runtime::database::{Database, Schema};
use service_runtime::{CancellationToken, Component};

use crate::classify::classify_error;
use crate::hand::Stage;
use crate::metrics::{Metrics, Partition};
use crate::place::{Place, Places};
use crate::shared::Shared;
use crate::store;

/// Between two looks at the cluster.
const EVERY: Duration = Duration::from_secs(5);
/// Before a failed look is repeated.
const RETRY: Duration = Duration::from_secs(1);
/// Longest wait for an answer of the cluster.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The newest migration that this code needs.
pub const REQUIRED_SCHEMA: i64 = 16;

/// The task and what it needs.
pub struct Locator {
    /// For questions to the cluster.
    pub admin: Arc<AdminClient<DefaultClientContext>>,
    /// MySQL.
    pub database: Database,
    /// The topic.
    pub topic: String,
    /// The hand.
    pub shared: Arc<Shared>,
    /// Metrics.
    pub metrics: Metrics,
    /// `kafka` in `/healthz`.
    pub kafka_health: Component,
    /// `database` in `/healthz`.
    pub database_health: Component,
}

/// Why a look did not succeed; it is repeated.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error("Kafka")]
    Kafka(#[from] OffsetsError),
    #[error("the database")]
    Database(#[from] sqlx::Error),
    #[error("the database schema has version {0}, this program needs {REQUIRED_SCHEMA}: the migrator has not run")]
    SchemaTooOld(i64),
    #[error("the look was interrupted")]
    Interrupted,
}

/// Log start, high watermark and last stable offset.
#[derive(Clone, Copy)]
struct Ends {
    start: i64,
    high: i64,
    stable: i64,
}

impl Locator {
    /// Runs until shutdown.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let mut places = Places::default();
        let mut last_look: Option<Instant> = None;
        let mut reported = None;
        loop {
            let mut wait = EVERY;
            let due = last_look.is_none_or(|last| last.elapsed() >= EVERY);
            if due || !self.shared.hand().to_locate().is_empty() {
                last_look = Some(Instant::now());
                match self.look(&mut places).await {
                    Ok(()) => reported = None,
                    Err(error) => {
                        // Unknown is never an old number.
                        self.metrics.lag.clear();
                        self.report(&error, &mut reported);
                        wait = RETRY;
                    }
                }
                if !self.shared.hand().to_locate().is_empty() {
                    wait = RETRY;
                }
            }
            tokio::select! {
                () = self.shared.places_asked() => {}
                () = tokio::time::sleep(wait) => {}
                () = shutdown.cancelled() => return Ok(()),
            }
        }
    }

    async fn look(&self, places: &mut Places) -> Result<(), LookError> {
        let description = self.describe().await?;
        // Before the logs are asked for their ends: a partition goes on meanwhile, and would seem to be ahead of its log.
        let (assigned, stood) = {
            let hand = self.shared.hand();
            (hand.assigned(), hand.places())
        };
        let ends = self.ends(&assigned).await?;
        self.kafka_health.up();
        self.recheck(stood, &description, &ends, places);
        self.compare_rows(&description).await?;
        let to_locate = self.shared.hand().to_locate();
        if !to_locate.is_empty() {
            self.check_schema().await?;
            for partition in to_locate {
                match ends.get(&partition) {
                    Some(ends) => self.locate(partition, &description, *ends, places).await?,
                    None => tracing::warn!(partition, "where its log starts and ends is unknown; looking again"),
                }
            }
            self.database_health.up();
        }
        self.measure(&description, &ends);
        Ok(())
    }

    /// Partitions that no longer stand where their log is, and stopped ones (a person may have moved their row).
    fn recheck(
        &self,
        stood: Vec<(i32, TopicId, i64, Stage)>,
        description: &TopicDescription,
        ends: &BTreeMap<i32, Ends>,
        places: &mut Places,
    ) {
        let mut hand = self.shared.hand();
        for (partition, topic_id, next, stage) in stood {
            let Some(ends) = ends.get(&partition) else { continue };
            match stage {
                Stage::Locating | Stage::Seeking => {}
                Stage::Stopped(_) => hand.relocate(partition),
                Stage::Running if topic_id != description.id => {
                    tracing::warn!(partition, "the topic was deleted and made anew");
                    hand.relocate(partition);
                }
                Stage::Running => {
                    let place = places.place(partition, next, ends.start, ends.high, Instant::now());
                    if !matches!(place, Place::At(_)) {
                        hand.astray(partition, next);
                    }
                }
            }
        }
    }

    /// Rows that were moved by hand or by a restore: an idle partition has no batch that would find out.
    async fn compare_rows(&self, description: &TopicDescription) -> Result<(), LookError> {
        let before = self.shared.hand().places();
        if before.is_empty() {
            return Ok(());
        }
        let rows: BTreeMap<i32, i64> =
            store::read_all(self.database.pool(), &description.id).await?.into_iter().collect();
        let mut hand = self.shared.hand();
        for (partition, topic_id, next, _) in before {
            if topic_id == description.id && rows.get(&partition) != Some(&next) {
                hand.astray(partition, next);
            }
        }
        Ok(())
    }

    async fn locate(
        &self,
        partition: i32,
        description: &TopicDescription,
        ends: Ends,
        places: &mut Places,
    ) -> Result<(), LookError> {
        let (pool, id) = (self.database.pool(), &description.id);
        let next = store::read_or_make(pool, &self.topic, id, partition, ends.start).await?;
        let label = Partition { partition };
        match places.place(partition, next, ends.start, ends.high, Instant::now()) {
            Place::At(next) => {
                self.metrics.gap.remove(&label);
                self.shared.hand().located(partition, id.clone(), next);
            }
            Place::Gap(missing) => {
                if self.metrics.gap.get_or_create(&label).set(missing) != missing {
                    tracing::error!(
                        partition,
                        next,
                        log_start = ends.start,
                        missing,
                        "records were removed before they were processed; the partition stops until `orderctl offsets accept-gap`"
                    );
                }
                self.shared.hand().stop(partition, id.clone(), next, missing);
            }
            Place::Ahead => tracing::warn!(partition, next, high_watermark = ends.high, "ahead of the log; waiting"),
            Place::Truncated => {
                if store::reset(pool, id, partition, next, ends.start).await? {
                    self.metrics.truncated.inc();
                    let log_start = ends.start;
                    tracing::error!(partition, next, log_start, "the log was truncated; starting at its start");
                }
            }
        }
        Ok(())
    }

    async fn check_schema(&self) -> Result<(), LookError> {
        match self.database.schema(REQUIRED_SCHEMA).await? {
            Schema::Usable => Ok(()),
            Schema::TooOld(found) => Err(LookError::SchemaTooOld(found)),
        }
    }

    fn measure(&self, description: &TopicDescription, ends: &BTreeMap<i32, Ends>) {
        let hand = self.shared.hand();
        let idle = hand.idle_at_end();
        let nexts: BTreeMap<i32, i64> = hand.places().into_iter().map(|(p, _, next, _)| (p, next)).collect();
        for partition in 0..i32::try_from(description.partitions).unwrap_or(i32::MAX) {
            let label = Partition { partition };
            match (nexts.get(&partition), ends.get(&partition)) {
                // Behind the last record there may be transaction markers, which are nothing to be processed.
                (Some(_), Some(_)) if idle.contains(&partition) => {
                    self.metrics.lag.get_or_create(&label).set(0);
                }
                (Some(next), Some(ends)) => {
                    self.metrics.lag.get_or_create(&label).set((ends.stable - next).max(0));
                }
                _ => {
                    self.metrics.lag.remove(&label);
                }
            }
        }
    }

    /// Logged once per cause, not once a second.
    fn report(&self, error: &LookError, reported: &mut Option<String>) {
        let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        if reported.as_ref() != Some(&cause) {
            tracing::warn!(%error, cause, "the places of partitions cannot be looked up; trying again");
            *reported = Some(cause);
        }
        match error {
            LookError::Kafka(error) => self.kafka_health.down(error.to_string()),
            LookError::Database(error) => self.database_health.down(classify_error(error).0.as_str()),
            LookError::SchemaTooOld(_) => self.database_health.down(error.to_string()),
            LookError::Interrupted => {}
        }
    }

    async fn describe(&self) -> Result<TopicDescription, LookError> {
        let (admin, topic) = (self.admin.clone(), self.topic.clone());
        let answer = blocking(move || describe_topics(admin.inner(), &[&topic], TIMEOUT)).await?;
        answer.into_values().next().unwrap_or(Err(OffsetsError::Timeout)).map_err(LookError::from)
    }

    /// A partition without an answer is left out: unknown is never 0.
    async fn ends(&self, partitions: &[i32]) -> Result<BTreeMap<i32, Ends>, LookError> {
        let (admin, topic, partitions) = (self.admin.clone(), self.topic.clone(), partitions.to_vec());
        let (starts, highs, stables) = blocking(move || {
            let ask = |spec, isolation| {
                let asked: Vec<_> = partitions.iter().map(|partition| (topic.as_str(), *partition, spec)).collect();
                list_offsets(admin.inner(), &asked, isolation, TIMEOUT)
            };
            let starts = ask(Spec::Earliest, Isolation::Uncommitted)?;
            Ok((starts, ask(Spec::Latest, Isolation::Uncommitted)?, ask(Spec::Latest, Isolation::Committed)?))
        })
        .await?;
        let of = |answers: &BTreeMap<LogPosition, Result<i64, OffsetsError>>, at: &LogPosition| {
            answers.get(at).and_then(|offset| offset.as_ref().ok().copied())
        };
        let ends =
            |at: &LogPosition| Some(Ends { start: of(&starts, at)?, high: of(&highs, at)?, stable: of(&stables, at)? });
        Ok(starts.keys().filter_map(|at| Some((at.1, ends(at)?))).collect())
    }
}

async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, OffsetsError> + Send + 'static,
) -> Result<T, LookError> {
    Ok(tokio::task::spawn_blocking(ask).await.map_err(|_| LookError::Interrupted)??)
}
