//! What needs no database: wrong requests, documents, and a 503 when there is none.

use insta::assert_json_snapshot;
use serde_json::Value;

use crate::api::{Api, Options, Place};

/// Nobody listens on this port.
async fn alone() -> Api {
    let place =
        Place { port: 1, password: "secret".to_owned(), ca: "/nowhere/ca.crt".into(), database: "shop".to_owned() };
    Api::start(&place, Options::default()).await
}

#[tokio::test]
async fn problems() {
    let api = alone().await;
    let problem = async |path: &str, query: &[(&str, &str)]| {
        let response = api.get(path, query).await;
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        response.json::<Value>().await.unwrap()
    };
    let wrong = [("search", &*"x".repeat(1001)), ("limit", "0"), ("cursor", "x")];
    assert_json_snapshot!("invalid_request", problem("/api/products", &wrong).await);
    assert_json_snapshot!("no_such_product", problem("/api/products/lamp", &[]).await);
    assert_json_snapshot!("no_such_product", problem("/api/products/%FF", &[]).await);
    assert_json_snapshot!("no_such_product", problem("/api/products/-1", &[]).await);
    assert_json_snapshot!("database_unavailable", problem("/api/products", &[]).await);
    assert_json_snapshot!("no_such_path", problem("/api/nothing", &[]).await);
}

#[tokio::test]
async fn without_a_database_it_starts_and_says_so() {
    let api = alone().await;
    for (path, query) in [("/api/products/1", &[][..]), ("/api/products", &[("search", "lamp")])] {
        let response = api.get(path, query).await;
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
    }
}

#[tokio::test]
async fn responses_carry_ids_and_allow_the_shops_page() {
    let response = alone().await.get("/api/products/none", &[]).await;
    let headers = response.headers();
    assert!(headers.contains_key("x-request-id") && headers.contains_key("traceparent"));
    assert_eq!(headers["access-control-allow-origin"], "https://shop.example");
}

#[tokio::test]
async fn documents() {
    let api = alone().await;
    let document = api.json("/openapi.json", &[]).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_json_snapshot!("openapi", document, { ".info.version" => "[version]" });
    let page = api.get("/docs", &[]).await;
    assert!(page.headers().contains_key("content-security-policy"));
    let page = page.text().await.unwrap();
    assert!(page.contains("openapi.json") && !page.contains("//cdn") && !page.contains("src="));
}
