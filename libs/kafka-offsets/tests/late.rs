//! Answers that come after the time that a call has: librdkafka's own mock of a broker gives them, so no Kafka is needed.
//! By its admin API, asking for a group's offsets ended the process here within a second.

use std::thread;
use std::time::{Duration, Instant};

use kafka_offsets::{GroupReader, Isolation, OffsetsError, Spec, list_offsets};
use rdkafka::admin::AdminClient;
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::mocking::MockCluster;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const TOPIC: &str = "orders";
const BROKER: i32 = 1;
const LATE: Duration = Duration::from_millis(300);
const SHORT: Duration = Duration::from_millis(30);
const LONG: Duration = Duration::from_secs(10);

#[test]
fn the_process_survives_and_the_numbers_come_back() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 2, 1).unwrap();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap_servers());
    let committer: BaseConsumer = config.clone().set("group.id", "group").create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(TOPIC, 1, Offset::Offset(3)).unwrap();
    until("it is committed", || committer.commit(&list, CommitMode::Sync).is_ok());
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let reader = || GroupReader::new(&config, "group").unwrap();
    let mut lasting = reader();
    until("it is known", || known(&mut lasting, LONG));

    for _ in 0..5 {
        cluster.broker_round_trip_time(BROKER, LATE).unwrap();
        // One has its coordinator, one looks for it, and one is gone before any answer.
        let mut fresh = reader();
        for _ in 0..3 {
            known(&mut lasting, SHORT);
            known(&mut fresh, SHORT);
            known(&mut reader(), SHORT);
            let asked = [(TOPIC, 0, Spec::Latest), (TOPIC, 1, Spec::Latest)];
            let ends = list_offsets(admin.inner(), &asked, Isolation::Committed, SHORT);
            assert!(matches!(ends, Err(OffsetsError::Timeout) | Ok(_)), "{ends:?}");
        }
        cluster.broker_round_trip_time(BROKER, Duration::ZERO).unwrap();
        until("it is known again", || known(&mut lasting, LONG) && known(&mut fresh, LONG));
    }
}

/// True when the answer came. It may fail to come, and must not be wrong.
fn known(reader: &mut GroupReader, timeout: Duration) -> bool {
    let answer = reader.committed(&[(TOPIC, 0), (TOPIC, 1)], timeout);
    let right = [((TOPIC.to_owned(), 0), Ok(None)), ((TOPIC.to_owned(), 1), Ok(Some(3)))].into();
    assert!(answer.is_err() || answer == Ok(right), "{answer:?}");
    answer.is_ok()
}

/// Fails after two minutes.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !so() {
        assert!(Instant::now() < deadline, "not so after two minutes: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
