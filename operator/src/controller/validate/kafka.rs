//! Whether and how the pods reach Kafka.

use std::collections::BTreeMap;

use pipeline_api::{KafkaStatus, OrderPipeline, StrimziAuthentication, StrimziKafka};

use crate::config::Settings;
use crate::controller::component::Component;
use crate::controller::finding::Finding;
use crate::controller::names::{ALLOW_FROM, CLAIM, Names};
use crate::controller::observe::{Lookup, Observed, ObservedKafka, SecretData};
use crate::strimzi::{Kafka, Listener};

mod connection;
mod external;
mod readiness;

use connection::connection;
use readiness::readiness;

/// What is known of Kafka.
#[derive(Clone, Debug)]
pub struct KafkaAccess {
    /// Condition KafkaReady.
    pub finding: Finding,
    /// Where topics and users are written; `None`: nowhere.
    pub target: Option<Target>,
    /// How pods connect; `None`: not known yet.
    pub connection: Option<Connection>,
    /// What the resource's status says.
    pub status: Option<KafkaStatus>,
    /// Nothing may tell us when this changes: look again soon.
    pub look_again: bool,
}

/// Where topics and users are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub namespace: String,
    pub cluster: String,
    pub authentication: StrimziAuthentication,
    /// Whether the cluster checks ACLs at all; a user with ACLs is refused where it does not.
    pub authorization: bool,
}

/// How pods connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    pub bootstrap_servers: String,
    /// As KAFKA_SECURITY_PROTOCOL.
    pub protocol: &'static str,
    /// As KAFKA_SASL_MECHANISM.
    pub mechanism: Option<&'static str>,
    /// Trusted authorities.
    pub ca: Option<SecretFiles>,
    pub users: BTreeMap<Component, User>,
    /// Who the operator is there; `None`: its user is not ready yet.
    pub operator: Option<User>,
}

/// A Secret of the pipeline's namespace and the keys of it that are mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFiles {
    pub secret: String,
    pub data: SecretData,
    /// Whether the operator makes this Secret (a copy from Kafka's namespace).
    pub copied: bool,
}

/// Who a component is in Kafka.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// For SASL.
    pub username: Option<String>,
    pub credentials: Option<SecretFiles>,
}

impl KafkaAccess {
    fn closed(finding: Finding) -> Self {
        Self { finding, target: None, connection: None, status: None, look_again: true }
    }
}

/// Looks at the Kafka that the resource names.
pub fn judge(pipeline: &OrderPipeline, names: &Names, observed: &Observed, settings: &Settings) -> KafkaAccess {
    match (&pipeline.spec.kafka.strimzi, &pipeline.spec.kafka.external) {
        (Some(strimzi), _) => judge_strimzi(pipeline, strimzi, names, observed, settings),
        (None, Some(external)) => external::judge(external, &pipeline.spec.kafka.topic, observed),
        // Admission refuses this; a resource stored before that rule may still say it.
        (None, None) => KafkaAccess::closed(Finding::no("InvalidSpec", "spec.kafka: set strimzi or external")),
    }
}

fn judge_strimzi(
    pipeline: &OrderPipeline,
    spec: &StrimziKafka,
    names: &Names,
    observed: &Observed,
    settings: &Settings,
) -> KafkaAccess {
    let namespace = spec.namespace.as_deref().unwrap_or(&names.namespace);
    let place = format!("Kafka {namespace}/{}", spec.cluster);
    let cluster = match &observed.kafka.cluster {
        Lookup::Found(cluster) => cluster,
        Lookup::Missing => {
            return KafkaAccess::closed(Finding::no("ClusterNotFound", format!("{place} does not exist")));
        }
        Lookup::KindMissing => {
            let message = "the API server knows no kafka.strimzi.io/v1: install Strimzi 1.0 or newer";
            return KafkaAccess::closed(Finding::no("StrimziNotInstalled", message));
        }
        Lookup::Forbidden => {
            let message = format!("the operator may not read {place}: add {namespace} to the chart's kafkaNamespaces");
            return KafkaAccess::closed(Finding::no("KafkaAccessDenied", message));
        }
    };
    if let Some(refusal) = consent(cluster, namespace, names, settings)
        .or_else(|| foreign_claim(&observed.kafka, namespace, names))
        .or_else(|| listener(cluster, spec, &place).err())
    {
        return KafkaAccess::closed(refusal);
    }
    let connection = connection(pipeline, cluster, spec, namespace, names, observed);
    let finding = match &connection {
        Some(_) => readiness(cluster, &pipeline.spec.kafka.topic, names, observed),
        None => match readiness(cluster, &pipeline.spec.kafka.topic, names, observed) {
            ready if ready.is_true() => Finding::no("WaitingForCredentials", "Strimzi has not written all Secrets yet"),
            not_yet => not_yet,
        },
    };
    let topic = observed.kafka.topic.found();
    let status = connection.as_ref().map(|connection| KafkaStatus {
        bootstrap_servers: connection.bootstrap_servers.clone(),
        topic_id: topic.and_then(|topic| topic.status.as_ref()?.topic_id.clone()),
        partitions: topic.and_then(|topic| topic.spec.partitions).unwrap_or(pipeline.spec.kafka.topic.partitions),
    });
    KafkaAccess {
        look_again: !finding.is_true(),
        finding,
        target: Some(Target {
            namespace: namespace.to_owned(),
            cluster: spec.cluster.clone(),
            authentication: spec.authentication,
            authorization: cluster.spec.kafka.authorization.is_some(),
        }),
        connection,
        status,
    }
}

/// Another namespace's Kafka must say that it may be used from here.
fn consent(cluster: &Kafka, namespace: &str, names: &Names, settings: &Settings) -> Option<Finding> {
    if namespace == names.namespace || settings.kafka_namespaces.iter().any(|allowed| allowed == namespace) {
        return None;
    }
    let annotations = cluster.metadata.annotations.as_ref();
    let allowed = annotations.and_then(|all| all.get(ALLOW_FROM)).map_or("", String::as_str);
    if allowed.split(',').any(|entry| entry.trim() == names.namespace || entry.trim() == "*") {
        return None;
    }
    let message = format!(
        "Kafka {namespace}/{} does not allow it: annotate it with {ALLOW_FROM}={}",
        cluster.metadata.name.as_deref().unwrap_or_default(),
        names.namespace
    );
    Some(Finding::no("KafkaAccessDenied", message))
}

/// An object of our name that someone else made is not touched.
fn foreign_claim(kafka: &ObservedKafka, namespace: &str, names: &Names) -> Option<Finding> {
    let topics = [&kafka.topic, &kafka.dead_letter_topic].into_iter().filter_map(Lookup::found);
    let topics = topics.map(|topic| ("KafkaTopic", &topic.metadata));
    let users = kafka.users.values().filter_map(|user| user.user.found()).map(|user| ("KafkaUser", &user.metadata));
    topics.chain(users).find_map(|(kind, metadata)| {
        let claim = metadata.annotations.as_ref().and_then(|all| all.get(CLAIM)).map_or("", String::as_str);
        if names.owns_claim(claim) {
            return None;
        }
        let name = metadata.name.as_deref().unwrap_or_default();
        let owner = if claim.is_empty() { "nobody's pipeline".to_owned() } else { claim.to_owned() };
        let message =
            format!("{kind} {namespace}/{name} exists and is {owner}; hand it over by {CLAIM}={}", names.claim());
        Some(Finding::no("KafkaObjectConflict", message))
    })
}

/// The listener that the resource names, if it is one that the pods can use.
fn listener<'a>(cluster: &'a Kafka, spec: &StrimziKafka, place: &str) -> Result<&'a Listener, Finding> {
    let listeners = &cluster.spec.kafka.listeners;
    let Some(listener) = listeners.iter().find(|listener| listener.name == spec.listener) else {
        let message = format!("{place} has no listener {:?} (spec.kafka.strimzi.listener)", spec.listener);
        return Err(Finding::no("ListenerNotFound", message));
    };
    let wanted = match spec.authentication {
        StrimziAuthentication::ScramSha512 => "scram-sha-512",
        StrimziAuthentication::Tls => "tls",
    };
    let offered = listener.authentication.as_ref().map_or("none", |authentication| authentication.kind.as_str());
    if offered != wanted || (wanted == "tls" && !listener.tls) {
        let message = format!(
            "listener {:?} of {place} has authentication {offered}, spec.kafka.strimzi.authentication is {wanted}",
            spec.listener
        );
        return Err(Finding::no("AuthenticationMismatch", message));
    }
    Ok(listener)
}
