//! A consumer that stops in the middle of its transaction, with a hot product's row locked.

use std::time::{Duration, Instant};

use crate::world::{World, number, order};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_consumer_frozen_in_its_transaction_holds_up_the_others_for_half_a_minute_at_most() {
    let world = World::new(4).await;
    world.products(1..=1, 1000).await;
    let frozen = world.start("frozen");
    world.send(&order(number(), "Ann", &[(1, 1)])).await;
    world.until_processed(1).await;

    // Its outbox row is written last, after the stock: while another transaction has the same row, it waits there.
    let held = number();
    let mut blocker = world.pool.begin().await.unwrap();
    sqlx::query("INSERT INTO outbox (order_number, kind) VALUES (?, 'CONFIRMED')")
        .bind(held.to_string())
        .execute(&mut *blocker)
        .await
        .unwrap();
    world.send(&order(held, "Ann", &[(1, 1)])).await;
    let stuck = "SELECT COUNT(*) FROM performance_schema.data_lock_waits w JOIN performance_schema.data_locks l
                 ON l.engine_lock_id = w.requesting_engine_lock_id WHERE l.object_name = 'outbox' AND l.object_schema = DATABASE()";
    world.until("it waits inside its transaction", async || world.count(stuck).await > 0).await;
    frozen.signal("STOP");
    blocker.rollback().await.unwrap();

    let began = Instant::now();
    let other = world.start("other");
    world.send_all(&(0..20).map(|_| order(number(), "Ann", &[(1, 1)])).collect::<Vec<_>>()).await;
    world.until_processed(22).await;
    assert!(began.elapsed() < Duration::from_secs(90), "{:?}", began.elapsed());

    frozen.signal("CONT");
    world.send_all(&(0..20).map(|_| order(number(), "Ann", &[(1, 1)])).collect::<Vec<_>>()).await;
    world.until_processed(42).await;
    assert_eq!((world.total("new").await, world.total("duplicates").await), (42, 0));
    world.check_ledger().await;
    assert!(frozen.stop().success() && other.stop().success());
    world.until("lag 0", async || world.lag().await == Some(0)).await;
}
