//! The loop: the group passes a second, the scaler looks and may choose, everything is measured.

use serde::Serialize;

use super::group::{Group, Setup};
use super::load::Load;
use crate::scaling::{History, Policy, decide};

/// Seconds between two looks of ours.
const SAMPLE: f64 = 5.0;

/// A number that a scaler chose, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub replicas: u32,
    pub reason: String,
}

/// One second.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub t: f64,
    pub rate: f64,
    pub lag: f64,
    /// Of the oldest order, seconds.
    pub age: f64,
    pub replicas: u32,
    pub members: u32,
}

/// What came out, as numbers.
#[derive(Serialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Measures {
    /// How often the membership changed.
    pub changes: u32,
    pub pod_hours: f64,
    /// Of pods beyond the partitions.
    pub idle_pod_hours: f64,
    /// Seconds in which the oldest order was older than the target.
    pub over_target_seconds: f64,
    /// Of the oldest order, seconds.
    pub worst_order_age: f64,
    /// 99 of 100 orders were worked off at a lower age, seconds.
    pub p99_order_age: f64,
    pub orders: f64,
    /// Orders that still wait at the end.
    pub waiting: f64,
}

/// A whole run.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    pub measures: Measures,
    pub frames: Vec<Frame>,
    /// When the number was changed, to what, and why.
    pub decisions: Vec<(f64, Choice)>,
}

/// Runs a load through a group. `scaler` is asked every second and gives a number when it chooses one.
pub fn run(load: &Load, setup: &Setup, target: f64, mut scaler: impl FnMut(&Group) -> Option<Choice>) -> Recording {
    let mut group = Group::new(setup.clone());
    let (mut measures, mut frames, mut decisions) = (Measures::default(), Vec::new(), Vec::new());
    let mut ages = Ages::default();
    while group.now() < load.duration {
        let (rate, weights) = load.at(group.now(), setup.partitions);
        group.pass(rate, &weights);
        let age = group.age();
        measures.pod_hours += f64::from(group.replicas()) / 3_600.0;
        measures.idle_pod_hours += f64::from(group.replicas().saturating_sub(setup.partitions)) / 3_600.0;
        measures.over_target_seconds += f64::from(u8::from(age > target));
        measures.worst_order_age = measures.worst_order_age.max(age);
        group.worked_off().iter().for_each(|(orders, age)| ages.add(*orders, *age));
        let (replicas, members) = (group.replicas(), group.members());
        frames.push(Frame { t: group.now(), rate, lag: group.lag(), age, replicas, members });
        if let Some(choice) = scaler(&group).filter(|choice| choice.replicas != group.replicas()) {
            group.scale(choice.replicas);
            decisions.push((group.now(), choice));
        }
    }
    measures.changes = group.changes();
    measures.p99_order_age = ages.percentile(0.99);
    measures.orders = group.arrived();
    measures.waiting = group.lag();
    Recording { measures, frames, decisions }
}

/// The scaler that the operator runs.
pub fn ours(policy: &Policy) -> impl FnMut(&Group) -> Option<Choice> {
    let mut history = History::default();
    move |group| {
        if group.now() % SAMPLE != 0.0 {
            return None;
        }
        let (decision, next) = decide(&group.observe(), policy, std::mem::take(&mut history), group.now());
        history = next;
        Some(Choice { replicas: decision.replicas, reason: decision.reason })
    }
}

/// Orders by age, in tenths of a second.
#[derive(Default)]
struct Ages {
    orders: Vec<f64>,
}

impl Ages {
    fn add(&mut self, orders: f64, age: f64) {
        let place = (age * 10.0) as usize;
        if self.orders.len() <= place {
            self.orders.resize(place + 1, 0.0);
        }
        self.orders[place] += orders;
    }

    fn percentile(&self, part: f64) -> f64 {
        let mut left = self.orders.iter().sum::<f64>() * part;
        for (place, orders) in self.orders.iter().enumerate() {
            left -= orders;
            if left <= 0.0 {
                return (place as f64 + 1.0) / 10.0;
            }
        }
        0.0
    }
}
