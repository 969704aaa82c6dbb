//! What every component's pods have in common: resources, placement, autoscaling.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{LocalObjectReference, Toleration};
use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::{ResourceList, bounds};

/// Requests and limits of the component's container. Setting this replaces the operator's own values.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Resources {
    /// What the scheduler sets aside.
    #[schemars(schema_with = "bounds::resource_list")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: ResourceList,
    /// The most the container may use.
    #[schemars(schema_with = "bounds::resource_list")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: ResourceList,
}

/// Additions to the component's pods. What the operator sets itself (its labels, security, probes, mounts) cannot be
/// changed here.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct PodTemplate {
    /// Further labels and annotations.
    pub metadata: PodTemplateMetadata,
    /// Placement and a few more settings.
    pub spec: PodTemplateSpec,
}

/// Further labels and annotations of the pods.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct PodTemplateMetadata {
    /// Labels; those of the operator win.
    #[schemars(schema_with = "bounds::string_map")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations; those of the operator win.
    #[schemars(schema_with = "bounds::string_map")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Placement and a few more settings of the pods.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct PodTemplateSpec {
    /// Labels a node must have.
    #[schemars(schema_with = "bounds::string_map")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: BTreeMap<String, String>,
    /// As in a Pod.
    #[schemars(schema_with = "bounds::passed_on")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affinity: Option<serde_json::Value>,
    /// As in a Pod.
    #[schemars(length(max = 32), schema_with = "tolerations")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
    /// As in a Pod; unset: the operator spreads the component over nodes as well as it can.
    #[schemars(schema_with = "bounds::passed_on_list")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topology_spread_constraints: Option<Vec<serde_json::Value>>,
    /// Name of a PriorityClass.
    #[schemars(length(max = 253))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_class_name: Option<String>,
    /// Name of a RuntimeClass.
    #[schemars(length(max = 253))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_class_name: Option<String>,
    /// Secrets for the image registry, beside `spec.images.pullSecrets`.
    #[schemars(schema_with = "local_references")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub image_pull_secrets: Vec<LocalObjectReference>,
    /// Seconds a pod has to stop. The component itself stops within it.
    #[schemars(range(min = 10, max = 3600))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination_grace_period_seconds: Option<i64>,
    /// Further environment of the component's container, such as RUST_LOG. A name that the operator sets itself is
    /// refused by the condition Stalled.
    #[schemars(length(max = 64))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
}

/// One environment variable with a plain value.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct EnvVar {
    /// Name of the variable.
    #[schemars(length(min = 1, max = 128), regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub name: String,
    /// Its value, as it stands.
    #[schemars(length(max = 4096))]
    pub value: String,
}

/// Scaling by a HorizontalPodAutoscaler. The cluster must measure CPU (metrics-server), and the pods must request some.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.min <= self.max").message("autoscaling.min must not be above autoscaling.max"))]
pub struct Autoscaling {
    /// Fewest replicas.
    #[schemars(range(min = 1, max = 1000))]
    pub min: i32,
    /// Most replicas.
    #[schemars(range(min = 1, max = 1000))]
    pub max: i32,
    /// Aimed at use of the requested CPU, in percent.
    #[schemars(range(min = 1, max = 100))]
    #[serde(default = "default_cpu_percent")]
    pub cpu_percent: i32,
}

fn default_cpu_percent() -> i32 {
    70
}

fn tolerations(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 32,
        "items": {"type": "object", "properties": {
            "key": {"type": "string", "maxLength": 316},
            "operator": {"type": "string", "enum": ["Exists", "Equal"]},
            "value": {"type": "string", "maxLength": 63},
            "effect": {"type": "string", "enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
            "tolerationSeconds": {"type": "integer", "format": "int64"}
        }}
    })
}

pub(crate) fn local_references(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 16,
        "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 253}}}
    })
}
