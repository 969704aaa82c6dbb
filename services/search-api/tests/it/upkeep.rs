//! Upkeep of the catalogue: products put and deleted, stock moved once, catalogues in and out.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::shop::Shop;

/// A 503 is tried again, as it asks for: all these calls may be repeated, and a test's machine may be starved.
async fn answered(call: RequestBuilder) -> Response {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let response = call.try_clone().unwrap().send().await.unwrap();
        if response.status() != 503 || Instant::now() > deadline {
            return response;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn answer(call: RequestBuilder) -> (u16, Value) {
    let response = answered(call).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn put(shop: &Shop, id: u64, body: &Value) -> (u16, Value) {
    answer(shop.api.upkeep(Method::PUT, &format!("/api/products/{id}")).json(body)).await
}

async fn stock(shop: &Shop, id: u64, delta: i64, request: &str) -> (u16, Value) {
    let body = json!({"delta": delta, "reason": "counted", "requestId": request});
    answer(shop.api.upkeep(Method::POST, &format!("/api/products/{id}/stock")).json(&body)).await
}

async fn import(shop: &Shop, query: &str, media: &str, body: String) -> (u16, Value) {
    let call = shop.api.upkeep(Method::POST, &format!("/api/products:import{query}"));
    answer(call.header("content-type", media).body(body)).await
}

fn lamp(sku: &str) -> Value {
    json!({"sku": sku, "name": "Lamp", "description": "Bright", "price": {"amount": 1299, "currency": "EUR"}})
}

/// For every product, the stock is the sum of its movements.
async fn ledger_is_whole(shop: &Shop) {
    let wrong: Vec<(u64, i64, i64)> = sqlx::query_as(
        "SELECT i.product_id, i.available, CAST(COALESCE(SUM(m.delta), 0) AS SIGNED) AS moved FROM inventory i \
         LEFT JOIN stock_movements m ON m.product_id = i.product_id \
         GROUP BY i.product_id, i.available HAVING i.available <> moved",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    assert_eq!(wrong, []);
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn products_come_change_and_go() {
    let shop = Shop::open().await;
    let (status, product) = put(&shop, 7, &lamp("A")).await;
    assert_eq!((status, &product["available"], &product["price"]["amount"]), (201, &json!(0), &json!(1299)));
    assert_eq!(shop.api.all_ids("bright", "20").await, [7]);
    let mut changed = lamp("A");
    changed["name"] = "Lantern".into();
    assert_eq!(put(&shop, 7, &changed).await.0, 200);
    assert_eq!(put(&shop, 7, &changed).await.0, 200);
    assert_eq!(shop.api.all_ids("lantern", "20").await, [7]);
    assert!(shop.api.all_ids("lamp", "20").await.is_empty());
    // The sku of another product, new or not.
    assert_eq!(put(&shop, 8, &lamp("B")).await.0, 201);
    for id in [8, 9] {
        let (status, problem) = put(&shop, id, &lamp("A")).await;
        assert_eq!((status, &problem["type"]), (409, &json!("urn:order-pipeline:problem:sku-taken")));
    }
    let remove = || shop.api.upkeep(Method::DELETE, "/api/products/7");
    // One that was answered by a 503 may have been done all the same.
    let gone = remove().send().await.unwrap().status().as_u16();
    assert!(gone == 204 || gone == 503 && [204, 404].contains(&answered(remove()).await.status().as_u16()), "{gone}");
    assert!(shop.api.all_ids("lantern", "20").await.is_empty());
    assert_eq!(answered(remove()).await.status(), 404);
    shop.close().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn strangers_and_mistakes_change_nothing() {
    let shop = Shop::open().await;
    for (method, path) in [
        (Method::PUT, "/api/products/1"),
        (Method::DELETE, "/api/products/1"),
        (Method::POST, "/api/products/1/stock"),
        (Method::POST, "/api/products:import"),
        (Method::GET, "/api/products:export"),
    ] {
        let response = shop.api.stranger(method, path).json(&lamp("A")).send().await.unwrap();
        assert_eq!(response.status(), 401, "{path}");
    }
    let wrong = json!({"sku": "", "name": "x".repeat(256), "price": {"amount": -1, "currency": "eur"}});
    let (status, problem) = put(&shop, 1, &wrong).await;
    let pointers: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!((status, pointers), (422, vec!["/sku", "/name", "/price/amount", "/price/currency"]));
    let mut with_stock = lamp("A");
    with_stock["stock"] = 5.into();
    assert_eq!(put(&shop, 1, &with_stock).await.0, 422);
    assert_eq!(import(&shop, "", "application/json", String::new()).await.0, 415);
    assert_eq!(import(&shop, "?import=a b&after=x", "text/csv", String::new()).await.0, 422);
    assert!(shop.api.all_ids("", "20").await.is_empty());
    shop.close().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn stock_moves_once_for_each_request_and_never_below_zero() {
    let shop = Shop::open().await;
    put(&shop, 1, &lamp("A")).await;
    assert_eq!(stock(&shop, 1, 10, "first").await, (200, json!({"productId": 1, "available": 10})));
    assert_eq!(stock(&shop, 1, -4, "second").await.1["available"], 6);
    // The first answer again, though more has happened since.
    assert_eq!(stock(&shop, 1, 10, "first").await.1["available"], 10);
    let (status, problem) = stock(&shop, 1, -7, "third").await;
    assert_eq!((status, &problem["type"]), (409, &json!("urn:order-pipeline:problem:too-few")));
    assert_eq!(stock(&shop, 2, 1, "first").await.0, 404);
    assert_eq!(stock(&shop, 1, 0, "zero").await.0, 422);
    // Many at once, each twice.
    let calls = (0..40).map(|n| {
        let shop = &shop;
        async move { stock(shop, 1, 1, &format!("many-{}", n / 2)).await.0 }
    });
    assert!(futures::future::join_all(calls).await.iter().all(|status| *status == 200));
    assert_eq!(shop.api.json("/api/products/1", &[]).await["available"], 26);
    ledger_is_whole(&shop).await;
    shop.close().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_catalogue_goes_in_and_out_again() {
    let shop = Shop::open().await;
    let line = |n: u64| {
        let text = format!("Désc, \"{n}\"\nsecond line");
        json!({"id": n, "sku": format!("S{n}"), "name": format!("Lamp {n}"), "description": text,
            "price": {"amount": n, "currency": "EUR"}, "stock": n % 7})
    };
    let lines: String = (1..=1700).map(|n| format!("{}\n", line(n))).collect();
    let (status, report) = import(&shop, "?import=one", "application/x-ndjson", lines.clone()).await;
    assert_eq!((status, &report["imported"], &report["failed"]), (200, &json!(1700), &json!(0)), "{report}");
    assert_eq!(shop.api.json("/api/products/1000", &[]).await["available"], 1000 % 7);
    // A sale, and the same import once more: the stock is not set back.
    assert_eq!(stock(&shop, 1000, -3, "sale").await.0, 200);
    assert_eq!(import(&shop, "?import=one", "application/x-ndjson", lines.clone()).await.1["imported"], 1700);
    assert_eq!(import(&shop, "?import=one&after=1690", "application/x-ndjson", lines).await.1["imported"], 10);
    assert_eq!(shop.api.json("/api/products/1000", &[]).await["available"], 1000 % 7 - 3);
    ledger_is_whole(&shop).await;
    assert_eq!(shop.api.all_ids("lamp 17", "200").await, shop.like("lamp 17").await);

    for media in ["application/x-ndjson", "text/csv"] {
        let call = shop.api.upkeep(Method::GET, "/api/products:export").header("accept", media);
        let text = answered(call).await.text().await.unwrap();
        let other = Shop::open().await;
        let (status, report) = import(&other, "", media, text).await;
        assert_eq!((status, &report["imported"]), (200, &json!(1700)), "{report}");
        for id in [1, 999, 1000, 1700] {
            let path = format!("/api/products/{id}");
            assert_eq!(other.api.json(&path, &[]).await, shop.api.json(&path, &[]).await);
        }
        ledger_is_whole(&other).await;
        other.close().await;
    }
    shop.close().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn wrong_lines_are_named_and_the_others_count() {
    let shop = Shop::open().await;
    shop.add(50, "Old", "").await;
    let csv = "sku,name,amount,currency,id,stock\n\
               A,Lamp,100,EUR,1,4\n\
               B,Desk,x,EUR,2,\n\
               SKU-50,Thief,100,EUR,3,\n\
               C,Chair,100,EUR,,9\n\
               SKU-50,Newer,100,EUR,,\n\
               D,\"Two\nlines\",100,euro,,\n";
    let (status, report) = import(&shop, "", "text/csv", csv.to_owned()).await;
    let failed: Vec<_> = report["errors"].as_array().unwrap().iter().map(|e| e["line"].as_u64().unwrap()).collect();
    assert_eq!((status, &report["imported"], failed), (200, &json!(3), vec![3, 4, 7]), "{report}");
    assert_eq!(shop.api.json("/api/products/50", &[]).await["name"], "Newer");
    let chair = shop.api.json("/api/products", &[("search", "chair")]).await;
    assert_eq!(chair["items"][0]["available"], 9);
    assert!(shop.api.all_ids("thief", "20").await.is_empty());
    let (status, problem) = import(&shop, "", "text/csv", "sku,colour\n".to_owned()).await;
    assert_eq!((status, &problem["type"]), (422, &json!("urn:order-pipeline:problem:unreadable")));
    ledger_is_whole(&shop).await;
    shop.close().await;
}
