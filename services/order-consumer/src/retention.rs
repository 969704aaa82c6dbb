//! Removes processed records that are older than they are kept: nothing unprocessed ever expires (the topic itself keeps everything),
//! and personal data does not stay for ever. Whoever owns a partition removes its records, by Kafka's DeleteRecords.
//!
//! The bound is MySQL's `next`, read right before, and never Kafka's committed offset: that one is ahead after the database was
//! put back. Age counts by the broker's clock; a topic whose producers write the time is left alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kafka_offsets::{Isolation, OffsetsError, Spec, TopicId, describe_topics, list_offsets};
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use service_runtime::CancellationToken;
use service_runtime::database::Database;

use crate::hand::Stage;
use crate::metrics::Metrics;
use crate::shared::Shared;
use crate::store;

/// Between two rounds.
const EVERY: Duration = Duration::from_secs(60);
/// Before the first round, and between rounds while no partition has its place.
const SOON: Duration = Duration::from_secs(3);
/// Longest wait for an answer of the cluster.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Kafka's name for times that the broker sets.
const BROKERS_TIME: &str = "LogAppendTime";

/// The task and what it needs.
pub struct Retention {
    /// For questions to the cluster and the removal.
    pub admin: Arc<AdminClient<DefaultClientContext>>,
    /// MySQL.
    pub database: Database,
    /// The topic.
    pub topic: String,
    /// Whose partitions are ours.
    pub shared: Arc<Shared>,
    /// Metrics.
    pub metrics: Metrics,
    /// How long processed records stay.
    pub keep: Duration,
}

/// Why a round did nothing; the next one tries again.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error("Kafka does not say where the logs are")]
    Offsets(#[from] OffsetsError),
    #[error("Kafka does not remove")]
    Kafka(#[from] KafkaError),
    #[error("the database does not say what is processed")]
    Database(#[from] sqlx::Error),
    #[error(
        "the topic's message.timestamp.type is {0}: only the broker's own time ({BROKERS_TIME}) says how old a record is"
    )]
    OthersTime(String),
    #[error("the round was interrupted")]
    Interrupted,
}

impl Retention {
    /// Runs until shutdown.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let mut wait = SOON;
        let mut reported = None;
        while shutdown.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
            let ours = self.ours();
            wait = if ours.is_empty() { SOON } else { EVERY };
            if let Some(Err(error)) = shutdown.run_until_cancelled(self.round(&ours)).await {
                let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                // Once per cause, not once a minute.
                if reported.as_ref() != Some(&cause) {
                    tracing::warn!(%error, cause, "processed records are not removed; trying again each minute");
                    reported = Some(cause);
                }
            } else {
                reported = None;
            }
        }
        Ok(())
    }

    /// Partitions that this process works on, with their topic's id.
    fn ours(&self) -> BTreeMap<i32, TopicId> {
        let places = self.shared.hand().places();
        let running = places.into_iter().filter(|(_, _, _, stage)| *stage == Stage::Running);
        running.map(|(partition, topic_id, ..)| (partition, topic_id)).collect()
    }

    async fn round(&self, ours: &BTreeMap<i32, TopicId>) -> Result<(), RoundError> {
        if ours.is_empty() {
            return Ok(());
        }
        self.check_times().await?;
        let id = self.topic_id().await?;
        let partitions: Vec<i32> = ours.iter().filter(|(_, of)| **of == id).map(|(partition, _)| *partition).collect();
        let young = Timestamp::now().as_millisecond() - i64::try_from(self.keep.as_millis()).unwrap_or(i64::MAX);
        let starts = self.offsets(&partitions, Spec::Earliest).await?;
        let young = self.offsets(&partitions, Spec::Timestamp(young)).await?;
        let next: BTreeMap<i32, i64> = store::read_all(self.database.pool(), &id).await?.into_iter().collect();
        let mut list = TopicPartitionList::new();
        let mut removed = 0;
        for partition in partitions {
            // A partition of which anything is unknown is left alone.
            let (Some(start), Some(young), Some(next)) =
                (starts.get(&partition), young.get(&partition), next.get(&partition))
            else {
                continue;
            };
            if let Some(below) = removable(*start, *next, *young) {
                list.add_partition_offset(&self.topic, partition, Offset::Offset(below))?;
                removed += below.abs_diff(*start);
            }
        }
        if list.count() == 0 {
            return Ok(());
        }
        let options = AdminOptions::new().request_timeout(Some(TIMEOUT));
        for element in self.admin.delete_records(&list, &options).await?.elements() {
            element.error()?;
        }
        self.metrics.removed.inc_by(removed);
        tracing::info!(partitions = list.count(), offsets = removed, "processed records removed");
        Ok(())
    }

    async fn check_times(&self) -> Result<(), RoundError> {
        let options = AdminOptions::new().request_timeout(Some(TIMEOUT));
        let topic = ResourceSpecifier::Topic(&self.topic);
        let mut found = String::from("unknown");
        for described in self.admin.describe_configs([&topic], &options).await? {
            let described = described.map_err(KafkaError::AdminOp)?;
            if let Some(value) = described.get("message.timestamp.type").and_then(|entry| entry.value.clone()) {
                found = value;
            }
        }
        if found == BROKERS_TIME { Ok(()) } else { Err(RoundError::OthersTime(found)) }
    }

    async fn topic_id(&self) -> Result<TopicId, RoundError> {
        let (admin, topic) = (self.admin.clone(), self.topic.clone());
        let answer = blocking(move || describe_topics(admin.inner(), &[&topic], TIMEOUT)).await?;
        Ok(answer.into_values().next().unwrap_or(Err(OffsetsError::Timeout))?.id)
    }

    /// Partitions without an answer are left out.
    async fn offsets(&self, partitions: &[i32], spec: Spec) -> Result<BTreeMap<i32, i64>, RoundError> {
        let (admin, topic, partitions) = (self.admin.clone(), self.topic.clone(), partitions.to_vec());
        let answers = blocking(move || {
            let asked: Vec<_> = partitions.iter().map(|partition| (topic.as_str(), *partition, spec)).collect();
            list_offsets(admin.inner(), &asked, Isolation::Uncommitted, TIMEOUT)
        })
        .await?;
        Ok(answers.into_iter().filter_map(|((_, partition), offset)| Some((partition, offset.ok()?))).collect())
    }
}

/// Everything below this offset may go; none: there is nothing to remove. `young`: the first record that is to be kept for its age,
/// -1 when there is none.
fn removable(start: i64, next: i64, young: i64) -> Option<i64> {
    let below = if young < 0 { next } else { young.min(next) };
    (below > start).then_some(below)
}

async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, OffsetsError> + Send + 'static,
) -> Result<T, RoundError> {
    Ok(tokio::task::spawn_blocking(ask).await.map_err(|_| RoundError::Interrupted)??)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::all_old_and_processed(0, 9, -1, Some(9))]
    #[case::old_but_not_processed(0, 4, -1, Some(4))]
    #[case::young_ones_stay(0, 9, 3, Some(3))]
    #[case::never_above_next(0, 3, 9, Some(3))]
    #[case::nothing_old(5, 9, 5, None)]
    #[case::nothing_processed(5, 5, -1, None)]
    #[case::row_below_the_log(5, 2, -1, None)]
    fn below_next_and_old(#[case] start: i64, #[case] next: i64, #[case] young: i64, #[case] expected: Option<i64>) {
        assert_eq!(removable(start, next, young), expected);
    }
}
