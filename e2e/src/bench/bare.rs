//! The least that a server can do for an order: read the body, produce the same bytes with acks=all, answer the same
//! JSON. What order-api is measured against.

use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::post;
use rdkafka::ClientConfig;
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, ProducerContext, ThreadedProducer};
use tokio::sync::oneshot;
use uuid::Uuid;

/// What order-api writes for the clients' body. Its ids are fixed, so the batches here compress a little better.
const RECORD: &[u8] = br#"{"type":"OrderPlaced","schemaVersion":"1.0","eventId":"01a204b5-693f-7204-b397-327bf8276e62","orderNumber":"56ae6aa8-3d28-5fe2-b643-6e2ee29e004f","placedAt":"2026-11-22T18:00:00.123456Z","customer":{"name":"Ann Example","email":"ann@example.org","address":"Street 1, 12345 Town"},"items":[{"productId":17,"quantity":2,"unitPrice":{"amount":1999,"currency":"EUR"}},{"productId":3,"quantity":1}],"payment":{"method":"card","token":"tok_1"},"fingerprint":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}"#;

/// Tells each record's sender. Of rdkafka's producers the threaded one with channels is the fastest here.
struct Channels;

impl rdkafka::ClientContext for Channels {}

impl ProducerContext for Channels {
    type DeliveryOpaque = Box<oneshot::Sender<bool>>;

    fn delivery(&self, result: &DeliveryResult<'_>, answer: Box<oneshot::Sender<bool>>) {
        let _gone = answer.send(result.is_ok());
    }
}

/// Serves on HTTP_ADDR until the process is ended; KAFKA_BOOTSTRAP and KAFKA_TOPIC say where to.
pub async fn serve() -> Result<()> {
    let variable = |name: &'static str| std::env::var(name).context(name);
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", variable("KAFKA_BOOTSTRAP")?);
    config.set("enable.idempotence", "true").set("acks", "all").set("linger.ms", "0");
    config.set("compression.type", "lz4").set("partitioner", "murmur2_random");
    let producer: Arc<ThreadedProducer<Channels>> = Arc::new(config.create_with_context(Channels)?);
    let topic: Arc<str> = variable("KAFKA_TOPIC")?.into();
    let handler = move |_body: Bytes| {
        let (producer, topic) = (producer.clone(), topic.clone());
        async move {
            let key = Uuid::now_v7().to_string();
            let (answered, delivery) = oneshot::channel();
            let record = BaseRecord::with_opaque_to(&topic, Box::new(answered)).key(&key).payload(RECORD);
            let record = record.headers(headers(&key));
            producer.send(record).map_err(|(error, _)| error).expect("room in the queue");
            assert!(delivery.await.expect("an answer"), "an acknowledgement");
            let json = format!(r#"{{"orderNumber":"{key}","status":"PENDING"}}"#);
            ([(header::CONTENT_TYPE, "application/json")], json)
        }
    };
    let listener = tokio::net::TcpListener::bind(variable("HTTP_ADDR")?).await?;
    Ok(axum::serve(listener, Router::new().route("/api/orders", post(handler))).await?)
}

/// The headers that order-api writes.
fn headers(key: &str) -> OwnedHeaders {
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    let all = [
        ("order-number", key),
        ("event-type", "OrderPlaced"),
        ("schema-version", "1.0"),
        ("content-type", "application/json"),
        ("traceparent", traceparent),
    ];
    all.into_iter().fold(OwnedHeaders::new_with_capacity(all.len()), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value) })
    })
}
