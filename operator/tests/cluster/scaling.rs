//! Scaling from lag against a real Kafka and a real API server: what is measured, decided, applied and told.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use k8s_openapi::api::events::v1::Event;
use kube::api::{Api, ListParams};
use order_pipeline_operator::controller::object::Kind;
use order_pipeline_operator::{ops, sampling};
use pipeline_api::ScalingStatus;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt;

use crate::scene::Scene;

const CONSUMER: &str = "shop-order-consumer";
const PARTITIONS: i32 = 4;

/// The example on a Kafka without TLS, sampled until the guard is dropped.
fn sampled(scene: &Scene, bootstrap: &str, topic: &str) -> (Value, DropGuard) {
    let mut pipeline = scene.example();
    pipeline["spec"]["kafka"] = json!({
        "external": {"bootstrapServers": bootstrap},
        "topic": {"name": topic, "partitions": PARTITIONS},
    });
    pipeline["spec"]["consumer"]["scaling"] =
        json!({"minReplicas": 1, "maxReplicas": 6, "assumedCapacity": 10, "targets": {"maxOrderAge": "30s"}});
    let stop = CancellationToken::new();
    tokio::spawn(sampling::run(scene.board.clone(), scene.metrics.clone(), stop.clone()));
    (pipeline, stop.drop_guard())
}

fn bootstrap() -> String {
    std::env::var("TEST_KAFKA_BOOTSTRAP").expect("cargo xtask servers up, and source target/local/servers/env")
}

/// A topic with so many records in each partition.
async fn topic(name: &str, records: usize) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap());
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let new = NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1));
    admin.create_topics([&new], &AdminOptions::new()).await.unwrap()[0].clone().unwrap();
    let producer: BaseProducer = config.create().unwrap();
    for partition in 0..PARTITIONS {
        for _ in 0..records {
            producer.send(BaseRecord::<(), str>::to(name).partition(partition).payload("order")).unwrap();
        }
    }
    producer.flush(Duration::from_secs(60)).unwrap();
}

/// What consumers do: the group's offsets move on, by a few orders a second in each partition.
fn consume(topic: String, group: String) -> DropGuard {
    let stop = CancellationToken::new();
    let until = stop.clone();
    std::thread::spawn(move || {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap()).set("group.id", group);
        let consumer: BaseConsumer = config.create().unwrap();
        for second in 1.. {
            if until.is_cancelled() {
                return;
            }
            let mut offsets = TopicPartitionList::new();
            for partition in 0..PARTITIONS {
                offsets.add_partition_offset(&topic, partition, Offset::Offset(2 * second)).unwrap();
            }
            // A commit that a busy broker refuses is made up for by the next.
            let _ = consumer.commit(&offsets, CommitMode::Sync);
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    stop.drop_guard()
}

async fn replicas(scene: &Scene) -> i64 {
    let deployment = scene.api(Kind::Deployment).get_opt(CONSUMER).await.unwrap();
    deployment.and_then(|deployment| deployment.data["spec"]["replicas"].as_i64()).unwrap_or(-1)
}

async fn until_replicas(scene: &Scene, wanted: i64) {
    scene
        .until(&format!("{wanted} consumers"), || async {
            let now = replicas(scene).await;
            let status = scene.pipeline().await.status.and_then(|status| status.scaling);
            if now == wanted { Ok(()) } else { Err(format!("{now}; {status:?}")) }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube and Kafka: cargo xtask test --integration"]
async fn consumers_follow_lag_and_the_resource_says_why() {
    let scene = Scene::new("scaling").await;
    let topic_name = format!("orders-{}", scene.namespace);
    // 4 x 1,000 orders, which a consumer of 10/s would need minutes for: as many consumers as partitions.
    topic(&topic_name, 1000).await;
    let (mut pipeline, _sampling) = sampled(&scene, &bootstrap(), &topic_name);
    let _consuming = consume(topic_name, format!("{}-shop", scene.namespace));
    scene.apply(&pipeline).await.unwrap();
    until_replicas(&scene, PARTITIONS.into()).await;

    let status: ScalingStatus = scene
        .until("the status", || async {
            let scaling = scene.pipeline().await.status.and_then(|status| status.scaling).unwrap_or_default();
            let whole = scaling.lag.is_some_and(|lag| (1..=4000).contains(&lag))
                && scaling.replicas == Some(PARTITIONS)
                && scaling.last_decision.is_some()
                && scaling.history.is_some();
            if whole { Ok(scaling) } else { Err(format!("{scaling:?}")) }
        })
        .await;
    assert_eq!(status.recommended, Some(PARTITIONS));
    let last = status.last_decision.unwrap();
    assert!(last.starts_with("1 -> 4 consumers: "), "{last}");
    let columns = scene.plane.kubectl(&["-n", &scene.namespace, "get", "opl", "shop", "--no-headers"]).unwrap();
    let columns: Vec<_> = columns.split_whitespace().collect();
    assert!(columns[2].parse::<i64>().is_ok_and(|lag| lag > 0) && columns[3] == "4", "{columns:?}");
    scene
        .until("an event", || async {
            let events = Api::<Event>::namespaced(scene.client.clone(), &scene.namespace);
            let events = events.list(&ListParams::default()).await.unwrap();
            let found = events.iter().any(|event| event.reason.as_deref() == Some("ConsumersAdded"));
            if found { Ok(()) } else { Err(String::new()) }
        })
        .await;
    operations_view(&scene).await;

    // A person's word wins, and the way back is the decision again.
    pipeline["spec"]["consumer"]["replicas"] = json!(2);
    scene.apply(&pipeline).await.unwrap();
    until_replicas(&scene, 2).await;
    scene.until_condition("ConsumersScaled", "True", "Fixed").await;
    pipeline["spec"]["consumer"].as_object_mut().unwrap().remove("replicas");
    scene.apply(&pipeline).await.unwrap();
    until_replicas(&scene, PARTITIONS.into()).await;
}

/// The last hour, for the holder of the admin token alone.
async fn operations_view(scene: &Scene) {
    let ask = |path: String, token: Option<&'static str>| {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let router = ops::router(scene.board.clone());
        async move {
            let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let status = response.status();
            let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
            (status, serde_json::from_slice::<Value>(&body).unwrap())
        }
    };
    let path = format!("/pipelines/{}/shop/scaling", scene.namespace);
    let lags = |value: &Value| value["lag"].as_i64().is_some_and(|lag| lag > 0);
    // A sample to which Kafka gave no answer in time has no lag.
    let body = scene
        .until("lag in the status and in a sample", || async {
            let (status, body) = ask(path.clone(), Some("t")).await;
            assert_eq!(status, StatusCode::OK, "{body}");
            let sampled = body["samples"].as_array().is_some_and(|samples| samples.iter().any(lags));
            if sampled && lags(&body["scaling"]) { Ok(body) } else { Err(body.to_string()) }
        })
        .await;
    assert!(body["scaling"]["history"].is_null(), "what is for the next operator is not shown");
    assert!(body["components"].as_array().is_some_and(|all| !all.is_empty()), "{body}");
    let decisions = body["decisions"].as_array().unwrap();
    assert!(decisions.iter().any(|one| one["from"] == 1 && one["to"] == 4 && one["applied"] == true), "{decisions:?}");
    for (path, token) in
        [(path.clone(), None), (path, Some("wrong")), ("/pipelines/elsewhere/shop/scaling".to_owned(), Some("t"))]
    {
        assert_eq!(ask(path, token).await.0, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn an_unreachable_kafka_is_unknown_and_holds_nothing_but_the_number() {
    let scene = Scene::new("unknown").await;
    let nobody = format!("127.0.0.1:{}", local_servers::free_port().unwrap());
    let (mut pipeline, _sampling) = sampled(&scene, &nobody, "orders");
    scene.apply(&pipeline).await.unwrap();
    let resource = scene.until_condition("ConsumersScaled", "Unknown", "LagUnknown").await;
    let scaling = resource.status.unwrap().scaling.unwrap();
    assert_eq!((scaling.lag, scaling.replicas), (None, Some(1)), "unknown is not 0");
    assert_eq!(scaling.limited_by.as_deref(), Some("Unknown"));

    pipeline["spec"]["orders"]["replicas"] = json!(3);
    scene.apply(&pipeline).await.unwrap();
    scene
        .until("the rest is reconciled", || async {
            let deployment = scene.api(Kind::Deployment).get("shop-order-api").await.unwrap();
            let now = deployment.data["spec"]["replicas"].clone();
            if now == 3 { Ok(()) } else { Err(now.to_string()) }
        })
        .await;
    assert_eq!(replicas(&scene).await, 1, "held");
}
