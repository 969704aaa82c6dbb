//! What the conditions say of the consumers: their number, and what lag shows.

use pipeline_api::{ConditionType, ScalingMode};

use super::{Outcome, conditions, number};
use crate::controller::component::Component;
use crate::controller::finding::Finding;
use crate::sampling::{Held, Latest};
use crate::scaling::LimitedBy;

/// Condition ConsumersScaled.
pub(super) fn scaled(outcome: &Outcome<'_>) -> Finding {
    let wanted = outcome.plan.components.iter().find(|(component, _)| *component == Component::OrderConsumer);
    let wanted = wanted.map_or(0, |(_, replicas)| replicas.count);
    let Some(live) = outcome.deployment(Component::OrderConsumer) else {
        return Finding::unknown("NotDeployed", "order-consumer is not deployed yet");
    };
    let ready = number(live, "availableReplicas");
    let decision = outcome.scaling.latest.as_ref().map(|latest| &latest.decision);
    let why = decision.map(|decision| format!("; {}", decision.reason)).unwrap_or_default();
    if ready != wanted {
        let trouble = conditions::pod_trouble(&outcome.observed.pods, Component::OrderConsumer);
        let trouble = trouble.map(|trouble| format!("; {trouble}")).unwrap_or_default();
        return Finding::no("Scaling", format!("consumers available: {ready} of {wanted}{trouble}{why}"));
    }
    let spec = &outcome.pipeline.spec;
    if spec.suspend.is_some() {
        return Finding::yes("Suspended", "stopped by spec.suspend, as asked");
    }
    let by_hand = spec.consumer.replicas.is_some() || spec.consumer.scaling.mode == ScalingMode::Manual;
    if by_hand && !outcome.valid.budget.limits_consumers {
        return Finding::yes("Fixed", format!("consumers: {ready}, as the resource says"));
    }
    if let Err(why) = &policy(outcome) {
        return Finding::unknown("InvalidPolicy", why.clone());
    }
    if let Some(why) = outcome.scaling.latest.as_ref().and_then(|latest| latest.trouble.as_ref()) {
        return Finding::unknown("LagUnknown", format!("consumers: {ready}, held: {why}"));
    }
    let reason = match decision.map(|decision| decision.limited_by) {
        Some(Some(LimitedBy::Unknown)) => {
            return Finding::unknown("LagUnknown", format!("consumers: {ready}, held{why}"));
        }
        Some(Some(limit)) if holds_back(limit) => limit.as_str(),
        Some(_) => "AsDecided",
        None if outcome.valid.budget.limits_consumers => "DatabaseConnections",
        None => return Finding::unknown("NoSampleYet", format!("consumers: {ready}; lag was not looked at yet")),
    };
    if reason == "DatabaseConnections" {
        let message = format!("consumers: {ready}; spec.database.maxConnections allows no more{why}");
        return Finding::yes(reason, message);
    }
    Finding::yes(reason, format!("consumers: {ready}{why}"))
}

fn policy(outcome: &Outcome<'_>) -> Result<(), String> {
    crate::controller::consumers::policy(outcome).map(|_| ())
}

/// Whether orders would be worked off sooner without this limit.
fn holds_back(limit: LimitedBy) -> bool {
    matches!(
        limit,
        LimitedBy::MaxReplicas
            | LimitedBy::Partitions
            | LimitedBy::DatabaseConnections
            | LimitedBy::DatabaseLatency
            | LimitedBy::HotPartition
            | LimitedBy::NoProgress
            | LimitedBy::Recommend
    )
}

/// Conditions that are there only while something is so.
pub(super) fn marks(outcome: &Outcome<'_>) -> Vec<(ConditionType, Finding)> {
    let Some(latest) = &outcome.scaling.latest else { return Vec::new() };
    let figures = &latest.decision.figures;
    let marks = [
        (
            ConditionType::PartitionHot,
            &figures.hot_partitions,
            "BeyondOneConsumer",
            "gets more orders than one consumer can work off; more partitions would help, more consumers do not",
        ),
        (
            ConditionType::PartitionStalled,
            &figures.stalled_partitions,
            "NoProgress",
            "has a backlog that nobody moves while others move; look at the consumer that has it",
        ),
        (
            ConditionType::TransactionStuck,
            &figures.stuck_transactions,
            "OpenTransaction",
            "has a transaction that stays open, and readers wait for it; look at the producers",
        ),
    ];
    let marked = marks.into_iter().filter(|(_, partitions, ..)| !partitions.is_empty());
    let marked = marked.map(|(kind, partitions, reason, what)| {
        let names: Vec<_> = partitions.iter().take(20).map(ToString::to_string).collect();
        (kind, Finding::yes(reason, format!("partition {} {what}", names.join(", "))))
    });
    marked.chain(held(latest)).chain(lost(latest)).collect()
}

fn held(latest: &Latest) -> Option<(ConditionType, Finding)> {
    let finding = match latest.held? {
        Held::Systemic => Finding::yes(
            "Systemic",
            "the database refuses what every order needs (schema, grants): all orders wait and are tried again every 15 s",
        ),
        Held::DeadLetters => Finding::yes(
            "TooManyDeadLetters",
            "more orders become dead letters than bad orders explain: all wait; look at the last release",
        ),
    };
    Some((ConditionType::OrdersHeld, finding))
}

fn lost(latest: &Latest) -> Option<(ConditionType, Finding)> {
    let message = format!(
        "partitions that stand because records below their offset are gone: {}; accept it by orderctl offsets accept-gap",
        latest.stopped
    );
    (latest.stopped > 0).then(|| (ConditionType::RecordsLost, Finding::yes("LogStartsAboveOffset", message)))
}
