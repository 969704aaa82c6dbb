//! Which conditions a pass leads to.

use pipeline_api::{ConditionType, OrderPipelineSpec};

use super::{Outcome, consumers};
use crate::controller::component::Component;
use crate::controller::finding::{Finding, State};
use crate::controller::object::{Kind, Object};
use crate::controller::observe::ObservedPod;
use crate::controller::plan::{self, Migration};
use crate::controller::replicas;
use crate::controller::validate::OrderNamespace;
use crate::sampling::DatabaseWord;

/// All conditions, the summing ones first.
pub(super) fn conditions(outcome: &Outcome<'_>) -> Vec<(ConditionType, Finding)> {
    let kafka = kafka(outcome);
    let database = database(outcome);
    let schema = schema(outcome);
    let consumers = consumers::scaled(outcome);
    let stalled = stalled(outcome);
    let ready = ready(outcome, stalled.as_ref(), &[&kafka, &database, &schema]);
    let reconciling = if ready.is_true() || stalled.is_some() {
        Finding::no("Settled", "nothing is being changed")
    } else {
        Finding::yes(ready.reason, ready.message.clone())
    };
    let stalled = match stalled {
        Some(cause) => Finding::yes(cause.reason, cause.message),
        None => Finding::no("Working", "no person is needed"),
    };
    let mut all = vec![
        (ConditionType::Ready, ready),
        (ConditionType::Reconciling, reconciling),
        (ConditionType::Stalled, stalled),
        (ConditionType::KafkaReady, kafka),
        (ConditionType::DatabaseReady, database),
        (ConditionType::SchemaReady, schema),
        (ConditionType::ConsumersScaled, consumers),
    ];
    all.extend(consumers::marks(outcome));
    all.extend(autoscalers(outcome).map(|finding| (ConditionType::AutoscalersActive, finding)));
    let spec = &outcome.pipeline.spec;
    let weak = plan::weaknesses(&spec.kafka.topic);
    if !weak.is_empty() {
        all.push((ConditionType::TopicSettingsWeak, Finding::yes("WeakerThanSafe", weak.join("; "))));
    }
    let without_effect = without_effect(spec);
    if !without_effect.is_empty() {
        let message = format!("this version does not act on {}", without_effect.join(", "));
        all.push((ConditionType::FieldsWithoutEffect, Finding::yes("NotImplemented", message)));
    }
    all
}

fn stalled(outcome: &Outcome<'_>) -> Option<Finding> {
    if let Some(refused) = &outcome.valid.refused {
        return Some(refused.clone());
    }
    if let Err(refusal) = &outcome.applied
        && refusal.for_good
    {
        return Some(Finding::no("InvalidSpec", refusal.message.clone()));
    }
    match &outcome.valid.order_namespace {
        OrderNamespace::Lost { message } => Some(Finding::no("OrderNamespaceLost", message.clone())),
        OrderNamespace::Known { .. } | OrderNamespace::Make => None,
    }
}

fn ready(outcome: &Outcome<'_>, stalled: Option<&Finding>, parts: &[&Finding]) -> Finding {
    if let Some(cause) = stalled {
        return Finding::no(cause.reason, cause.message.clone());
    }
    if let Err(refusal) = &outcome.applied {
        return Finding::no("ApplyFailed", refusal.message.clone());
    }
    if let Some(missing) = &outcome.valid.other_secrets {
        return missing.clone();
    }
    if let Some(part) = parts.iter().find(|part| part.status == State::False) {
        return (*part).clone();
    }
    for (component, _) in &outcome.plan.components {
        if let Some(finding) = component_trouble(outcome, *component) {
            return finding;
        }
    }
    match outcome.pipeline.spec.suspend {
        Some(_) => Finding::yes("Suspended", "stopped by spec.suspend, as asked"),
        None => Finding::yes("Ready", "all components run"),
    }
}

/// What keeps a component from running as it should.
fn component_trouble(outcome: &Outcome<'_>, component: Component) -> Option<Finding> {
    let name = component.name();
    if let Some((_, reason)) = outcome.plan.held.iter().find(|(held, _)| *held == component) {
        return Some(Finding::no("RolloutHeld", format!("{name} waits: {reason}")));
    }
    let Some(live) = outcome.deployment(component) else {
        return Some(Finding::no("ComponentsNotReady", format!("{name} is being created")));
    };
    // Pods that come because there is more work are no rollout: ConsumersScaled and the autoscalers tell of them.
    let scaled =
        component == Component::OrderConsumer || replicas::autoscaling(&outcome.pipeline.spec, component).is_some();
    if plan::is_rolled_out(live) || (scaled && plan::was_rolled_out(live)) {
        return None;
    }
    let trouble = pod_trouble(&outcome.observed.pods, component);
    if let Some(trouble) = trouble {
        return Some(Finding::no("ComponentsNotReady", format!("{name}: {trouble}")));
    }
    let reason = if deadline_exceeded(live) { "RolloutStuck" } else { "ComponentsNotReady" };
    let number = |field: &str| live.body["status"][field].as_i64().unwrap_or(0);
    let wanted = live.body["spec"]["replicas"].as_i64().unwrap_or(1);
    let message = format!(
        "{name}: {} of {wanted} pods are up to date, {} available",
        number("updatedReplicas"),
        number("availableReplicas")
    );
    Some(Finding::no(reason, message))
}

pub(super) fn pod_trouble(pods: &[ObservedPod], component: Component) -> Option<&str> {
    pods.iter().filter(|pod| pod.component == component.name()).find_map(|pod| pod.trouble.as_deref())
}

fn deadline_exceeded(deployment: &Object) -> bool {
    let conditions = deployment.body["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|one| one["type"] == "Progressing" && one["status"] == "False")
}

fn kafka(outcome: &Outcome<'_>) -> Finding {
    let refused = outcome.applied.as_ref().ok().and_then(|applied| applied.kafka_refused.as_ref());
    match refused {
        Some(refused) => {
            let reason = if refused.forbidden { "KafkaAccessDenied" } else { "KafkaObjectRefused" };
            Finding::no(reason, refused.message.clone())
        }
        None => outcome.valid.kafka.finding.clone(),
    }
}

/// The operator opens no connection of its own: what the consumers say of theirs counts, and where none runs what the
/// last migration Job found.
fn database(outcome: &Outcome<'_>) -> Finding {
    if let Some(missing) = &outcome.valid.database_secrets {
        return missing.clone();
    }
    let word = outcome.scaling.latest.as_ref().map(|latest| latest.database).unwrap_or_default();
    let migrating = !matches!(outcome.plan.migration, Migration::Manual | Migration::Done { .. });
    match word {
        DatabaseWord::Unreachable { consumers } => {
            let message = format!(
                "no consumer reaches the database ({consumers} asked); orders wait in Kafka, their logs and /healthz say why"
            );
            return Finding::no("Unreachable", message);
        }
        DatabaseWord::Reached { .. } if !migrating => {
            return Finding::yes("Reached", "the consumers reach the server");
        }
        DatabaseWord::Reached { .. } | DatabaseWord::Unknown => {}
    }
    match &outcome.plan.migration {
        Migration::Manual => Finding::yes("CredentialsPresent", "migrations are manual: the server was not asked"),
        Migration::Done { job } => Finding::yes("Reached", format!("Job {job} reached the server")),
        Migration::Failed { job, .. } => Finding::no("MigrationFailed", failure(outcome, job)),
        Migration::Due | Migration::Running { .. } => {
            // A new version's Job says nothing about the server until it ends: what was known stays known.
            let reached = outcome.previous().conditions.iter().any(|condition| {
                condition.type_ == ConditionType::DatabaseReady.as_str() && condition.status == "True"
            });
            if reached {
                Finding::yes("Reached", "the last migration Job reached the server")
            } else {
                Finding::unknown("NotTried", "no migration Job has ended yet")
            }
        }
    }
}

fn schema(outcome: &Outcome<'_>) -> Finding {
    match &outcome.plan.migration {
        Migration::Manual => Finding::yes("ManualMigrations", "spec.database.migrations is Manual"),
        Migration::Done { job } => Finding::yes("Migrated", format!("Job {job} succeeded")),
        Migration::Failed { job, .. } => Finding::no("MigrationFailed", failure(outcome, job)),
        Migration::Due => Finding::no("MigrationDue", "the migration Job starts when Kafka and Secrets are there"),
        Migration::Running { job } => {
            let trouble = pod_trouble(&outcome.observed.pods, Component::Migrator);
            let trouble = trouble.map(|trouble| format!(": {trouble}")).unwrap_or_default();
            Finding::no("Migrating", format!("Job {job} runs{trouble}"))
        }
    }
}

/// The pod's last words: the migrator's `{"error":"…"}`, or the end of its log.
fn failure(outcome: &Outcome<'_>, job: &str) -> String {
    let pod = outcome.observed.pods.iter().find(|pod| pod.job.as_deref() == Some(job));
    let words = pod.and_then(|pod| pod.last_words.as_deref()).map(str::trim).filter(|words| !words.is_empty());
    let error = words.and_then(|words| serde_json::from_str::<serde_json::Value>(words).ok());
    let error = error.as_ref().and_then(|words| words["error"].as_str()).or(words);
    format!("Job {job} failed and is tried again: {}", error.unwrap_or("its pod left no message"))
}

/// Whether the autoscalers get figures; `None` without one.
fn autoscalers(outcome: &Outcome<'_>) -> Option<Finding> {
    let spec = &outcome.pipeline.spec;
    let mut waiting = None;
    let mut any = false;
    for component in Component::DEPLOYED.into_iter().filter(|one| replicas::autoscaling(spec, *one).is_some()) {
        any = true;
        let name = outcome.valid.names.component(component);
        let live = outcome.observed.child(Kind::HorizontalPodAutoscaler, &name);
        let conditions = live.and_then(|live| live.body["status"]["conditions"].as_array());
        let active = conditions.into_iter().flatten().find(|one| one["type"] == "ScalingActive");
        match active {
            Some(active) if active["status"] == "True" || active["reason"] == "ScalingDisabled" => {}
            Some(active) => {
                let message = active["message"].as_str().unwrap_or_default();
                return Some(Finding::no("NoFigures", format!("HorizontalPodAutoscaler {name}: {message}")));
            }
            None => waiting = Some(format!("HorizontalPodAutoscaler {name} has not looked yet")),
        }
    }
    any.then(|| match waiting {
        Some(message) => Finding::unknown("NotLookedYet", message),
        None => Finding::yes("Active", "the autoscalers get the figures they need"),
    })
}

/// Fields that are set and that this version does not act on.
fn without_effect(spec: &OrderPipelineSpec) -> Vec<&'static str> {
    let set = [
        ("spec.exposure", spec.exposure.is_some()),
        ("spec.monitoring.podMonitor", spec.monitoring.pod_monitor.enabled),
        ("spec.monitoring.prometheusRule", spec.monitoring.prometheus_rule.enabled),
        ("spec.monitoring.dashboards", spec.monitoring.dashboards.enabled),
        ("spec.networkPolicy", spec.network_policy.enabled),
        ("spec.orders.intakeFallback", spec.orders.intake_fallback),
        ("spec.drainBeforeDelete", spec.drain_before_delete),
    ];
    set.into_iter().filter(|(_, is_set)| *is_set).map(|(field, _)| field).collect()
}
