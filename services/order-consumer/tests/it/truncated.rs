//! The row stands above the log's end: the log lost its end, or the row is of another one.

use crate::world::{World, number, order};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_row_above_the_log_starts_over_after_half_a_minute_and_nothing_happens_twice() {
    let world = World::selling(1, 1000).await;
    let consumer = world.start("a");
    world.send_orders(5).await;
    world.until_processed(5).await;
    world.sql("UPDATE consumer_offsets SET `next` = 1000").await;
    world.until("the consumer waits", async || consumer.log().contains("ahead of the log; waiting")).await;
    let after = order(number(), "Ann", &[(1, 1)]);
    world.send(&after).await;
    world.until_processed(11).await;
    assert_eq!((world.total("new").await, world.total("duplicates").await), (6, 5));
    assert_eq!(world.count("SELECT CAST(`next` AS SIGNED) FROM consumer_offsets").await, 6);
    assert!(consumer.log().contains("the log was truncated"));
    assert_eq!(consumer.metric("consumer_log_truncated_total").await, Some(1.0));
    world.check_ledger().await;
    world.until("lag 0", async || world.lag().await == Some(0)).await;
}
