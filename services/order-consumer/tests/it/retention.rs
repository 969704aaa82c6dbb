//! Processed records that are old are removed; nothing else is.

use std::time::Duration;

use jiff::Timestamp;
use order_events::encode;
use rdkafka::producer::FutureRecord;

use crate::world::{World, number, order};

/// Orders with a time of the producer's: two hours ago.
async fn send_old(world: &World, partition: i32, count: usize) {
    let two_hours_ago = Timestamp::now().as_millisecond() - 2 * 3_600_000;
    for _ in 0..count {
        let event = encode(&order(number(), "Ann", &[(1, 1)]));
        let record = FutureRecord::to(&world.topic)
            .key(&event.key)
            .payload(&event.value)
            .partition(partition)
            .timestamp(two_hours_ago);
        world.producer.send(record, Duration::from_secs(30)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn old_and_processed_goes_young_or_unprocessed_stays() {
    let world = World::selling(2, 1000).await;
    let first = world.start_with("a", &[("RETAIN_PROCESSED", "1h")]);
    for partition in [0, 1] {
        send_old(&world, partition, 5).await;
        for _ in 0..3 {
            world.send_into(partition, &order(number(), "Ann", &[(1, 1)])).await;
        }
    }
    world.until_processed(16).await;
    // Whose clock the times are of, cannot be said: nothing is removed.
    world.until("it says so", async || first.log().contains("processed records are not removed")).await;
    assert!(first.stop().success());
    assert_eq!((world.log(0), world.log(1)), ((0, 8), (0, 8)));

    // From here on the broker's clock counts; the records keep what they have. One partition's row is put back to an earlier
    // state, and nothing moves it on: what lies above it is not processed.
    world.set_topic("message.timestamp.type", "LogAppendTime").await;
    world.sql("UPDATE consumer_offsets SET `next` = 2 WHERE partition_id = 1").await;
    world.sql("RENAME TABLE orders TO orders_away").await;
    let second = world.start_with("b", &[("RETAIN_PROCESSED", "1h")]);
    world.until("what is old and processed is gone", async || world.log(0).0 == 5 && world.log(1).0 == 2).await;
    world.sql("RENAME TABLE orders_away TO orders").await;
    // Offset 2 of partition 1 was kept: the log still has all that the row asks for.
    world.until_processed(22).await;
    assert_eq!((world.total("new").await, world.total("duplicates").await), (16, 6));
    assert_eq!(second.metric("consumer_partitions_stopped").await, Some(0.0));
    let removed = "consumer_offsets_removed_total";
    world.until("it is told", async || second.metric(removed).await.is_some_and(|removed| removed >= 7.0)).await;
    world.check_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn less_than_an_hour_is_refused_at_start() {
    let world = World::new(1).await;
    let consumer = world.start_with("a", &[("RETAIN_PROCESSED", "59m")]);
    world.until("it says why", async || consumer.log().contains("less than 1h")).await;
}
