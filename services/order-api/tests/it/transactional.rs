//! Group commit on a real Kafka: what a reader of committed records sees is what was answered with 2xx.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use futures::future::join_all;
use order_api::metrics::Metrics;
use order_api::publisher::{Mode, Outgoing, PublishError, Publisher};
use prometheus_client::registry::Registry;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, Producer};
use serde_json::{Value, json};
use service_runtime::kafka::KafkaArgs;
use service_runtime::{Process, RuntimeArgs};

use crate::api::{Api, Backends, eventually, json_of, order, problem, until_taken};
use crate::process::{start, variables};
use crate::topic;

const TRANSACTIONAL: &[&str] = &["--producer-mode=Transactional"];

async fn kafka_alone(settings: &[(&str, &str)]) -> Backends {
    let bootstrap = topic::shared_bootstrap();
    let topic = topic::make_with(&bootstrap, settings).await;
    Backends { bootstrap, topic, ..Backends::default() }
}

async fn committed(backends: &Backends) -> BTreeSet<String> {
    topic::read(&backends.bootstrap, &backends.topic).await.into_iter().map(|record| record.key).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn what_was_answered_is_what_is_committed() {
    let backends = kafka_alone(&[]).await;
    let api = Api::start_with(&backends, TRANSACTIONAL).await;
    let mut answered = BTreeSet::new();
    for round in 0..3 {
        let placed = join_all((0..100).map(|n| place(&api, format!("key-{round}-{n}"), order()))).await;
        answered.extend(placed);
    }
    assert_eq!(answered.len(), 300);
    assert_eq!(committed(&backends).await, answered);
    let transactions = api.metric("producer_transactions_total{outcome=\"committed\"}").await;
    assert!((1.0..300.0).contains(&transactions), "{transactions}: those that waited shared a transaction");
    assert!(api.metric("producer_transaction_records_sum").await >= 300.0);
    assert!(api.metric("producer_transaction_commit_duration_seconds_count").await >= transactions);
    assert_eq!(api.metric("orders_accepted_total").await, 300.0);
    api.stop().await;
}

/// The number of an order that was taken in the end.
async fn place(api: &Api, key: String, body: Value) -> String {
    let taken = until_taken("an order", || api.place(&body).header("Idempotency-Key", &key)).await;
    json_of(taken).await["orderNumber"].as_str().unwrap().to_owned()
}

/// The brokers refuse one record of a batch: the batch is void, and every record gets a transaction of its own.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn one_refused_record_takes_no_other_down() {
    let backends = kafka_alone(&[("max.message.bytes", "4000")]).await;
    let api = Api::start_with(&backends, TRANSACTIONAL).await;
    let mut large = order();
    // Not to be compressed away.
    let address: Vec<String> = (0..25).map(|_| uuid::Uuid::new_v4().to_string()).collect();
    // Letters alone: digits in groups may look like a card's number.
    let letters = address.join(" ").replace(|c: char| c.is_ascii_digit(), "x");
    large["customer"]["address"] = json!(letters);
    let line = json!({"productId": 1, "quantity": 1, "unitPrice": {"amount": 1, "currency": "EUR"}});
    let lines = (0..100).map(|_| {
        let mut line = line.clone();
        line["productId"] = json!(noise());
        line["unitPrice"]["amount"] = json!(noise() % 900_000_000_000);
        line
    });
    large["items"] = lines.collect();

    // A slow machine may not know in time; then the same request is sent again.
    let refused = eventually("it is known that the large one is not there", || async {
        let answer = api.place(&large).header("Idempotency-Key", "large").send().await.unwrap();
        let (status, slug, told) = problem(answer).await;
        assert_eq!(status, 503);
        (slug == "kafka-unavailable").then_some(told)
    });
    let rest = join_all((0..20).map(|n| place(&api, format!("key-{n}"), order())));
    let (refused, answered) = tokio::join!(refused, rest);
    assert!(api.metric("producer_transactions_total{outcome=\"aborted\"}").await >= 1.0);
    let committed = committed(&backends).await;
    assert!(!committed.contains(refused["orderNumber"].as_str().unwrap()));
    assert_eq!(committed, answered.into_iter().collect());
}

/// 11 or 12 digits, fewer than any card number has.
fn noise() -> u64 {
    100_000_000_000 + uuid::Uuid::new_v4().as_u64_pair().0 % 800_000_000_000
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn a_killed_process_leaves_what_it_answered_and_holds_up_nobody_for_long() {
    let backends = kafka_alone(&[]).await;
    let files = tempfile::tempdir().unwrap();
    let mut variables = variables(&files);
    variables.insert("PRODUCER_MODE", "Transactional".to_owned());
    variables.insert("KAFKA_BOOTSTRAP", backends.bootstrap.clone());
    variables.insert("KAFKA_TOPIC", backends.topic.clone());
    let mut process = start(&files, &variables).await;
    let url = format!("http://{}/api/orders", variables["HTTP_ADDR"]);
    let client = reqwest::Client::new();
    let shoppers = (0..16).map(|_| {
        let (url, client) = (url.clone(), client.clone());
        tokio::spawn(async move {
            let mut answered = Vec::new();
            // Until the process is gone.
            while let Ok(answer) = client.post(&url).json(&order()).send().await {
                if answer.status() == 200
                    && let Ok(answer) = answer.json::<Value>().await
                {
                    answered.push(answer["orderNumber"].as_str().unwrap().to_owned());
                }
            }
            answered
        })
    });
    let shoppers: Vec<_> = shoppers.collect();
    let admin = format!("http://{}/metrics", variables["ADMIN_ADDR"]);
    eventually("orders are taken", || async {
        let text = reqwest::get(&admin).await.ok()?.text().await.ok()?;
        let accepted = text.lines().find_map(|line| line.strip_prefix("orders_accepted_total "))?;
        (accepted.parse::<f64>().unwrap() > 200.0).then_some(())
    })
    .await;
    process.kill().unwrap();
    let mut answered = BTreeSet::new();
    for shopper in shoppers {
        answered.extend(shopper.await.unwrap());
    }

    let api = Api::start_with(&backends, TRANSACTIONAL).await;
    answered.insert(place(&api, "after".to_owned(), order()).await);
    // Reads to the end of each partition, so nothing of the killed process is open any more.
    let committed = committed(&backends).await;
    assert!(answered.is_subset(&committed), "{} of {}", committed.len(), answered.len());
}

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    runtime: RuntimeArgs,
    #[command(flatten)]
    kafka: KafkaArgs,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn a_fenced_producer_is_replaced_under_another_id() {
    let backends = kafka_alone(&[]).await;
    let cli = Cli::parse_from([
        "test",
        "--log-format=text",
        &format!("--kafka-bootstrap={}", backends.bootstrap),
        &format!("--kafka-topic={}", backends.topic),
    ]);
    let process = Process::start("test", "0", &cli.runtime).unwrap();
    let metrics = Arc::new(Metrics::register(&mut Registry::default()));
    let mode = Mode::Transactional("fencing".to_owned());
    let publisher = Publisher::new(&cli.kafka, &mode, process.health.component("kafka"), metrics.clone()).unwrap();
    let publish = |key: String| {
        let record = Outgoing { key, value: event(), headers: vec![("event-type", "OrderPlaced".to_owned())] };
        publisher.publish(record, None)
    };
    let mut stored = BTreeSet::new();
    eventually("the first record", || async { publish("first".to_owned()).await.ok() }).await;
    stored.insert("first".to_owned());

    let ids = publisher.transactional_ids();
    assert!(ids.len() == 2 && ids[0] != ids[1] && ids.iter().all(|id| id.starts_with("fencing-")), "{ids:?}");
    let thieves: Vec<BaseProducer> = ids.iter().map(|id| steal(&backends.bootstrap, id)).collect();
    // Both lanes meet their fence, and every record that was not stored may be sent again.
    for n in 0..40 {
        let key = format!("later-{n}");
        eventually("it is stored", || async {
            match publish(key.clone()).await {
                Ok(()) => Some(()),
                Err(PublishError::Refused(_) | PublishError::Unknown) => None,
            }
        })
        .await;
        stored.insert(key);
        if publisher.transactional_ids().iter().all(|id| !ids.contains(id)) {
            break;
        }
    }
    let now = publisher.transactional_ids();
    assert!(metrics.producers_replaced.get() >= 1);
    assert!(now.iter().any(|id| !ids.contains(id)), "{now:?}");
    for (thief, id) in thieves.iter().zip(&ids) {
        thief.begin_transaction().unwrap_or_else(|error| panic!("{id} was taken back: {error}"));
    }
    assert_eq!(committed(&backends).await, stored);
    publisher.drain(Duration::from_secs(30)).await;
}

/// Another producer with this id: the first one may write no more.
fn steal(bootstrap: &str, id: &str) -> BaseProducer {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", bootstrap).set("transactional.id", id).create().unwrap();
    producer.init_transactions(Duration::from_secs(30)).unwrap();
    producer
}

fn event() -> Vec<u8> {
    let mut event = order();
    event["type"] = json!("OrderPlaced");
    event["schemaVersion"] = json!("1.0");
    event["eventId"] = json!("01a204b5-693f-7204-b397-327bf8276e62");
    event["orderNumber"] = json!("56ae6aa8-3d28-5fe2-b643-6e2ee29e004f");
    event["placedAt"] = json!("2026-11-22T18:00:00.123456Z");
    event["fingerprint"] = json!("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    event.to_string().into_bytes()
}
