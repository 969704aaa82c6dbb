//! What cannot be read: in its topic, in its table, and its order FAILED.

use std::time::Duration;

use order_events::{OrderNumber, encode, header};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};

use crate::world::{World, number, order};

fn read_letters(world: &World, count: usize) -> Vec<rdkafka::message::OwnedMessage> {
    let bootstrap = std::env::var("TEST_KAFKA_BOOTSTRAP").unwrap();
    let reader: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", format!("{}-reader", world.topic))
        .set("auto.offset.reset", "earliest")
        .create()
        .unwrap();
    reader.subscribe(&[&world.dead_letter_topic()]).unwrap();
    let mut letters = Vec::new();
    for _ in 0..600 {
        if let Some(Ok(message)) = reader.poll(Duration::from_millis(100)) {
            letters.push(message.detach());
        }
        if letters.len() == count {
            return letters;
        }
    }
    panic!("{} letters of {count}", letters.len());
}

fn headers_of(number: OrderNumber) -> Vec<(&'static str, String)> {
    vec![(header::ORDER_NUMBER, number.to_string()), (header::EVENT_TYPE, "OrderPlaced".to_owned())]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn bytes_that_do_not_decode_fail_their_order_and_no_other() {
    let world = World::selling(3, 10).await;
    let consumer = world.start("a");
    let (broken, newer, fine) = (number(), number(), number());
    let send = async |number: OrderNumber, value: &[u8]| {
        let headers = headers_of(number);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        world.send_raw(&number.to_string(), value, &headers).await
    };
    let (partition, offset) = send(broken, b"\xff\x00 not JSON").await;
    send(newer, br#"{"type":"OrderPlaced","schemaVersion":"2.0"}"#).await;
    world.send_raw("no key at all", b"{}", &[]).await;
    world.send(&order(fine, "Ann", &[(1, 1)])).await;
    world.until_processed(4).await;

    assert_eq!(world.status(broken).await, Some(("FAILED".to_owned(), Some("UNDECODABLE".to_owned()))));
    assert_eq!(world.status(newer).await, Some(("FAILED".to_owned(), Some("UNKNOWN_SCHEMA_VERSION".to_owned()))));
    assert_eq!(world.status(fine).await.unwrap().0, "CONFIRMED");
    assert_eq!((world.total("failed").await, world.total("other").await, world.total("new").await), (2, 1, 1));
    let row: (Vec<u8>, String, String) = sqlx::query_as(
        "SELECT record_value, order_number, event_type FROM dead_letters WHERE partition_id = ? AND record_offset = ?",
    )
    .bind(partition)
    .bind(offset)
    .fetch_one(&world.pool)
    .await
    .unwrap();
    assert_eq!(row, (b"\xff\x00 not JSON".to_vec(), broken.to_string(), "OrderPlaced".to_owned()));

    let letters = read_letters(&world, 3);
    let letter = letters.iter().find(|letter| letter.payload() == Some(b"\xff\x00 not JSON")).unwrap();
    let header = |name: &str| {
        let headers = letter.headers().unwrap();
        headers.iter().find(|header| header.key == name).and_then(|header| header.value).unwrap().to_vec()
    };
    assert_eq!(letter.partition(), partition);
    assert_eq!(letter.key(), Some(broken.to_string().as_bytes()));
    assert_eq!(header("kafka_dlt-original-topic"), world.topic.as_bytes());
    assert_eq!(header("kafka_dlt-original-partition"), partition.to_be_bytes());
    assert_eq!(header("kafka_dlt-original-offset"), offset.to_be_bytes());
    assert_eq!(header("dlt-reason"), b"UNDECODABLE");
    assert_eq!(header(header::ORDER_NUMBER), broken.to_string().as_bytes());
    world.check_ledger().await;
    world.until("lag 0", async || world.lag().await == Some(0)).await;
    // Whoever has an order's number may read and cancel it.
    let log = consumer.log();
    assert!(log.contains("dead letters are to be published first"), "{log}");
    for number in [broken, newer, fine] {
        assert!(!log.contains(&number.to_string()), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_replay_mends_a_failed_order_once() {
    let world = World::selling(1, 10).await;
    let _consumer = world.start("a");
    let failed = number();
    let headers = headers_of(failed);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    world.send_raw(&failed.to_string(), b"?", &headers).await;
    world.until_processed(1).await;
    let mended = order(failed, "Ann", &[(1, 3)]);
    world.send_replay(&mended).await;
    world.send_replay(&mended).await;
    world.until_processed(3).await;
    assert_eq!(world.status(failed).await, Some(("CONFIRMED".to_owned(), None)));
    assert_eq!(world.count("SELECT available FROM inventory").await, 7);
    assert_eq!((world.total("replays").await, world.total("failed").await), (2, 1));
    world.check_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn without_its_topic_a_dead_letter_waits_and_nothing_is_written() {
    let world = World::selling(1, 10).await;
    world.delete_topic(&world.dead_letter_topic()).await;
    let consumer = world.start("a");
    world.send_raw("k", b"?", &[]).await;
    let after = number();
    world.send(&order(after, "Ann", &[(1, 1)])).await;
    world.until("the consumer says so", async || consumer.log().contains("dead letters wait")).await;
    assert_eq!(world.processed().await, 0);
    assert_eq!(world.count("SELECT COUNT(*) FROM dead_letters").await, 0);
    world.make_topic(&world.dead_letter_topic()).await;
    world.until_processed(2).await;
    assert_eq!(world.status(after).await.unwrap().0, "CONFIRMED");
    assert_eq!(encode(&order(after, "Ann", &[(1, 1)])).key, after.to_string());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_letter_larger_than_its_topic_takes_is_cut_and_kept_whole_in_the_table() {
    let world = World::selling(1, 10).await;
    world.delete_topic(&world.dead_letter_topic()).await;
    world.make_topic_with(&world.dead_letter_topic(), &[("max.message.bytes", "100000")]).await;
    let _consumer = world.start("a");
    // Nothing that compression makes small.
    let large: Vec<u8> = std::iter::repeat_with(|| uuid::Uuid::new_v4().into_bytes()).flatten().take(300_000).collect();
    world.send_raw("k", &large, &[("own", "kept")]).await;
    let after = number();
    world.send(&order(after, "Ann", &[(1, 1)])).await;
    world.until_processed(2).await;
    assert_eq!(world.status(after).await.unwrap().0, "CONFIRMED");
    let stored = "SELECT COUNT(*) FROM dead_letters WHERE LENGTH(record_value) = 300000";
    assert_eq!(world.count(stored).await, 1);
    let letter = read_letters(&world, 1).remove(0);
    assert_eq!(letter.payload(), Some(&large[..65_536]));
    let header = |name: &str| {
        letter
            .headers()
            .unwrap()
            .iter()
            .find(|header| header.key == name)
            .and_then(|header| header.value.map(<[u8]>::to_vec))
    };
    assert_eq!(header("dlt-truncated").as_deref(), Some(&b"300000"[..]));
    assert_eq!(header("own").as_deref(), Some(&b"kept"[..]));
}
