//! `spec.search`, `spec.orders`, `spec.storefront`: the components that answer over HTTP.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Autoscaling, PodTemplate, Resources};

/// search-api: product search and catalogue upkeep.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Search {
    /// Number of pods; 2 when neither this nor `autoscaling` is set (a default here would clash with it).
    #[schemars(range(min = 0, max = 1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Scaling by CPU instead of a fixed number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,
    /// CPU and memory of each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Memory the search index may take, such as `512Mi`; it is added to the pods' memory. Some four times the names and
    /// descriptions are enough; with less, searches go by LIKE. Without it 128Mi, out of the pods' own memory.
    #[schemars(length(max = 16), regex(pattern = "^[1-9][0-9]{0,9}(Ki|Mi|Gi)$"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_memory: Option<String>,
    /// Additions to the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_template: Option<PodTemplate>,
}

/// order-api: intake, status and cancel of orders.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Orders {
    /// Number of pods; 2 when neither this nor `autoscaling` is set (a default here would clash with it).
    #[schemars(range(min = 0, max = 1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Scaling by CPU instead of a fixed number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,
    /// How orders are written to Kafka.
    pub producer: Producer,
    /// Now: accepted without effect; order-api answers 503 while Kafka is away.
    pub intake_fallback: bool,
    /// CPU and memory of each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Additions to the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_template: Option<PodTemplate>,
}

/// How orders are written to Kafka.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Producer {
    /// Idempotent: each order by itself. Transactional: all orders that wait in one transaction.
    pub mode: ProducerMode,
}

/// Producer modes.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProducerMode {
    #[default]
    Idempotent,
    Transactional,
}

/// storefront: the shopper's page.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Storefront {
    /// Whether it runs.
    pub enabled: bool,
    /// Number of pods.
    #[schemars(range(min = 0, max = 1000))]
    pub replicas: i32,
    /// CPU and memory of each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Additions to the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_template: Option<PodTemplate>,
}

impl Default for Storefront {
    fn default() -> Self {
        Self { enabled: false, replicas: 2, resources: None, pod_template: None }
    }
}
