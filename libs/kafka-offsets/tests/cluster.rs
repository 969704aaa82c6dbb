//! The calls against a real Kafka.

use std::time::{Duration, Instant};

use kafka_offsets::{GroupReader, Isolation, OffsetsError, Spec, TopicDescription, describe_topics, list_offsets};
use local_servers::{Installed, Kafka};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const TIMEOUT: Duration = Duration::from_secs(30);
/// Between two looks, so that asking does not starve the broker.
const PAUSE: Duration = Duration::from_millis(20);

fn config() -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", std::env::var("TEST_KAFKA_BOOTSTRAP").expect("cargo xtask test --integration"));
    config
}

/// Fails after two minutes.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + 4 * TIMEOUT;
    while !so() {
        assert!(Instant::now() < deadline, "not so after two minutes: {what}");
        std::thread::sleep(PAUSE);
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
        self.commit_as(&config().set("group.id", group).create().unwrap(), partition, offset);
    }

    fn commit_as(&self, consumer: &BaseConsumer, partition: i32, offset: i64) {
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
async fn a_groups_offsets_are_read_beside_its_members() {
    let topic = Topic::new(2).await;
    let group = format!("{}-group", topic.name);
    topic.commit(&group, 1, 100);
    let mut known = GroupReader::new(&config(), &group).unwrap();
    let mut unknown = GroupReader::new(&config(), "no-such-group").unwrap();
    // The last partition is not there.
    let asked = [0, 1, 9].map(|partition| (topic.name.as_str(), partition));
    let at = |partition| (topic.name.clone(), partition);
    let nothing = asked.map(|(_, partition)| (at(partition), Ok(None)));
    let expected = [(at(0), Ok(None)), (at(1), Ok(Some(100))), (at(9), Ok(None))];
    // Each group has a coordinator of its own, which may be loading still.
    until("both coordinators answer", || {
        known.committed(&asked, TIMEOUT).is_ok() && unknown.committed(&asked, TIMEOUT).is_ok()
    });
    assert_eq!(known.committed(&asked, TIMEOUT), Ok(expected.clone().into()));
    assert_eq!(unknown.committed(&asked, TIMEOUT), Ok(nothing.into()));
    assert_eq!(known.committed(&[], TIMEOUT), Ok([].into()));

    let member: BaseConsumer = config().set("group.id", &group).set("enable.auto.commit", "false").create().unwrap();
    member.subscribe(&[&topic.name]).unwrap();
    until("the member has all partitions", || {
        let _ = member.poll(Duration::from_millis(100));
        member.assignment().unwrap().count() == 2
    });
    assert_eq!(known.committed(&asked, TIMEOUT), Ok(expected.into()));
    let _ = member.poll(Duration::from_millis(100));
    assert_eq!(member.assignment().unwrap().count(), 2, "the reader takes nothing from it");
    // A member that has positions commits them; the reader sees what is committed now.
    topic.commit_as(&member, 1, 101);
    assert_eq!(known.committed(&[(&topic.name, 1)], TIMEOUT), Ok([(at(1), Ok(Some(101)))].into()));
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
    until("the ends are known again", || {
        let asked: Vec<_> = (0..3).map(|partition| (topic.name.as_str(), partition, Spec::Latest)).collect();
        let answer = list_offsets(topic.admin.inner(), &asked, Isolation::Committed, Duration::from_secs(5));
        answer.is_ok_and(|answer| answer.values().all(Result::is_ok))
    });
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
    let mut group = GroupReader::new(&config, "a").unwrap();
    assert_eq!(group.committed(&[("t", 0)], timeout), Err(OffsetsError::Timeout));
    assert!(group.committed(&[("nul\0", 0)], timeout).is_err_and(|error| matches!(error, OffsetsError::Name(_))));
    assert!(describe_topics(client, &["nul\0"], timeout).is_err_and(|error| matches!(error, OffsetsError::Name(_))));
}
