//! Kafka's side: the log, read without a group, by whoever may read the topic.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kafka_offsets::{Isolation, OffsetsError, Spec, TopicDescription, describe_topics, list_offsets};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::record::Said;

const TIMEOUT: Duration = Duration::from_secs(20);
/// Longest time without any record.
const PATIENCE: Duration = Duration::from_secs(60);

/// An offset by partition.
pub type Positions = BTreeMap<i32, i64>;

/// The topic of orders on one Kafka.
pub struct Log {
    consumer: BaseConsumer,
    topic: String,
}

/// Why the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// There is no such topic.
    #[error("topic {0} does not exist on this Kafka, or this user may not see it")]
    NoTopic(String),
    /// A question to the cluster has no answer.
    #[error("Kafka does not answer: {0}")]
    Question(#[from] OffsetsError),
    /// The client itself.
    #[error("Kafka: {0}")]
    Client(#[from] KafkaError),
    /// Nothing came.
    #[error("the log could not be read to its end: nothing came for {PATIENCE:?}")]
    Silent,
}

impl Log {
    /// `config`: what a client needs to connect. Every call of the result blocks its thread.
    pub fn open(config: &ClientConfig, topic: &str) -> Result<Self, LogError> {
        let mut config = config.clone();
        // A consumer must name a group even when it never joins it.
        config
            .set("group.id", "orderctl")
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed")
            // What retention takes away while we read is skipped; who asks for `starts` afterwards sees it.
            .set("auto.offset.reset", "earliest")
            .set("enable.partition.eof", "true")
            .set("fetch.wait.max.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("queued.max.messages.kbytes", "16384");
        Ok(Self { consumer: config.create()?, topic: topic.to_owned() })
    }

    /// The topic's id and partitions.
    pub fn describe(&self) -> Result<TopicDescription, LogError> {
        let answer = describe_topics(self.consumer.client(), &[&self.topic], TIMEOUT)?;
        match answer.into_values().next().unwrap_or(Err(OffsetsError::Timeout)) {
            Err(error) if error.is_unknown_topic() => Err(LogError::NoTopic(self.topic.clone())),
            answer => Ok(answer?),
        }
    }

    /// Where each partition's log starts.
    pub fn starts(&self, partitions: usize) -> Result<Positions, LogError> {
        self.positions(partitions, Spec::Earliest, Isolation::Uncommitted)
    }

    /// Up to where each can be read: no record of an open transaction lies below.
    pub fn ends(&self, partitions: usize) -> Result<Positions, LogError> {
        self.positions(partitions, Spec::Latest, Isolation::Committed)
    }

    /// Where each ends, records of open transactions included.
    pub fn high_watermarks(&self, partitions: usize) -> Result<Positions, LogError> {
        self.positions(partitions, Spec::Latest, Isolation::Uncommitted)
    }

    fn positions(&self, partitions: usize, spec: Spec, isolation: Isolation) -> Result<Positions, LogError> {
        let count = i32::try_from(partitions).unwrap_or(i32::MAX);
        let asked: Vec<_> = (0..count).map(|partition| (self.topic.as_str(), partition, spec)).collect();
        let answers = list_offsets(self.consumer.client(), &asked, isolation, TIMEOUT)?;
        answers.into_iter().map(|((_, partition), offset)| Ok((partition, offset?))).collect()
    }

    /// Gives every record from `from` up to `to` to `each`, a partition's in order: partition, offset, what it says.
    pub fn read(&self, from: &Positions, to: &Positions, mut each: impl FnMut(i32, i64, Said)) -> Result<(), LogError> {
        let mut open = TopicPartitionList::new();
        let mut left = BTreeMap::new();
        for (partition, end) in to {
            let start = from.get(partition).copied().unwrap_or(0);
            if start < *end {
                open.add_partition_offset(&self.topic, *partition, Offset::Offset(start))?;
                left.insert(*partition, *end);
            }
        }
        self.consumer.assign(&open)?;
        let mut silent_since = Instant::now();
        while !left.is_empty() {
            let done = match self.consumer.poll(Duration::from_millis(200)) {
                Some(Ok(record)) => {
                    silent_since = Instant::now();
                    let (partition, offset) = (record.partition(), record.offset());
                    let end = left.get(&partition).copied().unwrap_or(i64::MIN);
                    if offset < end {
                        each(partition, offset, said(&record));
                    }
                    // Behind the last record there may be markers, which are never given to us.
                    (offset + 1 >= end).then_some(partition)
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => Some(partition),
                Some(Err(error)) => {
                    // librdkafka goes on by itself after errors of the connection; those of rights or names it repeats.
                    if silent_since.elapsed() > PATIENCE {
                        return Err(error.into());
                    }
                    None
                }
                None if silent_since.elapsed() > PATIENCE => return Err(LogError::Silent),
                None => None,
            };
            if let Some(partition) = done.filter(|partition| left.remove(partition).is_some()) {
                let mut done = TopicPartitionList::new();
                done.add_partition(&self.topic, partition);
                self.consumer.pause(&done)?;
            }
        }
        self.consumer.unassign()?;
        Ok(())
    }
}

fn said(record: &BorrowedMessage<'_>) -> Said {
    let headers = record.headers();
    Said::of(record.payload(), |name| {
        let all = headers?;
        let found = (0..all.count()).rev().map(|index| all.get(index)).find(|header| header.key == name)?;
        std::str::from_utf8(found.value?).ok()
    })
}
