//! What the operator counts about itself.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::sampling::metrics::ScalingMetrics;

/// Handles; cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub passes: Family<PassLabels, Counter>,
    pub pass_seconds: Histogram,
    /// Objects written or deleted. It stands still at rest.
    pub writes: Counter,
    /// 1 on the operator that holds the Lease.
    pub leader: Gauge,
    pub scaling: ScalingMetrics,
}

/// How a pass ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PassLabels {
    pub result: &'static str,
}

impl Metrics {
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            passes: Family::default(),
            pass_seconds: Histogram::new(exponential_buckets(0.005, 2.0, 12)),
            writes: Counter::default(),
            leader: Gauge::default(),
            scaling: ScalingMetrics::default(),
        };
        let registry = registry.sub_registry_with_prefix("order_pipeline_operator");
        registry.register("passes", "Passes over one OrderPipeline", metrics.passes.clone());
        registry.register("pass_seconds", "How long a pass took", metrics.pass_seconds.clone());
        registry.register("writes", "Objects written or deleted", metrics.writes.clone());
        registry.register("leader", "1 on the operator that holds the Lease", metrics.leader.clone());
        metrics.scaling.register(registry);
        metrics
    }
}
