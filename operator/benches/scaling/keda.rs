//! KEDA's Kafka scaler (2.20) with a HorizontalPodAutoscaler (v2, Kubernetes 1.37), as their sources have it.

use std::collections::VecDeque;

use order_pipeline_operator::scaling::{Committed, Observation};
use order_pipeline_operator::simulate::{Choice, Group};
use serde_json::{Value, json};

/// Their defaults (`config/v1alpha1/defaults.go`, `pkg/apis/autoscaling/v2/defaults.go`); the threshold has none that
/// means anything: it must be chosen by whoever knows the consumers.
#[derive(Clone, Copy)]
pub struct Keda {
    /// Lag per replica.
    pub lag_threshold: f64,
    pub max_replicas: u32,
}

const SYNC: f64 = 15.0;
const TOLERANCE: f64 = 0.1;
const DOWN_STABILIZATION: f64 = 300.0;
const UP_PODS: u32 = 4;

impl Keda {
    pub fn parameters(&self) -> Value {
        json!({"lagThreshold": self.lag_threshold, "minReplicaCount": 1, "maxReplicaCount": self.max_replicas,
            "allowIdleConsumers": false, "hpaSyncSeconds": SYNC, "tolerance": TOLERANCE, "scaleUp": "max(+4 pods, +100 %) per 15 s",
            "scaleDownStabilizationSeconds": DOWN_STABILIZATION})
    }

    /// The closed rule: KEDA's metric, then the HPA's arithmetic.
    pub fn scaler(self) -> impl FnMut(&Group) -> Option<Choice> {
        let mut recommended: VecDeque<(f64, u32)> = VecDeque::new();
        let mut added: VecDeque<(f64, i64)> = VecDeque::new();
        move |group| {
            let now = group.now();
            if now % SYNC != 0.0 {
                return None;
            }
            let current = group.replicas();
            let wanted = self.recommendation(&group.observe(), current);
            recommended.push_back((now, wanted));
            recommended.retain(|(t, _)| now - t <= DOWN_STABILIZATION);
            let held = recommended.iter().map(|(_, n)| *n).max().unwrap_or(wanted);
            let mut to = if wanted > current { wanted } else { held.min(current) };
            added.retain(|(t, _)| now - t < SYNC);
            let start = i64::from(current) - added.iter().map(|(_, n)| n).sum::<i64>();
            let start = u32::try_from(start).unwrap_or(0);
            to = to.min((start + UP_PODS).max(start * 2).max(current)).clamp(1, self.max_replicas);
            if to != current {
                added.push_back((now, i64::from(to) - i64::from(current)));
            }
            Some(Choice { replicas: to, reason: "lag per replica".to_owned() })
        }
    }

    fn recommendation(&self, seen: &Observation, current: u32) -> u32 {
        let partitions = seen.partitions.as_deref().unwrap_or_default();
        let lag = |committed: Committed, end: Option<i64>| match (committed, end) {
            (Committed::At(committed), Some(end)) => (end - committed) as f64,
            _ => 0.0,
        };
        let mut all: f64 = partitions.iter().map(|p| lag(p.committed, p.end)).sum();
        let bound = partitions.len() as f64;
        if (all / self.lag_threshold).floor() > bound {
            all = bound * self.lag_threshold;
        }
        let ratio = all / (self.lag_threshold * f64::from(current.max(1)));
        if (1.0 - ratio).abs() <= TOLERANCE { current } else { (all / self.lag_threshold).ceil().max(1.0) as u32 }
    }
}
