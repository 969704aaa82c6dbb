//! How many consumers should run: one pure function of what was seen, what is wanted, what was seen before, and now.
//!
//! [`decide`] is called for every sample (every 5 s) by the operator, by `order-pipeline-operator decide` and by
//! `order-pipeline-operator simulate`: all three run the same code. Its parts, a file each: `lag` (is everything
//! known?), `track` and `arrivals` (ages and rates), `capacity` (what one consumer can do), `progress` (stalled, stuck,
//! hot), `need` (how many the work needs), `database` and `schedule` (limits), `stability` (when the number may
//! change), `reason` (why, in words).
//!
//! What is *not* here: I/O, clocks, Kubernetes.
//!
//! Invariants (property-tested):
//! - never below the minimum, never beyond the maximum, the partitions, or what the database can take;
//! - unknown is never zero: without a full sample the number stays;
//! - the same input gives the same decision.

mod arrivals;
mod capacity;
mod database;
mod decision;
mod history;
mod known;
mod lag;
mod limits;
mod need;
mod observation;
mod policy;
mod progress;
mod reason;
mod retrospect;
mod schedule;
mod stability;
#[cfg(test)]
mod tests;
mod track;

pub use decision::{CapacitySource, Decision, Figures, LimitedBy};
pub use history::History;
use limits::Limits;
pub use observation::{Committed, ConsumerSample, Observation, PartitionSample};
use pipeline_api::ScalingMode;
pub use policy::{Policy, PolicyError, Timing};
use reason::consumers;
pub use schedule::{ScheduleError, Window};

/// At 0 consumers nothing moves and so nothing tells: unknown for so long wakes one. Seconds.
const WAKE_AFTER: f64 = 30.0;

/// Decides for `now` (Unix seconds). Pass the history of the last decision, [`History::default`] at first.
pub fn decide(observation: &Observation, policy: &Policy, history: History, now: f64) -> (Decision, History) {
    let mut history = history;
    history.keep_up_with(now);
    let current = history.stability.current(observation.replicas, now);
    let latency = observation.database_latency_ms;
    let ceiling = history.database.note(latency, observation.ready, policy.partitions, now);
    let limits = Limits::of(policy, ceiling, now);
    let automatic = match lag::positions(observation, policy, now) {
        Err(why) => unknown(&why, current, &limits, policy, &mut history, now),
        Ok(positions) => {
            history.unknown_since = None;
            known::decide(observation, &positions, current, &limits, policy, &mut history, now)
        }
    };
    let decision = by_mode(automatic, observation, policy);
    // Only a change that is made counts as one.
    if decision.replicas != current {
        history.stability.changed(current, decision.replicas, now);
    }
    (decision, history)
}

/// Without a full sample the number stays.
fn unknown(why: &str, current: u32, limits: &Limits<'_>, policy: &Policy, history: &mut History, now: f64) -> Decision {
    let since = *history.unknown_since.get_or_insert(history::milli(now));
    let wake = current == 0 && limits.most > 0 && now - since >= WAKE_AFTER;
    let replicas = limits.clamp(if wake { 1 } else { current });
    let reason = if replicas == current {
        format!("{} kept: {why}", consumers(current))
    } else if wake && replicas == 1 {
        format!("0 -> 1 consumer: {why} for {:.0} s, and nobody would notice new orders", now - since)
    } else {
        format!("{current} -> {}: {why}, and that is the nearest allowed number", consumers(replicas))
    };
    let (capacity_per_replica, capacity_source) = history.capacity.per_replica(policy);
    let figures = Figures { capacity_per_replica, capacity_source, ..Figures::default() };
    Decision { replicas, recommended: replicas, reason, limited_by: Some(LimitedBy::Unknown), figures }
}

/// What the mode makes of it.
fn by_mode(decision: Decision, observation: &Observation, policy: &Policy) -> Decision {
    let recommended = decision.recommended;
    let by_hand = match (policy.manual, policy.mode) {
        (Some(replicas), _) => Some(replicas.min(policy.partitions)),
        (None, ScalingMode::Manual) => Some(observation.replicas),
        (None, ScalingMode::Auto | ScalingMode::Recommend) => None,
    };
    if let Some(replicas) = by_hand {
        let reason =
            format!("{} by hand; scaling would choose {recommended}: {}", consumers(replicas), decision.reason);
        return Decision { replicas, reason, limited_by: Some(LimitedBy::Manual), ..decision };
    }
    if policy.mode == ScalingMode::Recommend {
        let replicas = observation.replicas;
        let reason = format!(
            "{} left alone (Recommend); scaling would choose {recommended}: {}",
            consumers(replicas),
            decision.reason
        );
        return Decision { replicas, reason, limited_by: Some(LimitedBy::Recommend), ..decision };
    }
    decision
}
