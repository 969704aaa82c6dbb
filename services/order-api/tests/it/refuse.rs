//! Refusals that need no backend.

use serde_json::json;

use crate::api::{Api, Backends, order, problem};

#[tokio::test]
async fn every_wrong_field_is_named_at_once_and_nothing_is_repeated() {
    let api = Api::start(&Backends::default()).await;
    let mut body = order();
    body["customer"]["name"] = json!("4111 1111 1111 1111");
    body["items"][0]["quantity"] = json!(0);
    body["payment"] = json!({"method": "card", "token": "5500-0000-0000-0004", "cvc": "123"});
    let response = api.place(&body).header("Idempotency-Key", "two words").send().await.unwrap();
    let (status, slug, body) = problem(response).await;
    assert_eq!((status, slug.as_str()), (422, "invalid-request"));
    let pointers: Vec<&str> =
        body["errors"].as_array().unwrap().iter().filter_map(|one| one["pointer"].as_str()).collect();
    assert_eq!(pointers, ["#idempotency-key", "/customer/name", "/items/0/quantity", "/payment/cvc", "/payment/token"]);
    let text = body.to_string();
    assert!(!text.contains("4111") && !text.contains("5500"), "{text}");
    assert_eq!(api.metric("orders_refused_total{reason=\"invalid-request\"}").await, 1.0);
}

#[tokio::test]
async fn what_is_no_json_order_at_all() {
    let api = Api::start(&Backends::default()).await;
    let json = |body: &'static str| api.post("/api/orders").header("content-type", "application/json").body(body);
    let too_large = api.place(&json!({"customer": "x".repeat(70_000)}));
    for (request, status, slug) in [
        (json("{\"customer\": "), 400, "malformed-json"),
        (json(""), 400, "malformed-json"),
        (json("[]"), 422, "invalid-request"),
        (api.post("/api/orders").body("a=b"), 415, "unsupported-media-type"),
        (too_large, 413, "body-too-large"),
        (api.get("/api/orders/not-a-number"), 404, "no-such-order"),
        (api.get("/api/nothing"), 404, "no-such-path"),
        (api.post("/api/orders/56ae6aa8-3d28-5fe2-b643-6e2ee29e004f"), 405, "method-not-allowed"),
    ] {
        let found = problem(request.send().await.unwrap()).await;
        assert_eq!((found.0, found.1.as_str()), (status, slug));
    }
}

#[tokio::test]
async fn the_description_and_its_page_are_served() {
    let api = Api::start(&Backends::default()).await;
    let openapi: serde_json::Value = api.get("/openapi.json").send().await.unwrap().json().await.unwrap();
    assert!(openapi["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(openapi["paths"].as_object().unwrap().len(), 8);
    let page = api.get("/docs").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("openapi.json"));
    assert!(!page.contains("http://") && !page.contains("https://"), "nothing comes from elsewhere");
}

#[tokio::test]
async fn pages_of_other_hosts_may_call_when_told_so() {
    let flags = ["--cors-origins=https://shop.example.org, https://other.example.org"];
    let api = Api::start_with(&Backends::default(), &flags).await;
    let allowed = |origin: &'static str| {
        let request = api.get("/openapi.json").header("origin", origin);
        async move { request.send().await.unwrap().headers().get("access-control-allow-origin").cloned() }
    };
    assert_eq!(allowed("https://shop.example.org").await.unwrap(), "https://shop.example.org");
    assert_eq!(allowed("https://evil.example.org").await, None);
}
