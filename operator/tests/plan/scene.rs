//! A resource and what surrounds it, as values.

use std::collections::BTreeMap;

use jiff::Timestamp;
use order_pipeline_operator::config::{ImageArgs, Settings};
use order_pipeline_operator::controller::component::Component;
use order_pipeline_operator::controller::object::Kind;
use order_pipeline_operator::controller::observe::{Lookup, Observed, ObservedKafka, ObservedUser, SecretData};
use order_pipeline_operator::controller::plan::{self, Inputs, Plan};
use order_pipeline_operator::controller::validate;
use pipeline_api::OrderPipeline;
use serde_json::{Value, json};
use uuid::Uuid;

pub fn example() -> OrderPipeline {
    let text = include_str!("../../../examples/orderpipeline.yaml");
    let mut pipeline: OrderPipeline = serde_yaml::from_str(text).unwrap();
    pipeline.metadata.uid = Some("0d9c7ad4-5a0a-4b9e-9f0e-3a5f5a6f7b11".into());
    pipeline.metadata.generation = Some(1);
    pipeline
}

pub fn settings() -> Settings {
    let images = ImageArgs { image_prefix: "registry.example/order-pipeline".into(), ..ImageArgs::default() };
    Settings {
        watch_namespaces: Vec::new(),
        kafka_namespaces: Vec::new(),
        images,
        operator_namespace: "system".into(),
        ops_url: Some("http://operator.system.svc:8080".into()),
    }
}

pub fn secret(entries: &[(&str, &str)]) -> SecretData {
    entries.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect()
}

pub fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// Everything that people provide is there, and nothing of ours.
pub fn fresh() -> Observed {
    let secrets = BTreeMap::from([
        ("shop-database".into(), secret(&[("username", "shop"), ("password", "p")])),
        ("shop-database-ca".into(), secret(&[("ca.crt", "PEM")])),
        ("shop-admin".into(), secret(&[("token", "t")])),
    ]);
    let kafka = ObservedKafka { cluster: Lookup::Found(kafka_cluster()), ..ObservedKafka::default() };
    Observed { now: now(), children: Vec::new(), secrets, kafka, pods: Vec::new() }
}

pub fn kafka_cluster<T: serde::de::DeserializeOwned>() -> T {
    let cluster = json!({
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "Kafka",
        "metadata": {"name": "kafka", "namespace": "kafka", "generation": 1,
            "annotations": {"orderpipeline.dev/allow-from": "other, orders"}},
        "spec": {"kafka": {
            "authorization": {"type": "simple"},
            "listeners": [
                {"name": "plain", "port": 9092, "tls": false},
                {"name": "tls", "port": 9093, "tls": true, "authentication": {"type": "scram-sha-512"}},
            ],
        }},
        "status": {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]},
    });
    serde_json::from_value(cluster).unwrap()
}

pub fn ready<T: serde::de::DeserializeOwned>(name: &str, spec: Value, more: Value) -> Lookup<T> {
    let mut status = json!({"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]});
    status.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let object = json!({
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "any",
        "metadata": {"name": name, "namespace": "kafka", "generation": 1, "annotations": {
            "orderpipeline.dev/claim": "orders/shop/0d9c7ad4-5a0a-4b9e-9f0e-3a5f5a6f7b11",
            "orderpipeline.dev/created": "true",
        }},
        "spec": spec,
        "status": status,
    });
    Lookup::Found(serde_json::from_value(object).unwrap())
}

/// Strimzi has done its part, and the order namespace is there.
pub fn with_kafka() -> Observed {
    let mut observed = fresh();
    observed.kafka.cluster_ca = Some(secret(&[("ca.crt", "NEW"), ("ca-2027.crt", "OLD"), ("ca.p12", "binary")]));
    observed.kafka.topic = ready("orders-shop", json!({"partitions": 12}), json!({"topicId": "id"}));
    observed.kafka.dead_letter_topic = ready("orders-shop-dlt", json!({"partitions": 12}), json!({}));
    for component in Component::WITH_KAFKA {
        let name = format!("orders-shop-{}", component.name());
        let user = ObservedUser {
            user: ready(&name, json!({}), json!({"username": name, "secret": name})),
            secret: Some(secret(&[("password", "p"), ("sasl.jaas.config", "x")])),
        };
        observed.kafka.users.insert(component, user);
    }
    let namespace = secret(&[("namespace", "6ba7b810-9dad-11d1-80b4-00c04fd430c8")]);
    observed.secrets.insert("shop-order-namespace".into(), namespace);
    observed
}

pub fn plan_of(pipeline: &OrderPipeline, observed: &Observed) -> Plan {
    let settings = settings();
    let valid = validate::validate(pipeline, observed, &settings);
    let inputs = Inputs { pipeline, valid: &valid, observed, settings: &settings, decided: None };
    plan::plan(&inputs, Uuid::from_u128(7))
}

/// Each object of the plan as the API server would return it, with the status that its controller would write.
pub fn settle(observed: &mut Observed, plan: &Plan) {
    for object in &plan.apply {
        if matches!(object.kind, Kind::KafkaTopic | Kind::KafkaUser) {
            continue;
        }
        let mut live = object.clone();
        live.body["metadata"]["generation"] = json!(1);
        let replicas = live.body["spec"]["replicas"].clone();
        live.body["status"] = match object.kind {
            Kind::Job => json!({"conditions": [{"type": "Complete", "status": "True"}]}),
            Kind::Deployment => json!({"observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas,
                "availableReplicas": replicas, "readyReplicas": replicas}),
            _ => Value::Null,
        };
        observed.children.retain(|child| (child.kind, child.name()) != (live.kind, live.name()));
        observed.children.push(live);
    }
}

/// All stages done.
pub fn settled(pipeline: &OrderPipeline) -> Observed {
    let mut observed = with_kafka();
    for _ in 0..4 {
        let plan = plan_of(pipeline, &observed);
        settle(&mut observed, &plan);
    }
    observed
}
