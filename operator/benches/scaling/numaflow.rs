//! Numaflow (1.8), a source vertex: `pkg/reconciler/vertex/scaling/scaling.go`.

use std::collections::VecDeque;

use order_pipeline_operator::simulate::{Choice, Group};
use serde_json::{Value, json};

/// Its defaults, but for the most replicas: 50 whatever the partitions would only idle.
#[derive(Clone, Copy)]
pub struct Numaflow {
    pub max_replicas: u32,
}

const INTERVAL: f64 = 30.0;
const LOOKBACK: f64 = 120.0;
const COOLDOWN: f64 = 90.0;
const TARGET_PROCESSING: f64 = 20.0;
const STEP: u32 = 2;

impl Numaflow {
    pub fn parameters(&self) -> Value {
        json!({"min": 1, "max": self.max_replicas, "lookbackSeconds": LOOKBACK, "scaleUpCooldownSeconds": COOLDOWN,
            "scaleDownCooldownSeconds": COOLDOWN, "targetProcessingSeconds": TARGET_PROCESSING,
            "replicasPerScaleUp": STEP, "replicasPerScaleDown": STEP, "taskIntervalSeconds": INTERVAL})
    }

    pub fn scaler(self) -> impl FnMut(&Group) -> Option<Choice> {
        let mut seen: VecDeque<(f64, f64, f64)> = VecDeque::new();
        let mut last = f64::NEG_INFINITY;
        move |group| {
            let now = group.now();
            seen.push_back((now, group.done(), group.lag()));
            seen.retain(|(t, ..)| now - t <= LOOKBACK);
            let (since, before, _) = *seen.front()?;
            if now % INTERVAL != 0.0 || now - last < COOLDOWN || now - since < INTERVAL {
                return None;
            }
            let current = group.replicas();
            if group.members() != current || group.members() == 0 {
                return None;
            }
            let rate = (group.done() - before) / (now - since);
            let pending = seen.iter().map(|(.., lag)| lag).sum::<f64>() / seen.len() as f64;
            let desired = if rate <= 0.0 {
                if pending < 1.0 { 1 } else { current }
            } else {
                let replicas = pending / rate / TARGET_PROCESSING * f64::from(group.members());
                (replicas.round().max(1.0)).min(pending.max(1.0)) as u32
            };
            let desired = desired.clamp(1, self.max_replicas);
            let to = if desired < current {
                current - STEP.min(current - desired)
            } else {
                current + STEP.min(desired - current)
            };
            if to != current {
                last = now;
            }
            Some(Choice { replicas: to, reason: "seconds to clear what is pending".to_owned() })
        }
    }
}
