use std::time::Duration;

use local_servers::Relay;
use serde_json::json;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::api::{Api, Backends, eventually, json_of, problem, until_answered};
use crate::database::Database;

const PLACED_AT: &str = "2026-11-22 18:00:00.123456";

fn new_number() -> String {
    Uuid::now_v7().to_string()
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn an_order_as_it_stands() {
    let database = Database::migrated().await;
    let api = Api::start(&database.backends(Backends::default())).await;
    let confirmed = new_number();
    database.insert(&confirmed, "CONFIRMED", None, &[1; 32], PLACED_AT).await;
    let path = format!("/api/orders/{confirmed}");
    let mut answer = json_of(until_answered(|| api.get(&path)).await).await;
    let updated_at = answer.as_object_mut().unwrap().remove("updatedAt").unwrap();
    assert!(updated_at.as_str().unwrap().ends_with('Z'), "{updated_at}");
    assert_eq!(
        answer,
        json!({
            "orderNumber": confirmed,
            "status": "CONFIRMED",
            "items": [{"productId": 17, "sku": "SKU-17", "name": "Department lamp", "quantity": 2,
                       "unitPrice": {"amount": 1999, "currency": "EUR"}}],
            "total": {"amount": 3998, "currency": "EUR"},
            "createdAt": "2026-11-22T18:00:00.123456Z",
        })
    );

    let rejected = new_number();
    database.insert(&rejected, "REJECTED", Some("OUT_OF_STOCK"), &[1; 32], PLACED_AT).await;
    // The longest wait: an order with an outcome does not wait for anything.
    let path = format!("/api/orders/{rejected}?wait=60s");
    let answer = json_of(until_answered(|| api.get(&path).timeout(Duration::from_secs(30))).await).await;
    assert_eq!((&answer["status"], &answer["reason"]), (&json!("REJECTED"), &json!("OUT_OF_STOCK")));
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn an_unknown_order_is_not_visible_yet() {
    let database = Database::migrated().await;
    let api = Api::start(&database.backends(Backends::default())).await;
    for query in ["", "?wait=0", "?wait=250ms"] {
        let response = until_answered(|| api.get(&format!("/api/orders/{}{query}", new_number()))).await;
        assert!(response.headers().contains_key("retry-after"));
        let (status, slug, _) = problem(response).await;
        assert_eq!((status, slug.as_str()), (404, "order-not-visible-yet"));
    }
    for wait in ["61s", "soon", "-1", "2m"] {
        let response = api.get(&format!("/api/orders/{}?wait={wait}", new_number())).send().await.unwrap();
        let (status, _, body) = problem(response).await;
        assert_eq!((status, &body["errors"][0]["pointer"]), (422, &json!("#wait")));
    }
    assert_eq!(api.metric("order_waiters").await, 0.0);
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_wait_ends_when_the_row_comes() {
    let database = Database::migrated().await;
    let api = Api::start(&database.backends(Backends::default())).await;
    let number = new_number();
    let path = format!("/api/orders/{number}?wait=60s");
    let waiting = || until_answered(|| api.get(&path).timeout(Duration::from_secs(120)));
    let (first, second, ()) = tokio::join!(waiting(), waiting(), async {
        eventually("two wait", || async { (api.metric("order_waiters").await == 2.0).then_some(()) }).await;
        database.insert(&number, "CONFIRMED", None, &[1; 32], PLACED_AT).await;
    });
    for response in [first, second] {
        assert_eq!(json_of(response).await["status"], "CONFIRMED");
    }
    eventually("nobody waits", || async { (api.metric("order_waiters").await == 0.0).then_some(()) }).await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn waiters_hold_no_connection_and_are_capped() {
    let database = Database::migrated().await;
    let flags = ["--database-max-connections=2", "--max-waiters=20"];
    let api = Api::start_with(&database.backends(Backends::default()), &flags).await;
    let numbers: Vec<String> = (0..20).map(|_| new_number()).collect();
    let waiting = futures::future::join_all(numbers.iter().map(|number| {
        let (api, path) = (&api, format!("/api/orders/{number}?wait=60s"));
        async move { json_of(until_answered(|| api.get(&path).timeout(Duration::from_secs(120))).await).await }
    }));
    let (answers, ()) = tokio::join!(waiting, async {
        eventually("all places are taken", || async { (api.metric("order_waiters").await == 20.0).then_some(()) })
            .await;
        eventually("one more is refused", || async {
            let response = api.get(&format!("/api/orders/{}?wait=60s", new_number())).send().await.unwrap();
            let (status, slug, _) = problem(response).await;
            // One of the twenty may have lost its place to a slow database, and wait for it again.
            (status == 503 && slug == "too-many-waiters").then_some(())
        })
        .await;
        for number in &numbers {
            database.insert(number, "CANCELLED", None, &[1; 32], PLACED_AT).await;
        }
    });
    assert!(answers.iter().all(|answer| answer["status"] == "CANCELLED"));
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_stop_ends_waits() {
    let database = Database::migrated().await;
    let api = Api::start(&database.backends(Backends::default())).await;
    let path = format!("/api/orders/{}?wait=60s", new_number());
    let (response, ()) = tokio::join!(until_answered(|| api.get(&path).timeout(Duration::from_secs(120))), async {
        eventually("one waits", || async { (api.metric("order_waiters").await == 1.0).then_some(()) }).await;
        api.shutdown.cancel();
    });
    let (status, slug, _) = problem(response).await;
    assert_eq!((status, slug.as_str()), (404, "order-not-visible-yet"));
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn an_old_schema_is_told_and_heals() {
    let database = Database::empty().await;
    let api = Api::start(&database.backends(Backends::default())).await;
    let path = format!("/api/orders/{}", new_number());
    eventually("it is told", || async {
        let (status, slug, _) = problem(api.get(&path).send().await.unwrap()).await;
        assert_eq!(status, 503);
        (slug == "schema-too-old").then_some(())
    })
    .await;
    database.migrate().await;
    let (status, slug, _) = problem(until_answered(|| api.get(&path)).await).await;
    assert_eq!((status, slug.as_str()), (404, "order-not-visible-yet"));
}

/// The machine or the network under its connection goes away without a word, in the middle of a query.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_connection_that_never_answers_again_is_given_up() {
    let database = Database::migrated().await;
    let direct = database.backends(Backends::default());
    let relay = Relay::start(direct.database.port()).unwrap();
    let backends = Backends { database: ([127, 0, 0, 1], relay.port()).into(), ..direct };
    let api = Api::start_with(&backends, &["--database-max-connections=1"]).await;
    let number = new_number();
    database.insert(&number, "CONFIRMED", None, &[1; 32], PLACED_AT).await;
    let path = format!("/api/orders/{number}");
    assert_eq!(until_answered(|| api.get(&path)).await.status(), 200);

    let mut lock = database.pool.acquire().await.unwrap();
    sqlx::raw_sql("LOCK TABLES orders WRITE").execute(&mut *lock).await.unwrap();
    let (status, slug, _) = problem(api.get(&path).send().await.unwrap()).await;
    assert_eq!((status, slug.as_str()), (503, "database-unavailable"));
    relay.cut();
    sqlx::raw_sql("UNLOCK TABLES").execute(&mut *lock).await.unwrap();
    assert_eq!(until_answered(|| api.get(&path)).await.status(), 200, "its place is free for another connection");
}

#[tokio::test]
#[ignore = "belongs to the others: cargo xtask test --integration"]
async fn a_database_that_takes_connections_and_says_nothing_is_away() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let backends = Backends { database: silent.local_addr().unwrap(), ..Backends::default() };
    let api = Api::start(&backends).await;
    let path = format!("/api/orders/{}?wait=30s", new_number());
    let response = api.get(&path).timeout(Duration::from_secs(45)).send().await.expect("an answer, not a hang");
    let (status, slug, _) = problem(response).await;
    assert_eq!((status, slug.as_str()), (503, "database-unavailable"));
}
