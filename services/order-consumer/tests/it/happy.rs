//! Orders become rows, once; cancels give back; lag reaches 0.

use crate::world::{World, cancel, number, order};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn orders_become_rows_with_all_their_effects() {
    let world = World::new(3).await;
    world.products(1..=3, 10).await;
    let consumer = world.start("a");
    let (confirmed, out_of_stock, unknown) = (number(), number(), number());
    world.send(&order(confirmed, "Ann 😀 O'Neil\\", &[(1, 2), (2, 1)])).await;
    world.send(&order(out_of_stock, "Ann", &[(3, 6), (3, 5)])).await;
    world.send(&order(unknown, "Ann", &[(1, 1), (99, 1)])).await;
    world.until_processed(3).await;

    let status = |status: &str, reason: Option<&str>| Some((status.to_owned(), reason.map(str::to_owned)));
    assert_eq!(world.status(confirmed).await, status("CONFIRMED", None));
    assert_eq!(world.status(out_of_stock).await, status("REJECTED", Some("OUT_OF_STOCK")));
    assert_eq!(world.status(unknown).await, status("REJECTED", Some("UNKNOWN_PRODUCT")));
    let row: (String, i64, String, String) = sqlx::query_as(
        "SELECT customer_name, total_amount, currency, payment_token FROM orders WHERE order_number = ?",
    )
    .bind(confirmed.to_string())
    .fetch_one(&world.pool)
    .await
    .unwrap();
    assert_eq!(row, ("Ann 😀 O'Neil\\".to_owned(), 3000, "EUR".to_owned(), "tok".to_owned()));
    assert_eq!(world.count("SELECT available FROM inventory WHERE product_id = 1").await, 8);
    assert_eq!(world.count("SELECT COUNT(*) FROM order_items WHERE sku IS NULL").await, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, 3);
    world.check_ledger().await;
    world.until("lag 0", async || world.lag().await == Some(0)).await;
    assert!(consumer.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn the_same_again_is_a_duplicate_and_another_body_a_conflict() {
    let world = World::selling(2, 10).await;
    let _consumer = world.start("a");
    let first = number();
    world.send(&order(first, "Ann", &[(1, 1)])).await;
    world.send(&order(first, "Ann", &[(1, 1)])).await;
    world.until_processed(2).await;
    world.send(&order(first, "Ann", &[(1, 1)])).await;
    let (partition, offset) = world.send(&order(first, "Bob", &[(1, 5)])).await;
    world.until_processed(4).await;

    assert_eq!((world.total("new").await, world.total("duplicates").await, world.total("conflicts").await), (1, 2, 1));
    let letters: Vec<(i32, i64, String, String)> =
        sqlx::query_as("SELECT partition_id, record_offset, reason, order_number FROM dead_letters")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    assert_eq!(letters, [(partition, offset, "IDEMPOTENCY_CONFLICT".to_owned(), first.to_string())]);
    assert_eq!(world.count("SELECT available FROM inventory").await, 9);
    world.check_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn cancels_before_with_and_after_their_order() {
    let world = World::selling(2, 10).await;
    let (early, together, late) = (number(), number(), number());
    world.send(&order(together, "Ann", &[(1, 1)])).await;
    world.send(&cancel(together)).await;
    world.send(&cancel(early)).await;
    world.send(&order(late, "Ann", &[(1, 1)])).await;
    let _consumer = world.start("a");
    world.until_processed(4).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM pending_cancels").await, 1);
    assert_eq!(world.count("SELECT available FROM inventory").await, 9);

    world.send(&order(early, "Ann", &[(1, 1)])).await;
    world.send(&cancel(late)).await;
    world.send(&cancel(late)).await;
    world.until_processed(7).await;
    for number in [early, together, late] {
        assert_eq!(world.status(number).await, Some(("CANCELLED".to_owned(), None)));
    }
    assert_eq!(world.count("SELECT available FROM inventory").await, 10);
    assert_eq!(world.count("SELECT COUNT(*) FROM pending_cancels").await, 0);
    assert_eq!(world.count("SELECT COUNT(*) FROM outbox WHERE kind = 'CANCELLED'").await, 3);
    world.check_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_pending_cancel_whose_order_came_elsewhere_is_swept() {
    let world = World::selling(1, 10).await;
    let consumer = world.start("a");
    let (confirmed, failed) = (number(), number());
    world.send(&order(confirmed, "Ann", &[(1, 4)])).await;
    world.until_processed(1).await;
    // Its own sweep would take them, too.
    assert!(consumer.stop().success());
    world.sql(&format!("INSERT INTO orders (order_number, status) VALUES ('{failed}', 'FAILED')")).await;
    world.sql(&format!("INSERT INTO pending_cancels (order_number) VALUES ('{confirmed}'), ('{failed}')")).await;
    let applied = order_consumer::store::apply_pending_cancels(&world.pool).await.unwrap();
    assert_eq!(applied, 2);
    assert_eq!(world.count("SELECT COUNT(*) FROM orders WHERE status = 'CANCELLED'").await, 2);
    assert_eq!(world.count("SELECT COUNT(*) FROM pending_cancels").await, 0);
    assert_eq!(world.count("SELECT available FROM inventory").await, 10);
    world.check_ledger().await;
}
