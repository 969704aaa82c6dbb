//! The Flink Kubernetes operator's autoscaler (1.15): `ScalingMetricEvaluator`, `JobVertexScaler`, `ScalingExecutor`.
//! Kind to it: a rescale costs here what it costs the others, not a restart of the job.

use std::collections::VecDeque;

use order_pipeline_operator::simulate::{Choice, Group};
use serde_json::{Value, json};

/// Its defaults.
#[derive(Clone, Copy)]
pub struct Flink {
    pub partitions: u32,
}

const WINDOW: f64 = 900.0;
const STABILIZATION: f64 = 300.0;
const CATCH_UP: f64 = 1_800.0;
const RESTART: f64 = 300.0;
const UTILIZATION: f64 = 0.7;
const UTILIZATION_MAX: f64 = 1.0;
const UTILIZATION_MIN: f64 = 0.4;
const SCALE_DOWN_INTERVAL: f64 = 3_600.0;
const MAX_DOWN_FACTOR: f64 = 0.6;
const INTERVAL: f64 = 60.0;

#[derive(Clone, Copy)]
struct Sample {
    t: f64,
    done: f64,
    lag: f64,
    /// Of the busiest member.
    busy: f64,
}

impl Flink {
    pub fn parameters(&self) -> Value {
        json!({"metricsWindowSeconds": WINDOW, "stabilizationSeconds": STABILIZATION, "catchUpSeconds": CATCH_UP,
            "restartSeconds": RESTART, "utilizationTarget": UTILIZATION, "utilizationMin": UTILIZATION_MIN,
            "utilizationMax": UTILIZATION_MAX, "scaleDownIntervalSeconds": SCALE_DOWN_INTERVAL,
            "maxScaleDownFactor": MAX_DOWN_FACTOR, "keyGroupAdjustment": "BALANCED", "reconcileSeconds": INTERVAL})
    }

    pub fn scaler(self) -> impl FnMut(&Group) -> Option<Choice> {
        let mut window: VecDeque<Sample> = VecDeque::new();
        let mut down: VecDeque<(f64, u32)> = VecDeque::new();
        let mut changed = 0.0;
        let mut down_since = None;
        move |group| {
            let now = group.now();
            // Metrics of the time in which a rescale settles are not looked at.
            if now - changed < STABILIZATION {
                return None;
            }
            let busy = group.busy().iter().copied().fold(0.0, f64::max);
            window.push_back(Sample { t: now, done: group.done(), lag: group.lag(), busy });
            window.retain(|sample| now - sample.t <= WINDOW);
            let first = *window.front()?;
            if now % INTERVAL != 0.0 || now - first.t < WINDOW - 1.0 {
                return None;
            }
            let current = group.replicas();
            let wanted = self.wanted(&window, first, group.lag(), current);
            let to = if wanted >= current {
                (down_since, _) = (None, down.clear());
                wanted
            } else {
                let since = *down_since.get_or_insert(now);
                down.push_back((now, wanted));
                down.retain(|(t, _)| now - t <= SCALE_DOWN_INTERVAL);
                if now - since < SCALE_DOWN_INTERVAL {
                    current
                } else {
                    down.iter().map(|(_, n)| *n).max().unwrap_or(current)
                }
            };
            if to != current {
                changed = now;
                down_since = None;
                window.clear();
                down.clear();
            }
            Some(Choice { replicas: to, reason: "true processing rate".to_owned() })
        }
    }

    fn wanted(&self, window: &VecDeque<Sample>, first: Sample, lag: f64, current: u32) -> u32 {
        let Some(last) = window.back() else { return current };
        let seconds = last.t - first.t;
        let records_in = (last.done - first.done) / seconds;
        let arrivals = (records_in + (last.lag - first.lag) / seconds).max(0.0);
        let busy = window.iter().map(|sample| sample.busy).sum::<f64>() / window.len() as f64;
        if busy <= 0.0 {
            return current;
        }
        let true_rate = records_in / busy;
        let capacity =
            |utilization: f64, restart: f64| lag / CATCH_UP + arrivals * restart / CATCH_UP + arrivals / utilization;
        let backlogged = records_in > 0.0 && lag / records_in > STABILIZATION;
        let low = if backlogged { f64::INFINITY } else { capacity(UTILIZATION_MIN, RESTART) };
        if true_rate >= capacity(UTILIZATION_MAX, 0.0) && true_rate <= low {
            return current;
        }
        let factor = (capacity(UTILIZATION, RESTART) / true_rate).max(1.0 - MAX_DOWN_FACTOR);
        self.balanced(((factor * f64::from(current)).ceil() as u32).clamp(1, self.partitions))
    }

    /// The first number from `target` on that divides the partitions or lightens everyone's share.
    fn balanced(&self, target: u32) -> u32 {
        let n = self.partitions;
        (target..=n).find(|p| n.is_multiple_of(*p) || n / p < n / target).unwrap_or(target)
    }
}
