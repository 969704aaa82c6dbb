//! Live figures of scaling on `/metrics`. What is not known has no series. Labels are pipelines and their partitions.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::board::Seen;
use super::target::{Key, Target};
use crate::scaling::{LimitedBy, PartitionSample};

type Gauges = Family<PipelineLabels, Gauge<f64, AtomicU64>>;

/// Handles; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct ScalingMetrics {
    samples: Family<SampleLabels, Counter>,
    partition_lag: Family<PartitionLabels, Gauge>,
    lag: Gauges,
    oldest_order_age: Gauges,
    arrival_rate: Gauges,
    drain_rate: Gauges,
    capacity: Gauges,
    need: Gauges,
    replicas: Gauges,
    decided: Gauges,
    recommended: Gauges,
    limited: Family<LimitLabels, Gauge>,
    /// Series that have more labels than the pipeline's, so that they can be taken away again.
    shown: Arc<Mutex<HashMap<Key, Shown>>>,
}

#[derive(Debug, Default)]
struct Shown {
    limit: Option<&'static str>,
    partitions: BTreeSet<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SampleLabels {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PipelineLabels {
    namespace: String,
    pipeline: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartitionLabels {
    namespace: String,
    pipeline: String,
    partition: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabels {
    namespace: String,
    pipeline: String,
    by: &'static str,
}

impl ScalingMetrics {
    pub fn register(&self, registry: &mut Registry) {
        let m = self.clone();
        registry.register("samples", "Looks at one pipeline's lag, by what came of them", m.samples);
        let registry = registry.sub_registry_with_prefix("scaling");
        registry.register("partition_lag", "Orders that wait in a partition", m.partition_lag);
        registry.register("lag", "Orders that wait", m.lag);
        registry.register("oldest_order_age_seconds", "How long the oldest order waits", m.oldest_order_age);
        registry.register("arrival_rate", "Orders per second that come in", m.arrival_rate);
        registry.register("drain_rate", "Orders per second that are worked off", m.drain_rate);
        registry.register("capacity_per_replica", "Orders per second that one consumer can work off", m.capacity);
        registry.register("need", "Consumers' worth of work", m.need);
        registry.register("replicas", "Consumers asked for", m.replicas);
        registry.register("decided_replicas", "Consumers that should run", m.decided);
        registry.register("recommended_replicas", "Consumers that scaling would choose", m.recommended);
        registry.register("limited", "1 for what keeps the number from the one that is needed", m.limited);
    }

    /// A look ended, `ok` or `unknown`.
    pub fn sampled(&self, result: &'static str) {
        self.samples.get_or_create(&SampleLabels { result }).inc();
    }

    /// Shows what a look gave.
    pub fn show(&self, key: &Key, target: &Target, seen: &Seen) {
        let labels = PipelineLabels { namespace: key.namespace.clone(), pipeline: key.name.clone() };
        let figures = &seen.decision.figures;
        let values = [
            (&self.lag, figures.lag.map(|lag| lag as f64)),
            (&self.oldest_order_age, figures.oldest_order_age),
            (&self.arrival_rate, figures.arrival_rate),
            (&self.drain_rate, figures.drain_rate),
            (&self.capacity, Some(figures.capacity_per_replica)),
            (&self.need, figures.need),
            (&self.replicas, target.replicas.map(f64::from)),
            (&self.decided, Some(f64::from(seen.decision.replicas))),
            (&self.recommended, Some(f64::from(seen.decision.recommended))),
        ];
        for (family, value) in values {
            match value {
                Some(value) => {
                    family.get_or_create(&labels).set(value);
                }
                None => {
                    family.remove(&labels);
                }
            }
        }
        let lags = seen.partitions.as_deref().unwrap_or_default().iter().map(PartitionSample::lag);
        let known: BTreeMap<u32, i64> =
            (0..).zip(lags).filter_map(|(partition, lag)| Some((partition, lag?))).collect();
        let now = Shown {
            limit: seen.decision.limited_by.map(LimitedBy::as_str),
            partitions: known.keys().copied().collect(),
        };
        if let Some(by) = now.limit {
            self.limited.get_or_create(&limit_labels(key, by)).set(1);
        }
        for (partition, lag) in known {
            self.partition_lag.get_or_create(&partition_labels(key, partition)).set(lag);
        }
        self.take_away(key, Some(now));
    }

    /// Series of the look before that this one does not have.
    fn take_away(&self, key: &Key, now: Option<Shown>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let before = shown.remove(key).unwrap_or_default();
        if let Some(by) = before.limit.filter(|by| now.as_ref().is_none_or(|now| now.limit != Some(by))) {
            self.limited.remove(&limit_labels(key, by));
        }
        for partition in before.partitions {
            if now.as_ref().is_none_or(|now| !now.partitions.contains(&partition)) {
                self.partition_lag.remove(&partition_labels(key, partition));
            }
        }
        if let Some(now) = now {
            shown.insert(key.clone(), now);
        }
    }

    /// Nothing is known of this pipeline.
    pub fn clear(&self, key: &Key) {
        let labels = PipelineLabels { namespace: key.namespace.clone(), pipeline: key.name.clone() };
        for family in [
            &self.lag,
            &self.oldest_order_age,
            &self.arrival_rate,
            &self.drain_rate,
            &self.capacity,
            &self.need,
            &self.replicas,
            &self.decided,
            &self.recommended,
        ] {
            family.remove(&labels);
        }
        self.take_away(key, None);
    }
}

fn limit_labels(key: &Key, by: &'static str) -> LimitLabels {
    LimitLabels { namespace: key.namespace.clone(), pipeline: key.name.clone(), by }
}

fn partition_labels(key: &Key, partition: u32) -> PartitionLabels {
    PartitionLabels { namespace: key.namespace.clone(), pipeline: key.name.clone(), partition }
}
