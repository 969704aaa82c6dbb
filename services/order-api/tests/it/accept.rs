use order_events::{OrderEvent, OrderNamespace, OrderNumber};
use serde_json::json;
use uuid::Uuid;

use crate::api::{Api, Backends, NAMESPACE, eventually, json_of, order, problem, until_taken};
use crate::database::Database;
use crate::topic;

async fn kafka_alone() -> Backends {
    let bootstrap = topic::shared_bootstrap();
    let topic = topic::make(&bootstrap).await;
    Backends { bootstrap, topic, ..Backends::default() }
}

#[tokio::test]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn the_record_is_in_kafka_when_the_answer_comes() {
    let backends = kafka_alone().await;
    let api = Api::start(&backends).await;
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let place = || api.place(&order()).header("Idempotency-Key", "key-1").header("traceparent", traceparent);
    let response = until_taken("an order", place).await;
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let traced = response.headers()["traceparent"].to_str().unwrap().to_owned();
    let answer = json_of(response).await;

    let namespace = OrderNamespace::parse(NAMESPACE).unwrap();
    let number = OrderNumber::derive(&namespace, "ann@example.org", "key-1").to_string();
    assert_eq!(answer, json!({"orderNumber": number, "status": "PENDING"}));
    assert_eq!(location, format!("/api/orders/{number}"));

    let records = topic::read(&backends.bootstrap, &backends.topic).await;
    // What was not known to be taken was sent again, in a request of its own.
    let [record] = records.iter().filter(|record| record.headers["traceparent"] == traced).collect::<Vec<_>>()[..]
    else {
        panic!("not once: {records:?}")
    };
    assert_eq!(record.key, number);
    assert_eq!(record.headers["order-number"], number);
    assert_eq!(record.headers["event-type"], "OrderPlaced");
    assert_eq!(record.headers["schema-version"], order_events::SCHEMA_VERSION);
    assert_eq!(record.headers["content-type"], "application/json");
    assert!(traced.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"), "the caller's trace goes on");
    let OrderEvent::Placed(placed) = &record.event else { panic!("an OrderPlaced") };
    assert_eq!(placed.customer.email, "Ann@Example.org");
    assert_eq!((placed.items.len(), placed.items[0].product_id, placed.items[0].quantity), (2, 17, 2));
    assert_eq!(placed.fingerprint, order_events::fingerprint(&placed.customer, &placed.items, &placed.payment.method));
    assert_eq!(api.metric("orders_accepted_total").await, 1.0);
    assert_eq!(api.metric("orders_in_flight").await, 0.0);
    api.stop().await;
}

#[tokio::test]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn the_same_key_is_the_same_order_and_another_body_a_conflict() {
    let backends = kafka_alone().await;
    let api = Api::start(&backends).await;
    let place = |body: &serde_json::Value| api.place(body).header("Idempotency-Key", "key-1");
    let taken = async |body: &serde_json::Value| json_of(until_taken("an order", || place(body)).await).await;
    let first = taken(&order()).await;
    let mut retry = order();
    retry["payment"]["token"] = json!("tok_fresh");
    retry["customer"]["email"] = json!("ann@example.ORG");
    assert_eq!(taken(&retry).await, first, "token and case do not count");

    let mut other = order();
    other["items"][0]["quantity"] = json!(3);
    let (status, slug, body) = problem(place(&other).send().await.unwrap()).await;
    assert_eq!((status, slug.as_str()), (422, "idempotency-conflict"));
    assert_eq!(body["orderNumber"], first["orderNumber"]);

    let mut somebody_else = order();
    somebody_else["customer"]["email"] = json!("bob@example.org");
    assert_ne!(taken(&somebody_else).await, first, "a key is one shopper's");
    let without_key = async || json_of(until_taken("an order", || api.place(&order())).await).await;
    assert_ne!(without_key().await, without_key().await, "without a key each is an order of its own");

    let records = topic::read(&backends.bootstrap, &backends.topic).await;
    let quantity = |event: &OrderEvent| match event {
        OrderEvent::Placed(placed) => placed.items[0].quantity,
        OrderEvent::Cancelled(_) => 0,
    };
    assert!(records.iter().all(|record| quantity(&record.event) == 2), "the conflict was not published");
    let of_first = records.iter().filter(|record| first["orderNumber"] == record.key.as_str());
    let partitions: Vec<i32> = of_first.map(|record| record.partition).collect();
    assert!(partitions.len() >= 2 && partitions.iter().all(|one| *one == partitions[0]), "{partitions:?}");
    assert_eq!(api.metric("orders_refused_total{reason=\"idempotency-conflict\"}").await, 1.0);
}

#[tokio::test]
#[ignore = "needs Kafka and MySQL: cargo xtask test --integration"]
async fn a_conflict_with_a_stored_order_is_found_beside_the_produce() {
    let database = Database::migrated().await;
    let backends = database.backends(kafka_alone().await);
    let api = Api::start(&backends).await;
    // Each try is a shopper of its own, since the first try's body is remembered. A look-up that comes too late
    // is no error, and a Kafka that just started may be late; so one of several tries must find it.
    let found = eventually("the stored fingerprint is found", || async {
        let email = format!("{}@example.org", Uuid::now_v7());
        let namespace = OrderNamespace::parse(NAMESPACE).unwrap();
        let number = OrderNumber::derive(&namespace, &email, "key-1").to_string();
        database.insert(&number, "CONFIRMED", None, &[7; 32], "2026-11-22 18:00:00.123456").await;
        let mut body = order();
        body["customer"]["email"] = json!(email);
        let response = api.place(&body).header("Idempotency-Key", "key-1").send().await.unwrap();
        match response.status().as_u16() {
            200 | 503 => None,
            _ => Some(problem(response).await),
        }
    })
    .await;
    assert_eq!((found.0, found.1.as_str()), (422, "idempotency-conflict"));
}

#[tokio::test]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn without_a_database_orders_are_taken_and_reads_fail_at_once() {
    let backends = kafka_alone().await;
    let api = Api::start(&backends).await;
    let place = || api.place(&order()).header("Idempotency-Key", "key-1");
    let answer = json_of(until_taken("an order", place).await).await;
    let path = format!("/api/orders/{}", answer["orderNumber"].as_str().unwrap());
    let (status, slug, _) = problem(api.get(&path).send().await.unwrap()).await;
    assert_eq!((status, slug.as_str()), (503, "database-unavailable"));
    let (status, slug, _) = problem(api.get(&format!("{path}?wait=30s")).send().await.unwrap()).await;
    assert_eq!((status, slug.as_str()), (503, "database-unavailable"));
    let cancelled = until_taken("a cancel", || api.post(&format!("{path}/cancel"))).await;
    assert_eq!(cancelled.status(), 202);
    assert_eq!(api.admin("/readyz").send().await.unwrap().status(), 200);
    assert_eq!(api.metric("backend_up{component=\"database\"}").await, 0.0);
    assert_eq!(api.metric("backend_up{component=\"kafka\"}").await, 1.0);
    let mut events: Vec<String> = topic::read(&backends.bootstrap, &backends.topic)
        .await
        .iter()
        .map(|record| record.headers["event-type"].clone())
        .collect();
    // What was not known to be taken was sent again.
    events.dedup();
    assert_eq!(events, ["OrderPlaced", "OrderCancelled"], "one partition, in order");
}
