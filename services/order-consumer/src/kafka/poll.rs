//! The poll loop: records into the hand, the hand's orders to the consumer. It never waits for the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{ClientConfig, Offset, Timestamp, TopicPartitionList};
use service_runtime::{CancellationToken, Component};

use super::Context;
use super::commit::Commits;
use crate::position::Position;
use crate::record::Record;
use crate::shared::Shared;

/// How long one poll waits for a record; bounds how late an order of the hand is carried out.
const POLL: Duration = Duration::from_millis(20);
/// Records taken in a row before the hand's orders are looked at.
const BURST: usize = 500;

/// A consumer for the group. `config` is the connection's.
pub fn consumer(
    mut config: ClientConfig,
    group: &str,
    shared: Arc<Shared>,
) -> Result<BaseConsumer<Context>, KafkaError> {
    config
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // MySQL knows where to go on. An offset that the log does not have is something to look at, not to skip.
        .set("auto.offset.reset", "error")
        .set("isolation.level", "read_committed")
        .set("partition.assignment.strategy", "cooperative-sticky")
        // A consumer that is frozen or cut off loses its partitions after this; librdkafka's own thread sends the heartbeats,
        // so a long batch does not count as silence.
        .set("session.timeout.ms", "10000")
        .set("heartbeat.interval.ms", "2000")
        .set("enable.partition.eof", "true")
        .set("allow.auto.create.topics", "false")
        // A topic that is deleted and made anew is noticed within this time.
        .set("topic.metadata.refresh.interval.ms", "10000")
        // Fetched ahead, beyond what is in hand. A pause throws it away, so it is small.
        .set("queued.min.messages", "2000")
        .set("queued.max.messages.kbytes", "8192")
        .set("fetch.wait.max.ms", "100")
        .set_log_level(RDKafkaLogLevel::Warning);
    config.create_with_context(Context::new(shared))
}

/// The poll loop and what it needs.
pub struct PollThread {
    /// The consumer; it leaves the group when this is dropped.
    pub consumer: BaseConsumer<Context>,
    /// The topic.
    pub topic: String,
    /// The hand.
    pub shared: Arc<Shared>,
    /// `kafka` in `/healthz`.
    pub health: Component,
}

impl PollThread {
    /// Polls until `stop`, then commits for the last time and leaves the group. Cancel `stop` after the workers are done.
    pub fn run(self, stop: &CancellationToken) -> Result<(), KafkaError> {
        self.consumer.subscribe(&[&self.topic])?;
        let mut commits = Commits::new(&self.topic);
        while !stop.is_cancelled() {
            let mut wait = POLL;
            for _ in 0..BURST {
                match self.consumer.poll(wait) {
                    None => break,
                    Some(Ok(message)) => self.take(&message),
                    Some(Err(error)) => self.error(error)?,
                }
                wait = Duration::ZERO;
            }
            self.obey();
            commits.tell(&self.consumer, &self.shared, Instant::now());
        }
        commits.last_time(&self.consumer, &self.shared);
        Ok(())
    }

    fn take(&self, message: &BorrowedMessage<'_>) {
        if let Some(worker) = self.shared.hand().offer(record(message)) {
            self.shared.wake(worker);
        }
    }

    fn error(&self, error: KafkaError) -> Result<(), KafkaError> {
        match error {
            KafkaError::PartitionEOF(partition) => self.shared.hand().reached_end(partition),
            KafkaError::MessageConsumptionFatal(_) => return Err(error),
            // The log does not have the offset that a partition stands at. Which one is not said: look at all.
            KafkaError::MessageConsumption(
                RDKafkaErrorCode::AutoOffsetReset
                | RDKafkaErrorCode::OffsetOutOfRange
                | RDKafkaErrorCode::LogTruncation,
            ) => {
                tracing::warn!(%error, "a partition stands outside its log");
                let mut hand = self.shared.hand();
                hand.assigned().into_iter().for_each(|partition| hand.relocate(partition));
                self.shared.ask_for_places();
            }
            KafkaError::MessageConsumption(RDKafkaErrorCode::AllBrokersDown) => self.health.down("no broker answers"),
            error => tracing::warn!(%error, "Kafka consumer"),
        }
        Ok(())
    }

    fn obey(&self) {
        let orders = self.shared.hand().orders();
        if !orders.pause.is_empty() {
            self.tell("pause", self.consumer.pause(&self.list(&orders.pause)));
        }
        for (partition, to) in orders.seek {
            if self.seek(partition, to) {
                self.shared.hand().sought(partition, to);
            }
        }
        if !orders.resume.is_empty() {
            self.tell("resume", self.consumer.resume(&self.list(&orders.resume)));
        }
    }

    /// A seek needs a partition whose fetcher runs. It does not yet right after an assignment, and no longer after an
    /// out-of-range error; then the partition is taken off and put on again at the offset, paused.
    fn seek(&self, partition: i32, to: i64) -> bool {
        let at = self.list_at(partition, to);
        let sought = self.consumer.seek_partitions(at, Duration::from_secs(1));
        let failed = match &sought {
            Ok(list) => list.elements().iter().find_map(|element| element.error().err()),
            Err(error) => Some(error.clone()),
        };
        let Some(error) = failed else { return true };
        tracing::debug!(%error, partition, to, "seek refused; assigning anew");
        let list = self.list_at(partition, to);
        let done = self
            .consumer
            .incremental_unassign(&list)
            .and_then(|()| self.consumer.incremental_assign(&list))
            .and_then(|()| self.consumer.pause(&list));
        self.tell("assign anew", done)
    }

    fn tell(&self, what: &str, result: Result<(), KafkaError>) -> bool {
        if let Err(error) = &result {
            tracing::warn!(%error, "Kafka consumer: cannot {what}");
        }
        result.is_ok()
    }

    fn list(&self, partitions: &[i32]) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(&self.topic, *partition);
        }
        list
    }

    fn list_at(&self, partition: i32, offset: i64) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        // An offset of a row is never negative, which is all that this can refuse.
        let _ = list.add_partition_offset(&self.topic, partition, Offset::Offset(offset));
        list
    }
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
    });
    let timestamp = message.timestamp();
    Record {
        at: Position { partition: message.partition(), offset: message.offset() },
        timestamp: timestamp.to_millis(),
        log_append_time: matches!(timestamp, Timestamp::LogAppendTime(_)),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers,
    }
}
