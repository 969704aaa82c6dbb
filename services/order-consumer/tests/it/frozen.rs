//! A consumer that stops in the middle of its transaction, with a hot product's row locked.

use crate::world::{World, number, order};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_consumer_frozen_in_its_transaction_holds_up_the_others_for_half_a_minute_at_most() {
    let world = World::selling(4, 1000).await;
    let frozen = world.start("frozen");
    world.send(&order(number(), "Ann", &[(1, 1)])).await;
    world.until_processed(1).await;

    let held = number();
    let blocker = world.block(held).await;
    world.send(&order(held, "Ann", &[(1, 1)])).await;
    world.until_blocked().await;
    frozen.signal("STOP");
    blocker.rollback().await.unwrap();

    // While it is frozen: without a bound on its session nobody would go on before it does.
    let other = world.start("other");
    world.send_orders(20).await;
    world.until_processed(22).await;

    frozen.signal("CONT");
    world.send_orders(20).await;
    world.until_processed(42).await;
    assert_eq!((world.total("new").await, world.total("duplicates").await), (42, 0));
    world.check_ledger().await;
    assert!(frozen.stop().success() && other.stop().success());
    world.until("lag 0", async || world.lag().await == Some(0)).await;
}
