//! Kafka's log of orders, read from outside: the side of the ledger that neither clients nor tables know.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use order_events::header;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::ledger::Place;
use crate::patience::PATIENCE;

/// For one call; reading a run may take as long as all that waits.
const CALL: Duration = Duration::from_secs(60);

/// Next offset by partition.
pub type Ends = BTreeMap<i32, i64>;

/// The topic of orders on one Kafka.
#[derive(Clone, Debug)]
pub struct OrderLog {
    config: ClientConfig,
    topic: String,
}

impl OrderLog {
    /// `config` holds what a client needs to connect.
    pub fn new(mut config: ClientConfig, topic: &str) -> Self {
        // A consumer must name a group even when it never joins it.
        config.set("group.id", "e2e-reader").set("enable.auto.commit", "false").set("reconnect.backoff.max.ms", "1000");
        Self { config, topic: topic.to_owned() }
    }

    /// The topic's name.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Makes the topic and the one of its dead letters.
    pub async fn create(&self, partitions: i32) -> Result<()> {
        let admin: AdminClient<DefaultClientContext> = self.config.create()?;
        let letters = order_events::dead_letter_topic(&self.topic);
        let topics = [&self.topic, &letters].map(|name| {
            NewTopic::new(name, partitions, TopicReplication::Fixed(1))
                .set("retention.ms", "-1")
                .set("message.timestamp.type", "LogAppendTime")
        });
        for made in admin.create_topics(&topics, &AdminOptions::new()).await? {
            made.map_err(|(name, code)| anyhow::anyhow!("cannot create topic {name}: {code}"))?;
        }
        Ok(())
    }

    /// Appends one record as it is, whatever it holds.
    pub async fn append(&self, key: &str, headers: &[(&str, &str)], value: &[u8]) -> Result<()> {
        let producer: FutureProducer = self.config.create()?;
        let all = headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(*value) }));
        let record = FutureRecord::to(&self.topic).key(key).headers(all).payload(value);
        producer.send(record, CALL).await.map_err(|(error, _)| error)?;
        Ok(())
    }

    /// Where each partition ends now.
    pub async fn ends(&self) -> Result<Ends> {
        let log = self.clone();
        tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer = log.config.create()?;
            log.partitions(&consumer)?
                .into_iter()
                .map(|partition| {
                    let (_, end) = consumer.fetch_watermarks(&log.topic, partition, CALL)?;
                    Ok((partition, end))
                })
                .collect()
        })
        .await?
    }

    /// Where the create records without `replay-of` between two ends are, by order number.
    pub async fn creates(&self, from: &Ends, to: &Ends) -> Result<BTreeMap<String, Vec<Place>>> {
        let (log, from, to) = (self.clone(), from.clone(), to.clone());
        tokio::task::spawn_blocking(move || log.read(&from, &to)).await?
    }

    fn partitions(&self, consumer: &BaseConsumer) -> Result<Vec<i32>> {
        let metadata = consumer.fetch_metadata(Some(&self.topic), CALL)?;
        let topic = metadata.topics().first().context("the broker does not answer about the topic")?;
        ensure!(!topic.partitions().is_empty(), "topic {} does not exist", self.topic);
        Ok(topic.partitions().iter().map(rdkafka::metadata::MetadataPartition::id).collect())
    }

    fn read(&self, from: &Ends, to: &Ends) -> Result<BTreeMap<String, Vec<Place>>> {
        let mut config = self.config.clone();
        // The end of a partition is told even when transaction markers are the last thing in it.
        config.set("enable.partition.eof", "true");
        let consumer: BaseConsumer = config.create()?;
        let mut open = TopicPartitionList::new();
        for (partition, end) in to {
            let start = from.get(partition).copied().unwrap_or(0);
            if start < *end {
                open.add_partition_offset(&self.topic, *partition, Offset::Offset(start))?;
            }
        }
        let mut left = open.count();
        consumer.assign(&open)?;
        let mut creates: BTreeMap<String, Vec<Place>> = BTreeMap::new();
        let (deadline, mut last) = (Instant::now() + PATIENCE, None);
        while left > 0 {
            ensure!(Instant::now() < deadline, "the log could not be read to its end within {PATIENCE:?}: {last:?}");
            match consumer.poll(Duration::from_millis(200)) {
                Some(Ok(record)) if record.offset() < to[&record.partition()] => {
                    if let Some(number) = created(&record) {
                        creates.entry(number).or_default().push((record.partition(), record.offset()));
                    }
                }
                Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => left -= 1,
                // The client tries again by itself: Kafka may just have come back.
                Some(Err(error)) => last = Some(error),
                Some(Ok(_)) | None => {}
            }
        }
        Ok(creates)
    }
}

/// The order number when the record is a first-hand create.
fn created(record: &BorrowedMessage<'_>) -> Option<String> {
    let headers = record.headers()?;
    let value = |name| {
        let found = headers.iter().find(|header| header.key == name)?;
        Some(String::from_utf8_lossy(found.value?).into_owned())
    };
    let is_create = value(header::EVENT_TYPE)? == "OrderPlaced" && value(header::REPLAY_OF).is_none();
    if is_create { value(header::ORDER_NUMBER) } else { None }
}
