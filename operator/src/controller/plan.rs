//! Step 3: what should exist, as values. Pure and infallible: what could fail was settled by validate.
//!
//! A rollout goes in stages: topics and users, migration Job, consumer, APIs and notifier, storefront. A stage whose turn
//! has not come is *held*: a new pod template waits, while what runs is kept and still repaired, scaled and stopped.

mod autoscaler;
pub mod container;
mod deployment;
mod job;
mod kafka_topic;
mod kafka_user;
pub mod pod;
mod pod_disruption_budget;
mod secret;
mod service;
mod service_account;

use std::collections::BTreeSet;
use std::time::Duration;

use pipeline_api::OrderPipeline;
use serde_json::Value;
use uuid::Uuid;

use super::component::Component;
use super::names::TEMPLATE_HASH;
use super::object::{Kind, Object};
use super::observe::Observed;
use super::replicas::{self, Circumstances, Replicas};
use super::validate::{OrderNamespace, Validated};
use crate::config::Settings;

pub use job::Migration;
pub use kafka_topic::weaknesses;

/// What should exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// To be made when it is not there, and never overwritten.
    pub create: Option<Object>,
    /// To be applied, in this order.
    pub apply: Vec<Object>,
    /// Deployments that are kept as they are but for their number of pods.
    pub scale: Vec<(String, i32)>,
    /// To be deleted: ours, and no longer wanted.
    pub prune: Vec<(Kind, String)>,
    pub migration: Migration,
    /// Components whose new pod template waits, and for what.
    pub held: Vec<(Component, String)>,
    /// Deployments that should run, and how many pods of each.
    pub components: Vec<(Component, Replicas)>,
    /// Look again after this time even when nothing changes.
    pub look_again: Option<Duration>,
}

/// What the builders of single objects need.
pub struct Inputs<'a> {
    pub pipeline: &'a OrderPipeline,
    pub valid: &'a Validated,
    pub observed: &'a Observed,
    pub settings: &'a Settings,
    /// Consumers that scaling from lag decided on; `None`: nothing is decided.
    pub decided: Option<i32>,
}

impl Inputs<'_> {
    /// The image of a component: the resource's word, then the operator's.
    pub fn image(&self, component: Component) -> String {
        let images = &self.pipeline.spec.images;
        let own = match component {
            Component::SearchApi => &images.search_api,
            Component::OrderApi => &images.order_api,
            Component::OrderConsumer => &images.order_consumer,
            Component::Notifier => &images.notifier,
            Component::Migrator => &images.migrator,
            Component::Storefront => &images.storefront,
        };
        own.clone().unwrap_or_else(|| self.settings.image(component, self.pipeline.spec.version.as_deref()))
    }
}

/// Between two looks at what may change without a word.
pub const WHEN_WAITING: Duration = Duration::from_secs(30);
/// A pass in which nothing is expected to differ: what no watch tells (a consent that was withdrawn, say).
const AT_REST: Duration = Duration::from_secs(600);

/// Works out what should exist. `entropy` becomes the order namespace when one has to be made.
pub fn plan(inputs: &Inputs<'_>, entropy: Uuid) -> Plan {
    let Inputs { pipeline, valid, observed, .. } = inputs;
    let migration = job::migration(inputs);
    if valid.refused.is_some() {
        let nothing = Plan {
            create: None,
            apply: Vec::new(),
            scale: Vec::new(),
            prune: Vec::new(),
            migration,
            held: Vec::new(),
            components: components(inputs),
            look_again: None,
        };
        return nothing;
    }
    let mut wanted = Wanted::default();
    let create = match valid.order_namespace {
        OrderNamespace::Make => Some(secret::order_namespace(&valid.names, entropy)),
        OrderNamespace::Known { .. } | OrderNamespace::Lost { .. } => None,
    };
    if let Some(target) = &valid.kafka.target {
        wanted.apply.push(kafka_topic::dead_letters(inputs, target));
        wanted.apply.push(kafka_topic::orders(inputs, target));
        wanted.apply.extend(Component::WITH_KAFKA.map(|component| kafka_user::build(inputs, target, component)));
        wanted.apply.extend(kafka_user::of_operator(inputs, target));
    }
    secret::copies(inputs, &mut wanted);
    let components = components(inputs);
    for (component, _) in &components {
        wanted.add(service_account::build(&valid.names, *component));
        wanted.add(pod_disruption_budget::build(&valid.names, *component));
        if component.has_http() {
            wanted.add(service::build(&valid.names, *component));
        }
        if let Some(autoscaling) = replicas::autoscaling(&pipeline.spec, *component) {
            wanted.add(autoscaler::build(&valid.names, *component, autoscaling));
        }
    }
    wanted.add(service_account::build(&valid.names, Component::Migrator));
    job::plan(inputs, &migration, &mut wanted);
    let held = deployments(inputs, &migration, &components, &mut wanted);
    let prune = observed.children.iter().map(|child| (child.kind, child.name().to_owned()));
    let prune = prune.filter(|child| !wanted.inventory.contains(child)).collect();
    let waiting = valid.kafka.look_again || !held.is_empty();
    let retry = migration.retry_in(observed.now);
    let look_again = Some(retry.unwrap_or(if waiting { WHEN_WAITING } else { AT_REST }));
    let Wanted { apply, scale, .. } = wanted;
    Plan { create, apply, scale, prune, migration, held, components, look_again }
}

/// Objects so far: those to apply now, and the names of all that belong to the pipeline, applied now or not.
#[derive(Default)]
pub(crate) struct Wanted {
    apply: Vec<Object>,
    scale: Vec<(String, i32)>,
    inventory: BTreeSet<(Kind, String)>,
}

impl Wanted {
    fn add(&mut self, object: Object) {
        self.inventory.insert((object.kind, object.name().to_owned()));
        self.apply.push(object);
    }

    fn keep(&mut self, kind: Kind, name: String) {
        self.inventory.insert((kind, name));
    }
}

fn components(inputs: &Inputs<'_>) -> Vec<(Component, Replicas)> {
    let Inputs { pipeline, valid, observed, .. } = inputs;
    let spec = &pipeline.spec;
    let deployed = Component::DEPLOYED.into_iter().filter(|component| match component {
        Component::Notifier => spec.notifications.is_some(),
        Component::Storefront => spec.storefront.enabled,
        _ => true,
    });
    let count = |component| {
        let name = valid.names.component(component);
        let circumstances = Circumstances {
            live: observed.child(Kind::Deployment, &name),
            autoscaler_exists: observed.child(Kind::HorizontalPodAutoscaler, &name).is_some(),
            decided: inputs.decided,
            max_consumers: valid.budget.max_consumers,
        };
        (component, replicas::wanted(spec, component, &circumstances))
    };
    deployed.map(count).collect()
}

/// Adds the Deployments whose turn has come, or whose template does not change; tells which wait.
fn deployments(
    inputs: &Inputs<'_>,
    migration: &Migration,
    components: &[(Component, Replicas)],
    wanted: &mut Wanted,
) -> Vec<(Component, String)> {
    let Inputs { valid, observed, .. } = inputs;
    let mut held = Vec::new();
    // Earlier components whose pods are not all new yet.
    let mut not_done = Vec::new();
    for (component, replicas) in components {
        let name = valid.names.component(*component);
        let live = observed.child(Kind::Deployment, &name);
        let built = deployment::build(inputs, *component, *replicas);
        let same = match (live, &built) {
            (Some(live), Some(built)) => live.annotation(TEMPLATE_HASH) == built.annotation(TEMPLATE_HASH),
            _ => false,
        };
        let gate = closed_gate(valid, migration, *component, &not_done);
        match (built, gate) {
            (Some(built), gate) if same || gate.is_none() => {
                if !live.is_some_and(|live| same && was_rolled_out(live)) {
                    not_done.push(*component);
                }
                wanted.add(built);
            }
            (built, gate) => {
                not_done.push(*component);
                let reason = gate.unwrap_or_else(|| "what it connects to is not known yet".to_owned());
                // Without a built template nothing is known to be new: what runs is kept.
                if built.is_some() || live.is_none() {
                    held.push((*component, reason));
                }
                let running = live.and_then(replicas::replicas_of);
                if !replicas.left_to_autoscaler && running.is_some_and(|running| running != replicas.count) {
                    wanted.scale.push((name.clone(), replicas.count));
                }
                wanted.keep(Kind::Deployment, name);
            }
        }
    }
    held
}

/// Why a new template of this component may not start yet.
fn closed_gate(
    valid: &Validated,
    migration: &Migration,
    component: Component,
    not_done: &[Component],
) -> Option<String> {
    if let Some(missing) = valid.database_secrets.as_ref().or(valid.other_secrets.as_ref()) {
        return Some(missing.message.clone());
    }
    if !valid.kafka.finding.is_true() {
        return Some(format!("Kafka: {}", valid.kafka.finding.message));
    }
    if !migration.is_done() {
        return Some("the migration Job has not succeeded yet".to_owned());
    }
    if component == Component::OrderApi {
        match valid.order_namespace {
            OrderNamespace::Known { .. } => {}
            OrderNamespace::Make => return Some("the order namespace is being made".to_owned()),
            OrderNamespace::Lost { .. } => return Some("the order namespace is lost".to_owned()),
        }
    }
    let first = not_done.iter().find(|earlier| earlier.stage() < component.stage())?;
    Some(format!("{} is rolled out first", first.name()))
}

/// Whether all pods of a Deployment have its present template and are available.
pub fn is_rolled_out(live: &Object) -> bool {
    let status = &live.body["status"];
    let wanted = live.body["spec"]["replicas"].as_i64().unwrap_or(1);
    is_observed(live)
        && number(&status["updatedReplicas"]) == wanted
        && number(&status["replicas"]) == wanted
        && number(&status["availableReplicas"]) >= wanted
}

/// Whether the present template was rolled out once, has no older pods beside it, and works: a Deployment that changes
/// only in number stays so. The controller keeps the reason until the template changes.
pub fn was_rolled_out(live: &Object) -> bool {
    let status = &live.body["status"];
    let conditions = status["conditions"].as_array();
    let done = conditions
        .into_iter()
        .flatten()
        .any(|one| one["type"] == "Progressing" && one["reason"] == "NewReplicaSetAvailable");
    is_rolled_out(live)
        || done
            && is_observed(live)
            && number(&status["updatedReplicas"]) == number(&status["replicas"])
            && number(&status["availableReplicas"]) > 0
}

fn is_observed(live: &Object) -> bool {
    number(&live.body["status"]["observedGeneration"]) >= number(&live.body["metadata"]["generation"])
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}
