//! What happens when an OrderPipeline is deleted: first the pods go, then users and topics, then the finalizer.
//!
//! The order matters: a topic that goes under running pods would be an error in their logs, and a consumer could write
//! into a database that its owner already thinks quiet. Every wait has a deadline, counted from the deletion, and what
//! is missing (Kafka, Strimzi, rights, the Secrets) is no obstacle: a namespace that is being deleted must get rid of
//! this resource.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use pipeline_api::{DeletionPolicy, OrderPipeline, StrimziAuthentication};

use super::apply;
use super::component::Component;
use super::names::{CLAIM, COMPONENT, CREATED, Names, PIPELINE, operator_claim, operator_user};
use super::object::{Kind, Object};
use super::observe::{self, Lookup};
use crate::config::Settings;

const PODS_DEADLINE: SignedDuration = SignedDuration::from_secs(120);
const KAFKA_DEADLINE: SignedDuration = SignedDuration::from_secs(240);
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What is left of a pipeline that is being deleted.
#[derive(Clone, Debug, Default)]
pub struct Remains {
    /// Objects in the pipeline's namespace, not yet marked for deletion.
    pub children: Vec<Object>,
    pub pods: usize,
    /// Topics and users that are ours to delete.
    pub kafka: Vec<Object>,
}

/// The next thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Delete these (again, if need be) and look again.
    Delete { objects: Vec<Object>, waiting_for: &'static str },
    /// All done, or given up on what is named.
    Release { given_up: Option<String> },
}

/// Decides what to do at this moment. Pure.
pub fn next(remains: &Remains, deleted_at: Timestamp, now: Timestamp) -> Step {
    let age = now.duration_since(deleted_at);
    if age < PODS_DEADLINE && (remains.pods > 0 || !remains.children.is_empty()) {
        return Step::Delete { objects: remains.children.clone(), waiting_for: "pods" };
    }
    if age < KAFKA_DEADLINE && !remains.kafka.is_empty() {
        return Step::Delete { objects: remains.kafka.clone(), waiting_for: "topics and users" };
    }
    let mut left: Vec<_> = remains
        .kafka
        .iter()
        .map(|object| format!("{:?} {}/{}", object.kind, object.namespace(), object.name()))
        .collect();
    if remains.pods > 0 {
        left.push(format!("{} pods", remains.pods));
    }
    Step::Release { given_up: (!left.is_empty()).then(|| left.join(", ")) }
}

/// Looks at what is left.
///
/// # Errors
/// When the API server does not answer. What we may not see counts as gone.
pub async fn remains(client: &Client, pipeline: &OrderPipeline, settings: &Settings) -> Result<Remains, kube::Error> {
    let names = Names::of(pipeline);
    let children = visible(observe::children(client, &names).await)?.unwrap_or_default();
    let children = children.into_iter().filter(|child| child.body["metadata"]["deletionTimestamp"].is_null()).collect();
    let labelled = ListParams::default().labels(&format!("{PIPELINE}={},{COMPONENT}", names.name));
    let pods = Api::<Pod>::namespaced(client.clone(), &names.namespace);
    let pods = visible(pods.list(&labelled).await)?.map_or(0, |pods| pods.items.len());
    Ok(Remains { children, pods, kafka: kafka(client, pipeline, settings, &names).await? })
}

/// In a namespace that is being deleted our rights may go before the resource; its objects go with the namespace.
fn visible<T>(result: Result<T, kube::Error>) -> Result<Option<T>, kube::Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Users always go with the resource; topics by `deletionPolicy`; nothing that we did not create.
async fn kafka(
    client: &Client,
    pipeline: &OrderPipeline,
    settings: &Settings,
    names: &Names,
) -> Result<Vec<Object>, kube::Error> {
    let Some(strimzi) = &pipeline.spec.kafka.strimzi else {
        return Ok(Vec::new());
    };
    let namespace = strimzi.namespace.as_deref().unwrap_or(&names.namespace);
    let users = Component::WITH_KAFKA.map(|component| (Kind::KafkaUser, names.kafka_user(component)));
    let topics = [names.kafka_topic(), names.kafka_dead_letter_topic()].map(|name| (Kind::KafkaTopic, name));
    let with_topics = pipeline.spec.kafka.topic.deletion_policy == DeletionPolicy::Delete;
    let mut ours = Vec::new();
    for (kind, name) in users.into_iter().chain(topics.into_iter().filter(|_| with_topics)) {
        if let Lookup::Found(body) = observe::look_up(client, namespace, &kind.api_resource(), &name).await? {
            let object = Object::new(kind, body);
            let claimed = object.annotation(CLAIM).is_some_and(|claim| claim == names.claim());
            if claimed && object.annotation(CREATED).is_some() {
                ours.push(object);
            }
        }
    }
    for authentication in [StrimziAuthentication::ScramSha512, StrimziAuthentication::Tls] {
        let name = operator_user(&settings.operator_namespace, &strimzi.cluster, authentication);
        let resource = Kind::KafkaUser.api_resource();
        if let Lookup::Found(body) = observe::look_up(client, namespace, &resource, &name).await? {
            let object = Object::new(Kind::KafkaUser, body);
            let claimed = object.annotation(CLAIM) == Some(&operator_claim(&settings.operator_namespace));
            if claimed && !is_used_by_others(client, &strimzi.cluster, namespace, settings).await? {
                ours.push(object);
            }
        }
    }
    Ok(ours)
}

/// Whether a resource that stays uses this Kafka: then the operator's own user there stays, too. Another operator's
/// resources have that operator's user; where we may not look it counts as used.
async fn is_used_by_others(
    client: &Client,
    cluster: &str,
    kafka_namespace: &str,
    settings: &Settings,
) -> Result<bool, kube::Error> {
    // Not by our own type: one that cannot be read as such must not keep another from being deleted.
    let resource = ApiResource::erase::<OrderPipeline>(&());
    for namespace in settings.watched() {
        let api: Api<DynamicObject> = match namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        let Some(found) = visible(api.list(&ListParams::default()).await)? else { return Ok(true) };
        if found.iter().any(|object| uses(object, cluster, kafka_namespace)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uses(resource: &DynamicObject, cluster: &str, kafka_namespace: &str) -> bool {
    let strimzi = &resource.data["spec"]["kafka"]["strimzi"];
    let namespace = strimzi["namespace"].as_str().or(resource.metadata.namespace.as_deref());
    resource.metadata.deletion_timestamp.is_none()
        && strimzi["cluster"] == cluster
        && namespace == Some(kafka_namespace)
}

/// How a step ended.
pub enum Progress {
    LookAgain {
        after: Duration,
        waiting_for: &'static str,
    },
    /// The finalizer may go.
    Done {
        given_up: Option<String>,
    },
}

/// Does the next step. Objects that may not be deleted count as given up at their deadline.
pub async fn advance(
    client: &Client,
    pipeline: &OrderPipeline,
    settings: &Settings,
    now: Timestamp,
) -> Result<Progress, kube::Error> {
    let deleted_at = pipeline.metadata.deletion_timestamp.as_ref().map_or(now, |time| time.0);
    match next(&remains(client, pipeline, settings).await?, deleted_at, now) {
        Step::Delete { objects, waiting_for } => {
            for object in &objects {
                match apply::delete(client, object).await {
                    Ok(()) => {}
                    Err(kube::Error::Api(status)) if status.is_forbidden() => {
                        tracing::warn!(name = object.name(), kind = ?object.kind, "may not be deleted: {}", status.message);
                    }
                    Err(error) => return Err(error),
                }
            }
            Ok(Progress::LookAgain { after: LOOK_AGAIN, waiting_for })
        }
        Step::Release { given_up } => Ok(Progress::Done { given_up }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(kind: Kind) -> Object {
        Object::new(kind, json!({"metadata": {"name": "x", "namespace": "n"}}))
    }

    #[test]
    fn pods_go_before_topics_and_every_wait_ends() {
        let start = Timestamp::UNIX_EPOCH;
        let all = Remains {
            children: vec![object(Kind::Deployment)],
            pods: 2,
            kafka: vec![object(Kind::KafkaUser), object(Kind::KafkaTopic)],
        };
        let Step::Delete { objects, waiting_for } = next(&all, start, start) else { panic!() };
        assert_eq!((objects[0].kind, waiting_for), (Kind::Deployment, "pods"));

        let terminating = Remains { children: Vec::new(), ..all.clone() };
        assert_eq!(
            next(&terminating, start, start),
            Step::Delete { objects: Vec::new(), waiting_for: "pods" },
            "pods that still stop keep their topics"
        );
        let quiet = Remains { pods: 0, ..terminating };
        let Step::Delete { objects, .. } = next(&quiet, start, start) else { panic!() };
        assert_eq!(objects.len(), 2);

        let late = start + KAFKA_DEADLINE;
        let Step::Release { given_up: Some(left) } = next(&all, start, late) else { panic!() };
        assert!(left.contains("KafkaTopic n/x") && left.contains("2 pods"), "{left}");
        assert_eq!(next(&Remains::default(), start, start), Step::Release { given_up: None });
    }
    #[test]
    fn only_a_resource_that_stays_keeps_the_operators_user() {
        let resource = |strimzi: serde_json::Value| -> DynamicObject {
            let spec = json!({"kafka": {"strimzi": strimzi}});
            serde_json::from_value(json!({"metadata": {"name": "x", "namespace": "orders"}, "spec": spec})).unwrap()
        };
        let mut going = resource(json!({"cluster": "kafka"}));
        assert!(uses(&going, "kafka", "orders"), "a Kafka without namespace is in the resource's own");
        assert!(!uses(&going, "kafka", "elsewhere") && !uses(&going, "other", "orders"));
        assert!(uses(&resource(json!({"cluster": "kafka", "namespace": "elsewhere"})), "kafka", "elsewhere"));
        assert!(!uses(&resource(json!(null)), "kafka", "orders"));
        going.metadata.deletion_timestamp = serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap();
        assert!(!uses(&going, "kafka", "orders"));
    }
}
