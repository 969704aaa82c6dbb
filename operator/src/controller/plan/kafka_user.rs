//! KafkaUsers in Kafka's namespace: one per component and one for the operator, with no more rights than they use.

use pipeline_api::{ProducerMode, StrimziAuthentication};
use serde_json::{Value, json};

use super::Inputs;
use super::kafka_topic;
use crate::MANAGER;
use crate::controller::component::Component;
use crate::controller::names::{self, CLAIM, CREATED, MANAGED_BY};
use crate::controller::object::{Kind, Object};
use crate::controller::validate::kafka::Target;

pub(super) fn build(inputs: &Inputs<'_>, target: &Target, component: Component) -> Object {
    let name = inputs.valid.names.kafka_user(component);
    let live = inputs.observed.kafka.users.get(&component).and_then(|user| user.user.found());
    let mut spec = authentication(target);
    if target.authorization {
        spec["authorization"] = json!({"type": "simple", "acls": acls(inputs, component)});
    }
    let metadata = kafka_topic::metadata(inputs, target, &name, live.map(|live| &live.metadata));
    Object::new(Kind::KafkaUser, json!({"metadata": metadata, "spec": spec}))
}

/// The user as which the operator asks for lag: one for all pipelines of the cluster, so it looks the same from each.
/// `None` while another one's user of that name is there.
pub(super) fn of_operator(inputs: &Inputs<'_>, target: &Target) -> Option<Object> {
    let Target { namespace, cluster, .. } = target;
    let name = names::operator_user(&inputs.settings.operator_namespace, cluster, target.authentication);
    let claim = names::operator_claim(&inputs.settings.operator_namespace);
    let live = inputs.observed.kafka.operator_user.user.found();
    if live.is_some_and(|live| live.metadata.annotations.as_ref().and_then(|all| all.get(CLAIM)) != Some(&claim)) {
        return None;
    }
    let mut spec = authentication(target);
    if target.authorization {
        let acls = ["topic", "group"].map(|kind| acl(kind, "*", "literal", &["Describe"]));
        spec["authorization"] = json!({"type": "simple", "acls": acls});
    }
    let metadata = json!({
        "name": name,
        "namespace": namespace,
        "labels": {"strimzi.io/cluster": cluster, MANAGED_BY: MANAGER},
        "annotations": {CLAIM: claim, CREATED: "true"},
    });
    Some(Object::new(Kind::KafkaUser, json!({"metadata": metadata, "spec": spec})))
}

fn authentication(target: &Target) -> Value {
    let kind = match target.authentication {
        StrimziAuthentication::ScramSha512 => "scram-sha-512",
        StrimziAuthentication::Tls => "tls",
    };
    json!({"authentication": {"type": kind}})
}

fn acls(inputs: &Inputs<'_>, component: Component) -> Vec<Value> {
    let spec = &inputs.pipeline.spec;
    let group = inputs.valid.names.group();
    let topic = spec.kafka.topic.name.as_str();
    let dead_letters = format!("{topic}-dlt");
    match component {
        // An idempotent producer needs no more than Write since Kafka 3 (KIP-679).
        Component::OrderApi => {
            let mut acls = vec![acl("topic", topic, "literal", &["Describe", "Write"])];
            if spec.orders.producer.mode == ProducerMode::Transactional {
                acls.push(acl("transactionalId", &group, "prefix", &["Describe", "Write"]));
            }
            acls
        }
        // Delete is DeleteRecords: only the consumer may remove what is processed.
        Component::OrderConsumer => vec![
            acl("topic", topic, "literal", &["Delete", "Describe", "DescribeConfigs", "Read"]),
            acl("topic", &dead_letters, "literal", &["Describe", "Write"]),
            acl("group", &group, "literal", &["Describe", "Read"]),
        ],
        Component::SearchApi | Component::Notifier | Component::Migrator | Component::Storefront => Vec::new(),
    }
}

fn acl(kind: &str, name: &str, pattern: &str, operations: &[&str]) -> Value {
    json!({
        "resource": {"type": kind, "name": name, "patternType": pattern},
        "operations": operations,
        "host": "*",
    })
}
