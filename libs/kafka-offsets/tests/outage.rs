//! The calls against a Kafka that freezes, dies and comes back while it is asked: the process survives, no number is wrong,
//! and the right ones are known again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kafka_offsets::{GroupOffsets, GroupReader, Isolation, OffsetsError, Spec, describe_topics, list_offsets};
use local_servers::{Installed, Kafka};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const TOPIC: &str = "orders";
const PARTITIONS: [(&str, i32); 3] = [(TOPIC, 0), (TOPIC, 1), (TOPIC, 2)];
/// Shorter than any outage here: most answers come too late.
const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(30);
/// Between two looks, so that asking does not starve the broker.
const PAUSE: Duration = Duration::from_millis(20);
const FREEZES: usize = 8;
const RESTARTS: usize = 2;

/// Three partitions, of which the middle one holds five records; every group has committed three of them.
struct Scene {
    config: ClientConfig,
    admin: AdminClient<DefaultClientContext>,
}

impl Scene {
    async fn new(kafka: &Kafka) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", kafka.bootstrap()).set("reconnect.backoff.max.ms", "200");
        let scene = Self { admin: config.create().unwrap(), config };
        let topic = NewTopic::new(TOPIC, 3, TopicReplication::Fixed(1));
        scene.admin.create_topics([&topic], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
        let producer: BaseProducer = scene.config.create().unwrap();
        for _ in 0..5 {
            producer.send(BaseRecord::<(), str>::to(TOPIC).partition(1).payload("x")).unwrap();
        }
        producer.flush(LONG).unwrap();
        for group in (0..FREEZES).map(group) {
            let consumer: BaseConsumer = scene.config.clone().set("group.id", group).create().unwrap();
            let mut list = TopicPartitionList::new();
            list.add_partition_offset(TOPIC, 1, Offset::Offset(3)).unwrap();
            // The first commits of a new server find no coordinator yet.
            until("the offset is committed", || consumer.commit(&list, CommitMode::Sync).is_ok());
        }
        scene
    }

    fn reader(&self, group: &str) -> GroupReader {
        GroupReader::new(&self.config, group).unwrap()
    }

    /// Asks everything there is to ask; true when all of it was answered. No answer may be wrong.
    fn all_known(&self, readers: &mut [&mut GroupReader], timeout: Duration) -> bool {
        let mut known = true;
        for reader in readers {
            known &= right(reader.committed(&PARTITIONS, timeout));
        }
        let asked = PARTITIONS.map(|(topic, partition)| (topic, partition, Spec::Latest));
        match list_offsets(self.admin.inner(), &asked, Isolation::Committed, timeout) {
            Ok(ends) => {
                for ((_, partition), end) in ends {
                    known &= end.is_ok();
                    assert!(end.is_err() || end == Ok(if partition == 1 { 5 } else { 0 }), "{partition}: {end:?}");
                }
            }
            Err(_) => known = false,
        }
        match describe_topics(self.admin.inner(), &[TOPIC], timeout) {
            Ok(topics) => known &= topics[TOPIC].as_ref().is_ok_and(|topic| topic.partitions == 3),
            Err(_) => known = false,
        }
        known
    }
}

fn group(number: usize) -> String {
    format!("group-{number}")
}

fn right(answer: Result<GroupOffsets, OffsetsError>) -> bool {
    let expected = [None, Some(3), None].map(Ok);
    let expected: GroupOffsets =
        PARTITIONS.map(|(topic, partition)| (topic.to_owned(), partition)).into_iter().zip(expected).collect();
    assert!(answer.is_err() || answer == Ok(expected), "{answer:?}");
    answer.is_ok()
}

/// Fails after two minutes.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + 4 * LONG;
    while !so() {
        assert!(Instant::now() < deadline, "not so after two minutes: {what}");
        thread::sleep(PAUSE);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn answers_that_come_too_late_harm_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut kafka = Kafka::start(&Installed::from_env().unwrap(), folder.path()).unwrap();
    let scene = Scene::new(&kafka).await;
    let mut lasting = scene.reader(&group(0));
    until("everything is known", || scene.all_known(&mut [&mut lasting], LONG));

    for number in 0..FREEZES {
        kafka.process().freeze().unwrap();
        // One that knows its coordinator, one that looks for it, and one that gives up meanwhile.
        let mut fresh = scene.reader(&group(number));
        let mut given_up = scene.reader(&group(number));
        for _ in 0..3 {
            assert!(!scene.all_known(&mut [&mut lasting, &mut fresh, &mut given_up], SHORT), "it is frozen");
        }
        drop(given_up);
        kafka.process().thaw().unwrap();
        until("known after the freeze", || scene.all_known(&mut [&mut lasting, &mut fresh], SHORT));
    }

    for _ in 0..RESTARTS {
        let over = AtomicBool::new(false);
        let mut fresh = scene.reader(&group(1));
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    scene.all_known(&mut [&mut lasting, &mut fresh], SHORT);
                }
            });
            kafka.kill().unwrap();
            kafka.start_again().unwrap();
            over.store(true, Ordering::Relaxed);
        });
        until("known after the restart", || scene.all_known(&mut [&mut lasting, &mut fresh], SHORT));
    }
}
