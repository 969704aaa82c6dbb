//! The calls against a real Kafka.

use std::time::{Duration, Instant};

use kafka_offsets::{
    Isolation, OffsetsError, Spec, TopicDescription, describe_topics, list_group_offsets, list_offsets,
};
use local_servers::{Installed, Kafka};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const TIMEOUT: Duration = Duration::from_secs(30);

fn config() -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", std::env::var("TEST_KAFKA_BOOTSTRAP").expect("cargo xtask test --integration"));
    config
}

/// Fails after a minute.
fn until(what: &str, so: impl Fn() -> bool) {
    let deadline = Instant::now() + 2 * TIMEOUT;
    while !so() {
        assert!(Instant::now() < deadline, "not so after a minute: {what}");
        std::thread::yield_now();
    }
}

struct Topic {
    admin: AdminClient<DefaultClientContext>,
    name: String,
}

impl Topic {
    async fn new(partitions: i32) -> Self {
        let topic = Self { admin: config().create().unwrap(), name: format!("offsets-{}", uuid::Uuid::new_v4()) };
        topic.make(partitions).await;
        topic
    }

    async fn make(&self, partitions: i32) {
        let topic = NewTopic::new(&self.name, partitions, TopicReplication::Fixed(1));
        self.admin.create_topics([&topic], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
        // Made by the controller; the broker that answers hears of it a moment later.
        // And it knows of a topic before it leads all partitions.
        let all: Vec<i32> = (0..partitions).collect();
        until("the topic is there with all partitions", || {
            self.describe().is_ok() && self.ends(&all, Spec::Latest).iter().all(Result::is_ok)
        });
    }

    fn describe(&self) -> Result<TopicDescription, OffsetsError> {
        describe_topics(self.admin.inner(), &[&self.name], TIMEOUT).unwrap().remove(&self.name).unwrap()
    }

    async fn send(&self, partition: i32, records: usize) {
        let producer: FutureProducer = config().create().unwrap();
        for _ in 0..records {
            let record = FutureRecord::<str, str>::to(&self.name).partition(partition).payload("x");
            producer.send(record, TIMEOUT).await.unwrap();
        }
    }

    fn ends(&self, partitions: &[i32], spec: Spec) -> Vec<Result<i64, OffsetsError>> {
        let asked: Vec<_> = partitions.iter().map(|partition| (self.name.as_str(), *partition, spec)).collect();
        list_offsets(self.admin.inner(), &asked, Isolation::Committed, TIMEOUT).unwrap().into_values().collect()
    }

    fn commit(&self, group: &str, partition: i32, offset: i64) {
        let consumer: BaseConsumer = config().set("group.id", group).create().unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.name, partition, Offset::Offset(offset)).unwrap();
        // The first commits of a new server find no coordinator yet.
        until("the offset is committed", || consumer.commit(&list, CommitMode::Sync).is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn a_topic_made_anew_has_another_id() {
    let topic = Topic::new(3).await;
    let names = [topic.name.as_str(), "no-such-topic"];
    let first = describe_topics(topic.admin.inner(), &names, TIMEOUT).unwrap();
    let described = first[&topic.name].clone().unwrap();
    assert_eq!((described.partitions, described.id.as_str().len()), (3, 22));
    assert!(first["no-such-topic"].as_ref().unwrap_err().is_unknown_topic());

    topic.admin.delete_topics(&[&topic.name], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
    until("the topic is gone", || topic.describe().is_err());
    topic.make(1).await;
    let second = topic.describe().unwrap();
    assert_ne!(second.id, described.id);
    assert_eq!(second.partitions, 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn starts_and_ends_of_many_partitions_at_once() {
    let topic = Topic::new(3).await;
    topic.send(1, 5).await;
    let mut below = TopicPartitionList::new();
    below.add_partition_offset(&topic.name, 1, Offset::Offset(2)).unwrap();
    topic.admin.delete_records(&below, &AdminOptions::new()).await.unwrap();
    assert_eq!(topic.ends(&[0, 1, 2], Spec::Earliest), [Ok(0), Ok(2), Ok(0)]);
    assert_eq!(topic.ends(&[0, 1, 2], Spec::Latest), [Ok(0), Ok(5), Ok(0)]);
    assert_eq!(topic.ends(&[1], Spec::Timestamp(i64::MAX)), [Ok(-1)]);
    // A partition that is not there is no 0, and no obstacle to the others.
    assert!(matches!(topic.ends(&[9], Spec::Latest)[..], [Err(_)]));
    assert!(matches!(topic.ends(&[0, 1, 9], Spec::Latest)[..], [Ok(0), Ok(5), Err(_)]));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn offsets_of_many_groups_at_once() {
    let topic = Topic::new(2).await;
    let groups: Vec<String> = (0..20).map(|n| format!("{}-g{n}", topic.name)).collect();
    for (group, offset) in groups.iter().zip(100_i64..) {
        topic.commit(group, 1, offset);
    }
    let mut names: Vec<&str> = groups.iter().map(String::as_str).collect();
    names.push("no-such-group");
    let ask = || list_group_offsets(topic.admin.inner(), &names, TIMEOUT).unwrap();
    // Each group has a coordinator of its own, which may be loading still.
    until("every coordinator answers", || ask().values().all(Result::is_ok));
    let answers = ask();
    assert_eq!(answers.len(), 21);
    for (group, offset) in groups.iter().zip(100_i64..) {
        let offsets = answers[group].as_ref().unwrap();
        assert_eq!(offsets.get(&(topic.name.clone(), 1)), Some(&Ok(Some(offset))));
        assert_eq!(offsets.get(&(topic.name.clone(), 0)), None, "never committed there");
    }
    assert!(answers["no-such-group"].as_ref().is_ok_and(std::collections::BTreeMap::is_empty));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn after_a_restart_the_leaders_new_epoch_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut kafka = Kafka::start(&Installed::from_env().unwrap(), folder.path()).unwrap();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.bootstrap()).set("reconnect.backoff.max.ms", "1000");
    let topic = Topic { admin: config.create().unwrap(), name: format!("offsets-{}", uuid::Uuid::new_v4()) };
    topic.make(3).await;
    assert_eq!(topic.ends(&[0, 1, 2], Spec::Latest), [Ok(0), Ok(0), Ok(0)]);
    kafka.kill().unwrap();
    kafka.start_again().unwrap();
    // A moment passes until the client has found the broker again; what it must not do is to stay with what it knew.
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let asked: Vec<_> = (0..3).map(|partition| (topic.name.as_str(), partition, Spec::Latest)).collect();
        let answer = list_offsets(topic.admin.inner(), &asked, Isolation::Committed, TIMEOUT);
        if answer.is_ok_and(|answer| answer.values().all(Result::is_ok)) {
            break;
        }
        assert!(Instant::now() < deadline, "the ends stay unknown");
    }
}

#[test]
fn no_broker_is_a_timeout_in_time() {
    let mut config = ClientConfig::new();
    // A port of the loopback's own that nobody listens on.
    config.set("bootstrap.servers", "127.0.0.1:1");
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let timeout = Duration::from_millis(300);
    let client = admin.inner();
    assert_eq!(describe_topics(client, &["t"], timeout).unwrap_err(), OffsetsError::Timeout);
    let asked = [("t", 0, Spec::Latest)];
    assert_eq!(list_offsets(client, &asked, Isolation::Committed, timeout).unwrap_err(), OffsetsError::Timeout);
    let groups = list_group_offsets(client, &["a", "b"], timeout).unwrap();
    assert!(groups.values().all(|group| *group == Err(OffsetsError::Timeout)));
    assert!(describe_topics(client, &["nul\0"], timeout).is_err_and(|error| matches!(error, OffsetsError::Name(_))));
}
