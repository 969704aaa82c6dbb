//! A topic of a test's own, and what is in it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use order_events::OrderEvent;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use uuid::Uuid;

pub const PARTITIONS: i32 = 3;

pub fn shared_bootstrap() -> String {
    std::env::var("TEST_KAFKA_BOOTSTRAP").expect("TEST_KAFKA_BOOTSTRAP: cargo xtask test --integration sets it")
}

/// A new topic's name.
pub async fn make(bootstrap: &str) -> String {
    make_with(bootstrap, &[]).await
}

/// A new topic's name; `settings` are the topic's own. Waits until the broker leads its partitions.
pub async fn make_with(bootstrap: &str, settings: &[(&str, &str)]) -> String {
    let name = format!("orders-{}", Uuid::now_v7());
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().unwrap();
    let topic = NewTopic::new(&name, PARTITIONS, TopicReplication::Fixed(1));
    let topic = settings.iter().fold(topic, |topic, (key, value)| topic.set(key, value));
    let results = admin.create_topics([&topic], &AdminOptions::new()).await.unwrap();
    results[0].as_ref().expect("the topic is made");
    crate::api::eventually("the topic has its leaders", || async {
        let metadata = admin.inner().fetch_metadata(Some(&name), Duration::from_secs(30)).ok()?;
        let partitions = metadata.topics().first()?.partitions();
        let led = partitions.iter().filter(|partition| partition.leader() >= 0).count();
        (led == PARTITIONS as usize).then_some(())
    })
    .await;
    name
}

/// One record, as far as the contract speaks of it.
#[derive(Clone, Debug)]
pub struct Record {
    pub key: String,
    pub partition: i32,
    pub event: OrderEvent,
    pub headers: BTreeMap<String, String>,
}

/// Everything that is committed in the topic, once a reader's position is the end of each partition: nothing is open
/// or held up any more. Fails when that is not so within two minutes.
pub async fn read(bootstrap: &str, topic: &str) -> Vec<Record> {
    let (bootstrap, topic) = (bootstrap.to_owned(), topic.to_owned());
    tokio::task::spawn_blocking(move || read_blocking(&bootstrap, &topic)).await.unwrap()
}

fn read_blocking(bootstrap: &str, topic: &str) -> Vec<Record> {
    let client = |isolation: &str| -> BaseConsumer {
        ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("group.id", "not-used")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("isolation.level", isolation)
            .create()
            .unwrap()
    };
    // A reader of committed records is told the last stable offset as the end.
    let (consumer, of_everything) = (client("read_committed"), client("read_uncommitted"));
    let mut partitions = TopicPartitionList::new();
    let mut ends = BTreeMap::new();
    for partition in 0..PARTITIONS {
        partitions.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
        let (_, high) = of_everything.fetch_watermarks(topic, partition, Duration::from_secs(30)).unwrap();
        ends.insert(partition, high);
    }
    consumer.assign(&partitions).unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    let mut records = Vec::new();
    loop {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => records.push(record(&message)),
            Some(Err(KafkaError::PartitionEOF(_))) | None => {
                let position = consumer.position().unwrap();
                // A partition without any record has no position: there is nothing to read.
                let behind = ends.iter().filter(|(partition, end)| {
                    let at = position.find_partition(topic, **partition).map(|at| at.offset());
                    !matches!(at, Some(Offset::Offset(at)) if at >= **end) && **end > 0
                });
                if behind.count() == 0 {
                    return records;
                }
            }
            Some(Err(error)) => panic!("{error}"),
        }
        assert!(Instant::now() < deadline, "{ends:?} not within two minutes: {:?}", consumer.position());
    }
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
    let headers = message.headers().unwrap();
    Record {
        key: text(message.key()),
        partition: message.partition(),
        event: order_events::decode(message.payload().unwrap()).unwrap(),
        headers: headers.iter().map(|header| (header.key.to_owned(), text(header.value))).collect(),
    }
}
