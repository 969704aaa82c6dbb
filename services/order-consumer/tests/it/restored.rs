//! Rows that were put back to an earlier state under a running consumer.

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn offsets_put_back_are_followed_and_nothing_happens_twice() {
    let world = World::selling(2, 1000).await;
    let consumer = world.start("a");
    world.send_orders(30).await;
    world.send_raw("k", b"?", &[]).await;
    world.until_processed(31).await;
    world.sql("UPDATE consumer_offsets SET `next` = 0, creates = 0, `new` = 0, other = 0").await;
    // The next batch finds that its row was moved, and goes on from where the row is.
    world.send_orders(10).await;
    world.until_processed(41).await;
    assert_eq!((world.total("new").await, world.total("duplicates").await, world.total("other").await), (10, 30, 1));
    assert_eq!(world.count("SELECT COUNT(*) FROM dead_letters").await, 1);
    assert_eq!(world.count("SELECT available FROM inventory").await, 960);
    world.check_ledger().await;
    assert!(consumer.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_whole_database_put_back_catches_up_from_the_log() {
    let world = World::selling(2, 1000).await;
    let consumer = world.start("a");
    world.send_orders(30).await;
    world.until_processed(30).await;
    world
        .sql(
            "START TRANSACTION;
             DELETE FROM outbox; DELETE FROM order_items; DELETE FROM orders;
             DELETE FROM stock_movements WHERE reason = 'ORDER';
             UPDATE inventory SET available = 1000;
             UPDATE consumer_offsets SET `next` = 0, creates = 0, `new` = 0;
             COMMIT",
        )
        .await;
    world.send_orders(10).await;
    world.until_processed(40).await;
    assert_eq!(world.total("new").await, 40);
    assert_eq!(world.count("SELECT available FROM inventory").await, 960);
    world.check_ledger().await;
    assert!(consumer.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_row_put_back_is_noticed_without_a_new_record() {
    let world = World::selling(1, 1000).await;
    let _consumer = world.start("a");
    world.send_orders(3).await;
    world.until_processed(3).await;
    world.sql("UPDATE consumer_offsets SET `next` = 1").await;
    world.until_processed(5).await;
    assert_eq!(world.total("duplicates").await, 2);
    world.until("lag 0", async || world.lag().await == Some(0)).await;
    world.check_ledger().await;
}
