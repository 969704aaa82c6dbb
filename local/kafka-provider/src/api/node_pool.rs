use k8s_openapi::api::core::v1::ResourceRequirements;
use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::Condition;

#[derive(CustomResource, Clone, Debug, Deserialize, Serialize)]
#[kube(group = "kafka.strimzi.io", version = "v1", kind = "KafkaNodePool", namespaced, schema = "disabled")]
#[kube(status = "KafkaNodePoolStatus")]
#[serde(rename_all = "camelCase")]
pub struct KafkaNodePoolSpec {
    pub replicas: i32,
    /// `controller` and `broker`.
    pub roles: Vec<String>,
    #[serde(default)]
    pub storage: PoolStorage,
    #[serde(default)]
    pub resources: Option<ResourceRequirements>,
    #[serde(default)]
    pub jvm_options: Option<JvmOptions>,
}

/// `ephemeral`, `persistent-claim`, or `jbod` with volumes of either kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PoolStorage {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(flatten)]
    pub volume: Volume,
    pub volumes: Vec<Volume>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    pub id: Option<i32>,
    #[serde(rename = "type")]
    pub kind: String,
    pub size: Option<String>,
    pub class: Option<String>,
    pub delete_claim: bool,
    pub kraft_metadata: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct JvmOptions {
    #[serde(rename = "-Xms")]
    pub xms: Option<String>,
    #[serde(rename = "-Xmx")]
    pub xmx: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KafkaNodePoolStatus {
    /// Always empty: readiness is on the Kafka only.
    pub conditions: Vec<Condition>,
    pub observed_generation: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    pub node_ids: Vec<i32>,
    pub replicas: i32,
    pub roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<String>,
}
