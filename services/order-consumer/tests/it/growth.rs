//! The topic gets more partitions while orders flow.

use rdkafka::admin::{AdminOptions, NewPartitions};

use crate::world::{World, cancel, number, order};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn new_partitions_are_read_from_their_start() {
    let mut world = World::selling(2, 100_000).await;
    let consumer = world.start("a");
    let first: Vec<_> = (0..60).map(|_| order(number(), "Ann", &[(1, 1)])).collect();
    world.send_all(&first).await;
    world.until_processed(60).await;
    for topic in [world.dead_letter_topic(), world.topic.clone()] {
        let grown = NewPartitions::new(&topic, 7);
        for grown in world.admin.create_partitions([&grown], &AdminOptions::new()).await.unwrap() {
            grown.unwrap();
        }
    }
    world.partitions = 7;
    // Cancels of what lies in the old partitions: by now most of their keys belong to others.
    world.send_all(&first.iter().map(|order| cancel(order.order_number())).collect::<Vec<_>>()).await;
    world.send_orders(60).await;
    world.until_processed(180).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM orders WHERE status = 'CANCELLED'").await, 60);
    assert_eq!(world.count("SELECT available FROM inventory").await, 99_940);
    world.check_ledger().await;
    for partition in 0..7 {
        let lag = format!("consumer_lag{{partition=\"{partition}\"}}");
        world.until("no partition lags", async || consumer.metric(&lag).await == Some(0.0)).await;
    }
}
