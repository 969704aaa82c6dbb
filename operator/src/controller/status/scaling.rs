//! `status.scaling`: consumers and their work, in numbers that do not flicker.

use pipeline_api::{ConditionType, OrderPipelineStatus, ScalingStatus};

use super::{Outcome, number};
use crate::controller::component::Component;
use crate::controller::consumers::Change;
use crate::controller::finding::shorten;
use crate::scaling::Decision;

const LONGEST_REASON: usize = 1000;

/// What is known now. Without a sample: what runs, and what is remembered.
pub(super) fn status(outcome: &Outcome<'_>, change: Option<&Change>) -> ScalingStatus {
    let selector = outcome.valid.names.selector(Component::OrderConsumer);
    let selector: Vec<_> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let view = outcome.scaling;
    let before = outcome.previous().scaling.unwrap_or_default();
    let decision = view.latest.as_ref().map(|latest| &latest.decision);
    let last = change.map(|change| change.told.clone()).or_else(|| view.last_change.clone());
    ScalingStatus {
        replicas: outcome.deployment(Component::OrderConsumer).map(|live| number(live, "replicas")),
        limited_by: limited_by(outcome).map(str::to_owned),
        last_decision: last.map(|text| shorten(text, LONGEST_REASON)).or(before.last_decision),
        history: view.history.clone().or(before.history),
        selector: Some(selector.join(",")),
        ..decision.map(figures).unwrap_or_default()
    }
}

/// The figures of a decision, in two digits.
pub fn figures(decision: &Decision) -> ScalingStatus {
    let figures = &decision.figures;
    let capacity = Some(two_digits(figures.capacity_per_replica)).filter(|capacity| *capacity > 0.0);
    ScalingStatus {
        lag: figures.lag.map(|lag| two_digits(lag as f64) as i64),
        oldest_order_age: figures.oldest_order_age.map(duration),
        arrival_rate: figures.arrival_rate.map(two_digits),
        capacity_per_replica: capacity,
        capacity_source: capacity.map(|_| figures.capacity_source.as_str().to_owned()),
        recommended: i32::try_from(decision.recommended).ok(),
        drain_eta: figures.drain_eta.map(duration),
        ..ScalingStatus::default()
    }
}

fn limited_by(outcome: &Outcome<'_>) -> Option<&'static str> {
    if let Some(latest) = &outcome.scaling.latest {
        return latest.decision.limited_by.map(crate::scaling::LimitedBy::as_str);
    }
    let spec = &outcome.pipeline.spec;
    if outcome.valid.budget.limits_consumers {
        Some("DatabaseConnections")
    } else if spec.consumer.replicas.is_some_and(|replicas| replicas > spec.kafka.topic.partitions) {
        Some("Partitions")
    } else {
        None
    }
}

/// Whether nothing differs but numbers of scaling, and the words of conditions that hold such numbers.
pub(super) fn only_numbers_moved(before: &OrderPipelineStatus, after: &OrderPipelineStatus) -> bool {
    const WORDS: [ConditionType; 4] = [
        ConditionType::ConsumersScaled,
        ConditionType::PartitionHot,
        ConditionType::PartitionStalled,
        ConditionType::TransactionStuck,
    ];
    let still = |status: &OrderPipelineStatus| {
        let mut status = status.clone();
        let scaling = status.scaling.take().unwrap_or_default();
        for condition in &mut status.conditions {
            if WORDS.iter().any(|kind| kind.as_str() == condition.type_) {
                condition.message.clear();
            }
        }
        let kept = (scaling.replicas, scaling.limited_by, scaling.last_decision, scaling.selector);
        (status, kept)
    };
    still(before) == still(after)
}

/// 4213 -> 4200, 0.0123 -> 0.012.
fn two_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    // By text: 10^-k is no float, and the last digit would be off.
    format!("{value:.1e}").parse().unwrap_or(value)
}

/// `12s`, `2m`, `3h`, `5d`: two digits of a time, in its largest whole unit.
fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    let units = [("s", 1.0, 100.0), ("m", 60.0, 6000.0), ("h", 3600.0, 360_000.0)];
    let fits = units.into_iter().find(|(_, _, below)| seconds.round() < *below);
    let (unit, length) = fits.map_or(("d", 86_400.0), |(unit, length, _)| (unit, length));
    format!("{}{unit}", (seconds / length).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::{CapacitySource, Figures};

    #[test]
    fn numbers_have_two_digits() {
        for (value, rounded) in
            [(0.0, 0.0), (4213.0, 4200.0), (99.6, 100.0), (0.0123, 0.012), (7.0, 7.0), (610.0, 610.0)]
        {
            assert_eq!(two_digits(value), rounded, "{value}");
        }
        for (seconds, text) in
            [(0.0, "0s"), (12.4, "12s"), (99.4, "99s"), (99.6, "2m"), (150.0, "3m"), (7000.0, "2h"), (1e6, "12d")]
        {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn what_is_believed_is_marked() {
        let believed = Figures { capacity_per_replica: 200.0, ..Figures::default() };
        let learnt = Figures { capacity_source: CapacitySource::Learnt, ..believed.clone() };
        for (figures, source) in [(Figures::default(), None), (believed, Some("Estimated")), (learnt, Some("Learnt"))] {
            let decision = Decision { replicas: 1, recommended: 1, reason: String::new(), limited_by: None, figures };
            assert_eq!(super::figures(&decision).capacity_source.as_deref(), source);
        }
    }

    #[test]
    fn a_moved_number_alone_can_wait() {
        let with = |lag, limited_by: Option<&str>| OrderPipelineStatus {
            scaling: Some(ScalingStatus {
                lag: Some(lag),
                limited_by: limited_by.map(str::to_owned),
                ..ScalingStatus::default()
            }),
            ..OrderPipelineStatus::default()
        };
        assert!(only_numbers_moved(&with(1, None), &with(2, None)));
        assert!(!only_numbers_moved(&with(1, None), &with(1, Some("Partitions"))));
    }
}
