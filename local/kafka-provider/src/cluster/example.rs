//! A cluster for tests: one dual-role node with the listeners that matter.

use serde_json::{Value, json};

use super::model::Cluster;
use super::validate::{Invalid, validate};
use crate::api::{Kafka, KafkaNodePool};

pub fn kafka(spec: Value) -> Kafka {
    serde_json::from_value(json!({
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "Kafka",
        "metadata": {"name": "lab", "namespace": "kafka", "uid": "u-1", "generation": 1},
        "spec": {"kafka": spec, "entityOperator": {"topicOperator": {}, "userOperator": {}}},
    }))
    .expect("a Kafka")
}

pub fn pool(replicas: i32, storage: Value) -> KafkaNodePool {
    serde_json::from_value(json!({
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaNodePool",
        "metadata": {
            "name": "dual", "namespace": "kafka", "uid": "u-2", "generation": 1,
            "labels": {"strimzi.io/cluster": "lab"},
        },
        "spec": {"replicas": replicas, "roles": ["controller", "broker"], "storage": storage},
    }))
    .expect("a KafkaNodePool")
}

pub fn ephemeral() -> Value {
    json!({"type": "jbod", "volumes": [{"id": 0, "type": "ephemeral", "kraftMetadata": "shared"}]})
}

pub fn listeners() -> Value {
    json!([
        {"name": "plain", "port": 9092, "type": "internal", "tls": false},
        {"name": "tls", "port": 9093, "type": "internal", "tls": true, "authentication": {"type": "scram-sha-512"}},
        {"name": "mtls", "port": 9094, "type": "internal", "tls": true, "authentication": {"type": "tls"}},
        {
            "name": "external", "port": 9095, "type": "nodeport", "tls": true,
            "authentication": {"type": "scram-sha-512"},
            "configuration": {
                "bootstrap": {"nodePort": 30094, "alternativeNames": ["kafka.local"]},
                "brokers": [{"broker": 0, "nodePort": 30095, "advertisedHost": "10.0.0.1", "advertisedPort": 30095}],
            },
        },
    ])
}

pub fn cluster() -> Cluster {
    try_cluster(json!({
        "version": "4.3.1",
        "listeners": listeners(),
        "authorization": {"type": "simple", "superUsers": ["CN=root"]},
        "config": {"min.insync.replicas": 1, "auto.create.topics.enable": "false", "advertised.listeners": "x"},
    }))
    .expect("valid")
}

pub fn try_cluster(spec: Value) -> Result<Cluster, Invalid> {
    validate(&kafka(spec), &[pool(1, ephemeral())])
}
