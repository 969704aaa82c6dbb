//! Stops and kills.

use crate::world::{World, number, order};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_restart_goes_on_where_mysql_says() {
    let world = World::selling(2, 1000).await;
    let first = world.start("a");
    world.send_orders(50).await;
    world.until_processed(50).await;
    assert!(first.stop().success());
    // Kafka's own commit says nothing to us: not even a group that never was.
    world.send_orders(50).await;
    let _second = world.start_with("b", &[("KAFKA_GROUP", &format!("{}-other", world.topic))]);
    world.until_processed(100).await;
    assert_eq!(world.total("new").await, 100);
    assert_eq!(world.total("duplicates").await, 0);
    world.check_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn killed_in_mid_load_nothing_is_lost_or_done_twice() {
    let world = World::new(4).await;
    world.products(1..=20, 100_000).await;
    let events: Vec<_> = (0..3000).map(|n| order(number(), "Ann", &[(1 + n % 20, 1), (1 + (n + 7) % 20, 2)])).collect();
    world.send_all(&events).await;
    for kill in 1..=3 {
        let consumer = world.start_with(&format!("k{kill}"), &[("BATCH_SIZE", "25")]);
        let mark = kill * 500;
        world.until("some are done", async || world.processed().await >= mark).await;
        consumer.kill();
    }
    let _last = world.start("z");
    world.until_processed(3000).await;
    assert_eq!((world.total("new").await, world.total("duplicates").await), (3000, 0));
    assert_eq!(world.count("SELECT COUNT(*) FROM orders").await, 3000);
    world.check_ledger().await;
    world.until("lag 0", async || world.lag().await == Some(0)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn no_record_is_skipped_while_a_consumer_finds_its_place() {
    // The row is read while the assignment settles inside librdkafka; a position that settled late would skip what lies between.
    let world = World::selling(8, 10_000).await;
    for round in 1..=6 {
        let orders: Vec<_> = (0..40).map(|_| order(number(), "Ann", &[(1, 1)])).collect();
        let (before, during) = orders.split_at(20);
        world.send_all(before).await;
        let consumer = world.start(&format!("r{round}"));
        world.send_all(during).await;
        world.until_processed(round * 40).await;
        assert!(consumer.stop().success());
    }
    assert_eq!((world.total("new").await, world.total("duplicates").await), (240, 0));
    world.check_ledger().await;
}
