//! Several consumers: hot products, rebalances.

use crate::world::{World, number, order};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn two_consumers_sell_a_hot_product_to_its_last_piece_and_no_further() {
    let world = World::new(6).await;
    world.products(1..=2, 500).await;
    let (a, b) = (world.start_with("a", &[("BATCH_SIZE", "20")]), world.start_with("b", &[("BATCH_SIZE", "20")]));
    // Both products in both orders of lines: locks must be taken in one order all the same.
    let events: Vec<_> = (0..1200)
        .map(|n| order(number(), "Ann", if n % 2 == 0 { &[(1, 1), (2, 1)] } else { &[(2, 1), (1, 1)] }))
        .collect();
    world.send_all(&events).await;
    world.until_processed(1200).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM orders WHERE status = 'CONFIRMED'").await, 500);
    assert_eq!(world.count("SELECT COUNT(*) FROM orders WHERE reason = 'OUT_OF_STOCK'").await, 700);
    assert_eq!(world.count("SELECT CAST(SUM(available) AS SIGNED) FROM inventory").await, 0);
    world.check_ledger().await;
    world.until("lag 0", async || world.lag().await == Some(0)).await;
    assert!(a.stop().success() && b.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn partitions_move_while_orders_flow_and_each_order_counts_once() {
    let world = World::new(6).await;
    world.products(1..=10, 100_000).await;
    let orders = |count: u64| (0..count).map(|n| order(number(), "Ann", &[(1 + n % 10, 1)])).collect::<Vec<_>>();
    let a = world.start_with("a", &[("BATCH_SIZE", "10")]);
    let mut sent = 0;
    let mut others = Vec::new();
    for round in 0..4 {
        world.send_all(&orders(300)).await;
        sent += 300;
        if round < 2 {
            others.push(world.start_with(&format!("b{round}"), &[("BATCH_SIZE", "10")]));
        } else if let Some(other) = others.pop() {
            assert!(other.stop().success());
        }
    }
    world.until_processed(sent).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM orders").await, sent);
    assert_eq!(world.count("SELECT COUNT(*) FROM dead_letters").await, 0);
    world.check_ledger().await;
    world.until("lag 0", async || world.lag().await == Some(0)).await;
    // An end of the log that was asked for before the last commits is no sign of a log that was cut.
    assert!(!a.log().contains("ahead of the log"));
    assert!(a.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn two_workers_on_one_product_and_few_partitions_never_deadlock() {
    let world = World::selling(3, 100_000).await;
    world.send_orders(1500).await;
    let consumer = world.start_with("a", &[("BATCH_SIZE", "10")]);
    world.until_processed(1500).await;
    assert_eq!(world.count("SELECT available FROM inventory").await, 98_500);
    assert!(!consumer.log().contains("Deadlock"), "locks are taken in one order");
    world.check_ledger().await;
}

/// A table of a few rows is read by its index all the same: a scan would wait for what others have locked.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_batch_waits_for_no_row_that_it_does_not_need() {
    let world = World::new(4).await;
    world.products(1..=9, 1000).await;
    for partition in 0..4 {
        world.send_into(partition, &order(number(), "Ann", &[(1, 1)])).await;
    }
    let first = world.start("a");
    world.until_processed(4).await;
    assert!(first.stop().success());

    let mut other = world.pool.begin().await.unwrap();
    let id: String =
        sqlx::query_scalar("SELECT topic_id FROM consumer_offsets LIMIT 1").fetch_one(&world.pool).await.unwrap();
    for partition in [1, 3] {
        let lock = "SELECT 1 FROM consumer_offsets WHERE topic_id = ? AND partition_id = ? FOR UPDATE";
        sqlx::query(lock).bind(&id).bind(partition).execute(&mut *other).await.unwrap();
    }
    let lock = "SELECT 1 FROM inventory WHERE product_id = 9 FOR UPDATE";
    sqlx::query(lock).execute(&mut *other).await.unwrap();
    for n in 0..40 {
        world.send_into(if n % 2 == 0 { 0 } else { 2 }, &order(number(), "Ann", &[(1 + n % 8, 1)])).await;
    }
    let second = world.start("b");
    world.until_processed(44).await;
    other.rollback().await.unwrap();
    world.check_ledger().await;
    assert!(second.stop().success());
}
