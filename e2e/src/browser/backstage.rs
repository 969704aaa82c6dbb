//! What is behind the shop, over HTTP for the browser's tests: `POST /database/down|up`, `/kafka/down|up`,
//! `/products`, `/price`, `/broken-orders`; `GET /orders?email=`; and a stand-in for the operator.

use std::sync::Arc;

use anyhow::Result;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::operator;
use crate::platform::Platform;

type Shared = Arc<Mutex<Platform>>;

pub(super) fn routes(platform: Shared) -> Router {
    Router::new()
        .route(
            "/database/down",
            post(async |State(it): State<Shared>| told(it.lock().await.take_database_down().await)),
        )
        .route("/database/up", post(async |State(it): State<Shared>| told(it.lock().await.bring_database_back().await)))
        .route("/kafka/down", post(async |State(it): State<Shared>| told(it.lock().await.take_kafka_down().await)))
        .route("/kafka/up", post(async |State(it): State<Shared>| told(it.lock().await.bring_kafka_back().await)))
        .route("/products", post(async |State(it), Json(new)| told(add_product(it, new).await)))
        .route("/price", post(async |State(it), Json(new)| told(set_price(it, new).await)))
        .route("/orders", get(async |State(it), Query(of)| told(orders(it, of).await)))
        .route("/broken-orders", post(async |State(it), Json(of)| told(break_order(it, of).await)))
        .route("/operator", get(operator::scaling))
        .with_state(platform)
}

/// Errors come with their whole chain: a test's reader has nothing else.
fn told<T: Serialize>(result: Result<T>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response(),
    }
}

#[derive(Deserialize)]
struct NewProduct {
    name: String,
    description: String,
    price: i64,
    stock: i64,
}

/// With its stock booked as a movement like any other. Gives its id.
async fn add_product(platform: Shared, new: NewProduct) -> Result<u64> {
    let database = platform.lock().await.database().await?;
    let mut transaction = database.begin().await?;
    let sku = Uuid::new_v4().simple().to_string();
    let insert = "INSERT INTO products (sku, name, description, price_amount, currency) VALUES (?, ?, ?, ?, 'EUR')";
    let insert = sqlx::query(insert).bind(&sku[..12]).bind(new.name).bind(new.description).bind(new.price);
    let id = insert.execute(&mut *transaction).await?.last_insert_id();
    let stock = sqlx::query("UPDATE inventory SET available = ? WHERE product_id = ?").bind(new.stock).bind(id);
    stock.execute(&mut *transaction).await?;
    let movement = "INSERT INTO stock_movements (product_id, delta, reason, request_id, available_after) \
                    VALUES (?, ?, 'INITIAL', ?, ?)";
    let movement = sqlx::query(movement).bind(id).bind(new.stock).bind(&sku).bind(new.stock);
    movement.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(id)
}

#[derive(Deserialize)]
struct NewPrice {
    product: u64,
    price: i64,
}

async fn set_price(platform: Shared, new: NewPrice) -> Result<()> {
    let database = platform.lock().await.database().await?;
    let update = sqlx::query("UPDATE products SET price_amount = ? WHERE id = ?").bind(new.price).bind(new.product);
    update.execute(&database).await?;
    Ok(())
}

#[derive(Deserialize)]
struct Shopper {
    email: String,
}

#[derive(Serialize, sqlx::FromRow)]
struct Stored {
    number: String,
    status: String,
}

/// What MySQL holds of a shopper.
async fn orders(platform: Shared, of: Shopper) -> Result<Vec<Stored>> {
    let database = platform.lock().await.database().await?;
    let rows = sqlx::query_as("SELECT order_number AS number, status FROM orders WHERE customer_email = ?");
    Ok(rows.bind(of.email).fetch_all(&database).await?)
}

#[derive(Deserialize)]
struct BrokenOrder {
    product: u64,
    email: String,
}

/// Puts an order into the log that no consumer can take: it wants a negative number of pieces. Gives its number.
async fn break_order(platform: Shared, of: BrokenOrder) -> Result<String> {
    let number = Uuid::new_v5(&Uuid::NAMESPACE_URL, of.email.as_bytes()).to_string();
    let event = json!({
        "type": "OrderPlaced", "schemaVersion": "1.0", "eventId": Uuid::now_v7(), "orderNumber": number,
        "placedAt": jiff::Timestamp::now(),
        "customer": {"name": "Grace Example", "email": of.email, "address": "Street 2, 12345 Town"},
        "items": [{"productId": of.product, "quantity": -1}],
        "payment": {"method": "card", "token": "tok_1"},
        "fingerprint": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    });
    let headers = [("order-number", number.as_str()), ("event-type", "OrderPlaced"), ("schema-version", "1.0")];
    let log = platform.lock().await.order_log();
    log.append(&number, &headers, event.to_string().as_bytes()).await?;
    Ok(number)
}
