//! What the operator reports.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Observed state of an OrderPipeline.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct OrderPipelineStatus {
    /// The `metadata.generation` that this status speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// By the conventions of kstatus: Ready, Reconciling and Stalled sum up, the others name a part.
    #[serde(default)]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// Version that was rolled out last.
    #[schemars(length(max = 128))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub components: Vec<ComponentStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kafka: Option<KafkaStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseStatus>,
    /// SHA-256 of the order namespace, in hex. The namespace itself is in the Secret `<name>-order-namespace`.
    #[schemars(length(max = 64))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling: Option<ScalingStatus>,
}

/// Replicas of one component.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ComponentStatus {
    #[schemars(length(max = 63))]
    pub name: String,
    /// Pods that are ready.
    pub ready: i32,
    /// Pods that should run.
    pub desired: i32,
    /// Version of their image.
    #[schemars(length(max = 512))]
    pub version: String,
}

/// The Kafka that the pods use.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct KafkaStatus {
    #[schemars(length(max = 1024))]
    pub bootstrap_servers: String,
    /// Changes when the topic was made anew.
    #[schemars(length(max = 64))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_id: Option<String>,
    pub partitions: i32,
}

/// The database's schema.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseStatus {
    /// Version of the newest migration, as the last migration Job reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<i64>,
}

/// Consumers and their work. Numbers that are not known are absent, never 0; they have two digits and are written at most
/// once a minute, live ones are on the operator's `/metrics`.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct ScalingStatus {
    /// Orders that wait in Kafka.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag: Option<i64>,
    /// Age of the oldest of them, such as `12s`.
    #[schemars(length(max = 32))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_order_age: Option<String>,
    /// Orders per second that come in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrival_rate: Option<f64>,
    /// Orders per second that one consumer works off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_per_replica: Option<f64>,
    /// `Estimated` while no consumer was busy enough to tell (`assumedCapacity`, or more when that much was surely done),
    /// then `Learnt`.
    #[schemars(length(max = 16))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_source: Option<String>,
    /// Consumers that exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Consumers that scaling would choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommended: Option<i32>,
    /// What holds the number of consumers below the need, such as `DatabaseConnections`.
    #[schemars(length(max = 64))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limited_by: Option<String>,
    /// When the backlog is expected to be worked off, such as `2m`.
    #[schemars(length(max = 32))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_eta: Option<String>,
    /// The last change of the number and its reason.
    #[schemars(length(max = 1024))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_decision: Option<String>,
    /// What scaling has learnt, for the next operator. Not for people, and of another shape in another version.
    #[schemars(length(max = 16384))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<String>,
    /// Labels of the consumers' pods, for the scale subresource.
    #[schemars(length(max = 1024))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
}

/// The conditions of an OrderPipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionType {
    /// Everything that was asked for runs.
    Ready,
    /// The operator works towards the spec (abnormal-true, kstatus: InProgress).
    Reconciling,
    /// A person must act (abnormal-true, kstatus: Failed).
    Stalled,
    /// Topics and users are there.
    KafkaReady,
    /// Credentials are there and the server was reached.
    DatabaseReady,
    /// The schema is that of the version.
    SchemaReady,
    /// As many consumers run as were asked for.
    ConsumersScaled,
    /// The autoscalers of the APIs get the figures they need; only with `autoscaling`.
    AutoscalersActive,
    /// One partition gets more than one consumer can do: more of them do not help (abnormal-true).
    PartitionHot,
    /// A partition has a backlog that nobody moves while others move (abnormal-true).
    PartitionStalled,
    /// Readers wait for a transaction that is open for too long (abnormal-true).
    TransactionStuck,
    /// The consumers hold all orders: schema or grants are wrong, or too many become dead letters (abnormal-true).
    OrdersHeld,
    /// Records below the offset are gone: their partitions stand until a person accepts the gap (abnormal-true).
    RecordsLost,
    /// Topic settings under which an accepted order could be lost (abnormal-true).
    TopicSettingsWeak,
    /// Fields are set that this version of the operator does not act on (abnormal-true).
    FieldsWithoutEffect,
}

impl ConditionType {
    /// As written in `status.conditions[].type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
            Self::KafkaReady => "KafkaReady",
            Self::DatabaseReady => "DatabaseReady",
            Self::SchemaReady => "SchemaReady",
            Self::ConsumersScaled => "ConsumersScaled",
            Self::AutoscalersActive => "AutoscalersActive",
            Self::PartitionHot => "PartitionHot",
            Self::PartitionStalled => "PartitionStalled",
            Self::TransactionStuck => "TransactionStuck",
            Self::OrdersHeld => "OrdersHeld",
            Self::RecordsLost => "RecordsLost",
            Self::TopicSettingsWeak => "TopicSettingsWeak",
            Self::FieldsWithoutEffect => "FieldsWithoutEffect",
        }
    }

    /// Whether `True` is the bad state.
    pub fn is_abnormal(self) -> bool {
        matches!(
            self,
            Self::Reconciling
                | Self::Stalled
                | Self::PartitionHot
                | Self::PartitionStalled
                | Self::TransactionStuck
                | Self::OrdersHeld
                | Self::RecordsLost
                | Self::TopicSettingsWeak
                | Self::FieldsWithoutEffect
        )
    }
}
