//! `spec.consumer`: order-consumer and how it is scaled.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Duration, PodTemplate, Resources};

/// order-consumer: orders from Kafka into MySQL.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Consumer {
    /// Number of pods by hand (`kubectl scale`); unset: `scaling` decides.
    #[schemars(range(min = 0, max = 1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// How the number of pods is decided.
    pub scaling: Scaling,
    /// Most orders in one database transaction.
    #[schemars(range(min = 1, max = 5000))]
    pub batch_size: i32,
    /// CPU and memory of each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Additions to the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_template: Option<PodTemplate>,
}

impl Default for Consumer {
    fn default() -> Self {
        Self { replicas: None, scaling: Scaling::default(), batch_size: 500, resources: None, pod_template: None }
    }
}

/// Scaling from lag: as many pods as work the orders off within the targets, and no more than help.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Scaling {
    /// Auto scales, Recommend only says what it would do, Manual leaves it to `replicas`.
    pub mode: ScalingMode,
    /// Fewest pods.
    #[schemars(range(min = 0, max = 1000))]
    pub min_replicas: i32,
    /// Most pods. More than there are partitions never run.
    #[schemars(range(min = 1, max = 1000))]
    pub max_replicas: i32,
    /// Orders per second that one pod is believed to work off until that was measured.
    #[schemars(range(min = 1, max = 1000000))]
    pub assumed_capacity: i32,
    /// What scaling aims at.
    pub targets: ScalingTargets,
    /// A smaller number must have been enough for that long before consumers go; longer when that did not last before.
    pub scale_down_after: Duration,
    /// Times with a higher minimum.
    #[schemars(length(max = 32))]
    pub schedules: Vec<Schedule>,
}

impl Default for Scaling {
    fn default() -> Self {
        Self {
            mode: ScalingMode::Auto,
            min_replicas: 1,
            max_replicas: 12,
            assumed_capacity: 200,
            targets: ScalingTargets::default(),
            scale_down_after: Duration::new("5m"),
            schedules: Vec::new(),
        }
    }
}

/// Who decides the number of consumers.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScalingMode {
    #[default]
    Auto,
    Recommend,
    Manual,
}

/// What scaling aims at.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct ScalingTargets {
    /// No order should wait longer in Kafka.
    pub max_order_age: Duration,
    /// Within this time a backlog that is older already should be worked off.
    pub drain_after_burst: Duration,
}

impl Default for ScalingTargets {
    fn default() -> Self {
        Self { max_order_age: Duration::new("30s"), drain_after_burst: Duration::new("2m") }
    }
}

/// A time with a higher minimum of consumers.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// When it starts: five fields of cron, in UTC.
    #[schemars(length(min = 9, max = 128), regex(pattern = "^\\S+ \\S+ \\S+ \\S+ \\S+$"))]
    pub cron: String,
    /// How long it lasts.
    pub duration: Duration,
    /// Fewest pods meanwhile.
    #[schemars(range(min = 1, max = 1000))]
    pub min_replicas: i32,
}
