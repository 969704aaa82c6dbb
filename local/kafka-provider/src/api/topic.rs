use std::collections::BTreeMap;

use kube::CustomResource;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Condition;

#[derive(CustomResource, Clone, Debug, Default, Deserialize, Serialize)]
#[kube(group = "kafka.strimzi.io", version = "v1", kind = "KafkaTopic", namespaced, schema = "disabled")]
#[kube(status = "KafkaTopicStatus")]
#[serde(rename_all = "camelCase", default)]
pub struct KafkaTopicSpec {
    pub topic_name: Option<String>,
    pub partitions: Option<i32>,
    pub replicas: Option<i16>,
    pub config: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KafkaTopicStatus {
    pub conditions: Vec<Condition>,
    pub observed_generation: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_name: Option<String>,
    /// Base64 without padding, as Kafka's own tools print it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_id: Option<String>,
}
