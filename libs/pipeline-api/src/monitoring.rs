//! `spec.monitoring`: objects for the Prometheus operator and Grafana.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;

/// Objects for the Prometheus operator and Grafana. Now: accepted without effect; every pod serves `/metrics` on its
/// port `admin`.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Monitoring {
    /// A PodMonitor for all components.
    pub pod_monitor: Monitor,
    /// Alerts.
    pub prometheus_rule: Monitor,
    /// ConfigMaps with dashboards for Grafana.
    pub dashboards: Monitor,
}

/// One kind of object.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Monitor {
    /// Whether it is made.
    pub enabled: bool,
    /// Labels by which the receiving side selects.
    #[schemars(schema_with = "bounds::string_map")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}
