//! Too many dead letters: everything waits, says so, and goes on when the cause is gone.

use crate::world::{World, number, order};

const HELD: &str = "consumer_held_seconds{cause=\"dead-letters\"}";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_flood_of_dead_letters_holds_the_consumer() {
    let world = World::new(1).await;
    let consumer = world.start_with("a", &[("DEAD_LETTER_LIMIT", "5")]);
    for _ in 0..12 {
        world.send_raw("k", b"?", &[]).await;
    }
    world.until("the consumer holds", async || consumer.log().contains("too many dead letters")).await;
    assert!(world.processed().await <= 5);
    assert!(world.count("SELECT COUNT(*) FROM dead_letters").await <= 5);
    world.until("it is told", async || consumer.metric(HELD).await.is_some_and(|seconds| seconds > 0.0)).await;
    // A few more are let through after a while: some hundred bad records among good ones are no end.
    world.until_processed(10).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_release_that_the_database_refuses_everything_of_is_mended_without_a_restart() {
    let world = World::selling(1, 100).await;
    world.sql("ALTER TABLE orders ADD CONSTRAINT no_order_at_all CHECK (payment_method <> 'card')").await;
    let consumer = world.start_with("a", &[("DEAD_LETTER_LIMIT", "3")]);
    let orders: Vec<_> = (0..20).map(|_| order(number(), "Ann", &[(1, 1)])).collect();
    world.send_all(&orders).await;
    world.until("the consumer holds", async || consumer.log().contains("too many dead letters")).await;
    let letters = world.count("SELECT COUNT(*) FROM dead_letters").await;
    assert!(letters <= 3, "{letters}");
    world.sql("ALTER TABLE orders DROP CHECK no_order_at_all").await;
    world.until_processed(20).await;
    let confirmed = world.count("SELECT COUNT(*) FROM orders WHERE status = 'CONFIRMED'").await;
    // What was refused before it was mended may have been three; a person replays those.
    assert!(confirmed >= 17, "{confirmed}");
    assert_eq!(confirmed + world.total("failed").await, 20);
    world.until("no longer held", async || consumer.metric(HELD).await == Some(0.0)).await;
    world.check_ledger().await;
}
