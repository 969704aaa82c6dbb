//! The root: `OrderPipeline` and its spec.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Access, Consumer, Database, Exposure, Images, Kafka, Monitoring, NetworkPolicy, Notifications, OrderPipelineStatus,
    Orders, Search, Storefront,
};

/// An order platform: product search and order intake over HTTP, orders through Kafka into MySQL.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "orderpipeline.dev",
    version = "v1alpha1",
    kind = "OrderPipeline",
    plural = "orderpipelines",
    singular = "orderpipeline",
    shortname = "opl",
    category = "all",
    namespaced,
    cel,
    doc = "An order platform: product search and order intake over HTTP, orders through Kafka into MySQL.",
    status = "OrderPipelineStatus",
    derive = "PartialEq",
    scale(
        spec_replicas_path = ".spec.consumer.replicas",
        status_replicas_path = ".status.scaling.replicas",
        label_selector_path = ".status.scaling.selector"
    ),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Lag", type_ = "integer", json_path = ".status.scaling.lag"),
    printcolumn(name = "Consumers", type_ = "integer", json_path = ".status.scaling.replicas"),
    printcolumn(name = "Version", type_ = "string", json_path = ".status.version"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].reason",
        priority = 1
    ),
    validation = Rule::new("self.metadata.name.matches('^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$')")
        .message("metadata.name must be at most 40 lower-case letters, digits and dashes, and start with a letter: Services are named after it")
)]
#[serde(rename_all = "camelCase")]
pub struct OrderPipelineSpec {
    /// Version of the components' images; unset: the operator's own.
    #[schemars(length(min = 1, max = 128), regex(pattern = "^[A-Za-z0-9_][A-Za-z0-9._-]*$"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Other images than those of `version`.
    #[serde(default)]
    pub images: Images,
    /// Which Kafka the orders go through, and the topic.
    pub kafka: Kafka,
    /// The MySQL server.
    pub database: Database,
    /// Who may call what over HTTP.
    #[serde(default)]
    #[x_kube(validation = Rule::new("self.trustedProxies.all(cidr, isCIDR(cidr))")
        .message("spec.access.trustedProxies must hold networks such as 10.0.0.0/8"))]
    pub access: Access,
    /// search-api: product search and catalogue upkeep.
    #[serde(default)]
    #[x_kube(validation = Rule::new("!(has(self.replicas) && has(self.autoscaling))")
        .message("spec.search: only one of replicas and autoscaling may be set"))]
    pub search: Search,
    /// order-api: intake, status and cancel of orders.
    #[serde(default)]
    #[x_kube(validation = Rule::new("!(has(self.replicas) && has(self.autoscaling))")
        .message("spec.orders: only one of replicas and autoscaling may be set"))]
    pub orders: Orders,
    /// order-consumer: orders from Kafka into MySQL.
    #[serde(default)]
    #[x_kube(validation = Rule::new("self.scaling.minReplicas <= self.scaling.maxReplicas")
        .message("spec.consumer.scaling.minReplicas must not be above spec.consumer.scaling.maxReplicas"))]
    pub consumer: Consumer,
    /// Mail to the shopper. Unset: no notifier runs, messages wait in the outbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notifications: Option<Notifications>,
    /// The shopper's page.
    #[serde(default)]
    pub storefront: Storefront,
    /// How the APIs and the page are reached from outside. Now: accepted without effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<Exposure>,
    /// Objects for the Prometheus operator and Grafana. Now: accepted without effect.
    #[serde(default)]
    pub monitoring: Monitoring,
    /// NetworkPolicies of the components. Now: accepted without effect.
    #[serde(default)]
    #[x_kube(validation = Rule::new("self.databaseCIDRs.all(cidr, isCIDR(cidr))")
        .message("spec.networkPolicy.databaseCIDRs must hold networks such as 10.0.0.0/8"))]
    pub network_policy: NetworkPolicy,
    /// Stops the work: consumers and notifier go to 0 replicas. Unset: running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend: Option<Suspend>,
    /// Now: accepted; deletion does not wait for the consumers to work off the topic, and says so in an event.
    #[serde(default)]
    pub drain_before_delete: bool,
}

/// A stop by a person.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Suspend {
    /// What happens to new orders meanwhile.
    pub intake: Intake,
}

/// What happens to new orders during a stop.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// They are accepted and wait in Kafka.
    Queue,
    /// order-api goes to 0 replicas, so callers are refused.
    Refuse,
}
