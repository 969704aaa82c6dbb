//! Consumers between the pass and the sampler: what is to be sampled, and what a pass changed. Pure.

use std::net::SocketAddr;
use std::sync::Arc;

use pipeline_api::ScalingMode;
use secrecy::SecretString;
use serde_json::json;

use super::component::Component;
use super::names::short_hash;
use super::object::Kind;
use super::replicas;
use super::status::{self, Outcome};
use crate::sampling::{Consumer, Login, Target};
use crate::scaling::Policy;

/// Port of every component's probes and metrics.
const ADMIN_PORT: u16 = 9090;

/// A changed number of consumers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Reason of the event.
    pub reason: &'static str,
    /// `1 -> 4 consumers: why`.
    pub told: String,
}

/// What this pass changed in the number of consumers by a decision; a person's own change needs no telling.
pub fn change(outcome: &Outcome<'_>) -> Option<Change> {
    let name = outcome.valid.names.component(Component::OrderConsumer);
    let before = outcome.observed.child(Kind::Deployment, &name).and_then(replicas::replicas_of)?;
    let after = outcome.deployment(Component::OrderConsumer).and_then(replicas::replicas_of)?;
    let latest = outcome.scaling.latest.as_ref()?;
    let by_decision = outcome.scaling.decided == Some(after) && outcome.applied.is_ok();
    let reason = if after > before { "ConsumersAdded" } else { "ConsumersRemoved" };
    let step = format!("{before} -> {after}");
    // A later sample may have come since the decision, whose reason speaks of no step.
    let why = &latest.decision.reason;
    let told = if why.starts_with(&step) { why.clone() } else { format!("{step} consumers: {why}") };
    (before != after && by_decision).then_some(Change { reason, told })
}

/// What is to be sampled from now on.
pub fn target(outcome: &Outcome<'_>) -> Target {
    let Outcome { pipeline, valid, observed, .. } = outcome;
    let spec = &pipeline.spec;
    let consumers = observed
        .pods
        .iter()
        .filter(|pod| pod.component == Component::OrderConsumer.name() && pod.ready && !pod.stopping);
    let live = outcome.deployment(Component::OrderConsumer);
    Target {
        uid: valid.names.uid.clone(),
        login: login(outcome),
        group: valid.names.group(),
        topic: spec.kafka.topic.name.clone(),
        policy: policy(outcome),
        size: short_hash(&json!([spec.consumer.resources, spec.consumer.batch_size]).to_string()),
        replicas: live.and_then(replicas::replicas_of).and_then(|replicas| u32::try_from(replicas).ok()),
        ready: live.map_or(0, |live| u32::try_from(status::number(live, "readyReplicas")).unwrap_or(0)),
        consumers: consumers
            .filter_map(|pod| {
                Some(Consumer { pod: pod.name.clone(), admin: SocketAddr::new(pod.address?, ADMIN_PORT) })
            })
            .collect(),
        acts: spec.consumer.scaling.mode == ScalingMode::Auto
            && spec.consumer.replicas.is_none()
            && spec.suspend.is_none(),
        token: token(outcome),
    }
}

fn login(outcome: &Outcome<'_>) -> Result<Arc<Login>, String> {
    let kafka = &outcome.valid.kafka;
    let Some(connection) = &kafka.connection else {
        return Err(kafka.finding.message.clone());
    };
    let login = Login::of_operator(connection).map(Arc::new);
    login.ok_or_else(|| "the operator's own KafkaUser has no credentials yet".to_owned())
}

/// The scaling block with the ceilings around it.
pub fn policy(outcome: &Outcome<'_>) -> Result<Policy, String> {
    let spec = &outcome.pipeline.spec;
    let budget = &outcome.valid.budget;
    let number = |value: i32| u32::try_from(value).unwrap_or(0);
    let partitions = outcome.valid.kafka.status.as_ref().map_or(spec.kafka.topic.partitions, |kafka| kafka.partitions);
    let policy = Policy::new(&spec.consumer.scaling, number(partitions)).map_err(|error| error.told())?;
    let allowed = budget.limits_consumers.then(|| number(budget.max_consumers));
    Ok(policy.with_manual(spec.consumer.replicas.map(number)).with_connections(allowed))
}

fn token(outcome: &Outcome<'_>) -> Option<SecretString> {
    let reference = outcome.pipeline.spec.access.admin_token_secret_ref.as_ref()?;
    let data = outcome.observed.secrets.get(&reference.name)?;
    let text = std::str::from_utf8(data.get(reference.key_or("token"))?).ok()?.trim_end_matches(['\r', '\n']);
    (!text.is_empty()).then(|| SecretString::from(text))
}
