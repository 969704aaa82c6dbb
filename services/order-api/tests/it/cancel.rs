use order_events::OrderEvent;
use rstest::rstest;

use crate::api::{Api, Backends, json_of, order, problem, until_taken};
use crate::topic;

#[rstest]
#[case::idempotent("Idempotent")]
#[case::transactional("Transactional")]
#[tokio::test]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn a_cancel_is_an_event_of_its_order(#[case] mode: &str) {
    let bootstrap = topic::shared_bootstrap();
    let topic = topic::make(&bootstrap).await;
    let backends = Backends { bootstrap, topic, ..Backends::default() };
    let api = Api::start_with(&backends, &[&format!("--producer-mode={mode}")]).await;
    let number = "56ae6aa8-3d28-5fe2-b643-6e2ee29e004f";
    // The order is unknown here and the database is away: both are the consumer's business. Twice is as good as once.
    for _ in 0..2 {
        let response = until_taken("a cancel", || api.post(&format!("/api/orders/{number}/cancel"))).await;
        assert_eq!(response.status(), 202);
        assert_eq!(response.headers()["location"], format!("/api/orders/{number}").as_str());
        assert_eq!(json_of(response).await["orderNumber"], number);
    }

    let records = topic::read(&backends.bootstrap, &backends.topic).await;
    assert!(records.len() >= 2, "one for each that was taken");
    assert!(records.iter().all(|record| record.partition == records[0].partition));
    assert_eq!(records[0].key, number);
    assert_eq!(records[0].headers["event-type"], "OrderCancelled");
    assert!(matches!(&records[0].event, OrderEvent::Cancelled(cancel) if cancel.order_number.to_string() == number));

    for wrong in ["not-a-number", "56AE6AA8-3D28-5FE2-B643-6E2EE29E004F", "4111111111111111"] {
        let response = api.post(&format!("/api/orders/{wrong}/cancel")).send().await.unwrap();
        let (status, slug, body) = problem(response).await;
        assert_eq!((status, slug.as_str()), (404, "no-such-order"));
        assert!(!body.to_string().contains(wrong));
    }
    assert_eq!(api.metric("cancels_accepted_total").await, 2.0);
}

#[rstest]
#[case::idempotent("Idempotent")]
#[case::transactional("Transactional")]
#[tokio::test]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn a_cancel_follows_its_order_on_the_same_partition(#[case] mode: &str) {
    let bootstrap = topic::shared_bootstrap();
    let topic = topic::make(&bootstrap).await;
    let backends = Backends { bootstrap, topic, ..Backends::default() };
    let api = Api::start_with(&backends, &[&format!("--producer-mode={mode}")]).await;
    let placed = || api.place(&order()).header("Idempotency-Key", "key-1");
    let placed = json_of(until_taken("an order", placed).await).await;
    let number = placed["orderNumber"].as_str().unwrap();
    until_taken("its cancel", || api.post(&format!("/api/orders/{number}/cancel"))).await;
    let records = topic::read(&backends.bootstrap, &backends.topic).await;
    let mut events: Vec<(&str, i32)> =
        records.iter().map(|record| (record.headers["event-type"].as_str(), record.partition)).collect();
    // What was not known to be taken was sent again.
    events.dedup();
    assert_eq!(events, [("OrderPlaced", records[0].partition), ("OrderCancelled", records[0].partition)]);
}
