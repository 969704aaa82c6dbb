//! Step 5: what is said about it. Conditions follow kstatus: `Ready` sums up, `Reconciling` and `Stalled` are
//! abnormal-true. The status is written when it changed, and only then.

mod conditions;
mod consumers;
mod scaling;

pub use scaling::figures;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::Client;
use kube::api::{Api, Patch, PatchParams};
use pipeline_api::{ComponentStatus, ConditionType, DatabaseStatus, OrderPipeline, OrderPipelineStatus};
use serde_json::json;

use super::apply::Applied;
use super::component::Component;
use super::consumers::Change;
use super::finding::{Finding, shorten};
use super::object::{Kind, Object};
use super::observe::Observed;
use super::plan::{Migration, Plan};
use super::validate::order_namespace;
use super::validate::{OrderNamespace, Validated};
use crate::MANAGER;
use crate::sampling::View;

/// Of a condition, bytes: far below what the API server takes, and more than a person reads.
const LONGEST_MESSAGE: usize = 2000;

/// All that a status is made of.
pub struct Outcome<'a> {
    pub pipeline: &'a OrderPipeline,
    pub observed: &'a Observed,
    pub valid: &'a Validated,
    pub plan: &'a Plan,
    /// What was sampled and decided.
    pub scaling: &'a View,
    /// What was written, or why it could not be.
    pub applied: Result<&'a Applied, Refusal>,
}

/// Why objects could not be written.
pub struct Refusal {
    pub message: String,
    /// Only a change of the resource can cure it.
    pub for_good: bool,
}

impl Outcome<'_> {
    /// A component's Deployment as it is after this pass.
    pub fn deployment(&self, component: Component) -> Option<&Object> {
        let name = self.valid.names.component(component);
        let written = self.applied.as_ref().ok().and_then(|applied| {
            applied.written.iter().find(|object| object.kind == Kind::Deployment && object.name() == name)
        });
        written.or_else(|| self.observed.child(Kind::Deployment, &name))
    }

    fn previous(&self) -> OrderPipelineStatus {
        self.pipeline.status.clone().unwrap_or_default()
    }
}

/// The status that this pass leads to.
pub fn status(outcome: &Outcome<'_>, change: Option<&Change>) -> OrderPipelineStatus {
    let previous = outcome.previous();
    let findings = conditions::conditions(outcome);
    let ready = findings.iter().any(|(kind, finding)| *kind == ConditionType::Ready && finding.is_true());
    let generation = outcome.pipeline.metadata.generation;
    let version = outcome.pipeline.spec.version.clone().unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned());
    OrderPipelineStatus {
        observed_generation: generation,
        conditions: merge(&previous.conditions, findings, generation, outcome.observed.now),
        version: if ready { Some(version) } else { previous.version },
        components: components(outcome),
        kafka: outcome.valid.kafka.status.clone().or(previous.kafka),
        database: database(outcome).or(previous.database),
        order_namespace: match &outcome.valid.order_namespace {
            OrderNamespace::Known { hash } => Some(hash.clone()),
            OrderNamespace::Make => made(outcome).or(previous.order_namespace),
            OrderNamespace::Lost { .. } => previous.order_namespace,
        },
        scaling: Some(scaling::status(outcome, change)),
    }
}

/// Writes the status if it is another one than before. When nothing but the numbers of scaling moved, it waits until they
/// are `due`. Gives whether the present numbers are written.
pub async fn write(
    client: &Client,
    pipeline: &OrderPipeline,
    status: &OrderPipelineStatus,
    due: bool,
) -> Result<bool, kube::Error> {
    let before = pipeline.status.as_ref();
    if before == Some(status) {
        return Ok(true);
    }
    if !due && before.is_some_and(|before| scaling::only_numbers_moved(before, status)) {
        return Ok(false);
    }
    let metadata = &pipeline.metadata;
    let (name, namespace) = (metadata.name.as_deref().unwrap_or_default(), metadata.namespace.as_deref());
    let body = json!({
        "apiVersion": "orderpipeline.dev/v1alpha1",
        "kind": "OrderPipeline",
        // With the uid a later resource of that name is not written to.
        "metadata": {"name": name, "uid": metadata.uid},
        "status": status,
    });
    let api = Api::<OrderPipeline>::namespaced(client.clone(), namespace.unwrap_or_default());
    api.patch_status(name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(body)).await?;
    Ok(true)
}

/// Findings as conditions; the time moves only when `status` does.
fn merge(
    previous: &[Condition],
    findings: Vec<(ConditionType, Finding)>,
    generation: Option<i64>,
    now: Timestamp,
) -> Vec<Condition> {
    let conditions = findings.into_iter().map(|(kind, finding)| {
        let before = previous.iter().find(|condition| condition.type_ == kind.as_str());
        let same = before.filter(|before| before.status == finding.status.as_str());
        Condition {
            type_: kind.as_str().to_owned(),
            status: finding.status.as_str().to_owned(),
            reason: finding.reason.to_owned(),
            message: shorten(finding.message, LONGEST_MESSAGE),
            observed_generation: generation,
            last_transition_time: same.map_or(Time(whole_second(now)), |before| before.last_transition_time.clone()),
        }
    });
    conditions.collect()
}

/// The API server keeps no fractions; with them the next pass would see a difference.
fn whole_second(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

fn components(outcome: &Outcome<'_>) -> Vec<ComponentStatus> {
    let each = outcome.plan.components.iter().map(|(component, desired)| {
        let live = outcome.deployment(*component);
        let ready = live.map_or(0, |live| number(live, "readyReplicas"));
        let image = live.and_then(|live| live.body["spec"]["template"]["spec"]["containers"][0]["image"].as_str());
        let version = image.map_or("", tag).to_owned();
        ComponentStatus { name: component.name().into(), ready, desired: desired.count, version }
    });
    each.collect()
}

/// `0.1.0` of `registry:5000/order-pipeline/notifier:0.1.0`; a digest stands for itself; empty: the image has neither.
fn tag(image: &str) -> &str {
    let name = image.rsplit_once('/').map_or(image, |(_, name)| name);
    name.split_once('@').or_else(|| name.split_once(':')).map_or("", |(_, tag)| tag)
}

/// A number of a Deployment's status; 0 when it is not there, as Kubernetes leaves zeros out.
pub fn number(deployment: &Object, field: &str) -> i32 {
    deployment.body["status"][field].as_i64().and_then(|number| i32::try_from(number).ok()).unwrap_or(0)
}

/// The schema's version, in the last words of the migration's pod: `{"schemaVersion":N}`.
fn database(outcome: &Outcome<'_>) -> Option<DatabaseStatus> {
    let Migration::Done { job } = &outcome.plan.migration else { return None };
    let mut pods = outcome.observed.pods.iter().filter(|pod| pod.job.as_ref() == Some(job));
    let words: serde_json::Value = serde_json::from_str(pods.next()?.last_words.as_deref()?).ok()?;
    Some(DatabaseStatus { schema_version: Some(words["schemaVersion"].as_i64()?) })
}

/// The hash of an order namespace that this pass made.
fn made(outcome: &Outcome<'_>) -> Option<String> {
    let secret = outcome.plan.create.as_ref()?;
    let applied = outcome.applied.as_ref().ok()?;
    applied.created.iter().find(|(kind, name)| *kind == Kind::Secret && name == secret.name())?;
    order_namespace::hash(secret.body["stringData"][order_namespace::KEY].as_str()?.as_bytes())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("registry:5000/order-pipeline/notifier:0.1.0", "0.1.0")]
    #[case("registry:5000/order-pipeline/notifier", "")]
    #[case("notifier:0.1.0@sha256:abc", "sha256:abc")]
    #[case("notifier", "")]
    fn the_version_is_that_of_the_image(#[case] image: &str, #[case] version: &str) {
        assert_eq!(tag(image), version);
    }
}
