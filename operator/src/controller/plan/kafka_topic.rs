//! KafkaTopics in Kafka's namespace: the orders, and the dead letters.

use std::collections::BTreeMap;

use pipeline_api::Topic;
use serde_json::{Value, json};

use super::Inputs;
use crate::MANAGER;
use crate::controller::names::{CLAIM, CREATED, MANAGED_BY, PIPELINE, PIPELINE_NAMESPACE};
use crate::controller::object::{Kind, Object};
use crate::controller::observe::Lookup;
use crate::controller::validate::kafka::Target;
use crate::strimzi::{self, KafkaTopic, Readiness};

/// Kafka means a batch by it, not a record: room for a full batch of librdkafka (1 MB), which is far more than twice
/// order-api's body limit.
const MAX_MESSAGE_BYTES: i64 = 2 * 1024 * 1024;

/// The dead letters: as many partitions as the orders, since a letter goes to the partition it came from.
pub(super) fn dead_letters(inputs: &Inputs<'_>, target: &Target) -> Object {
    let topic = &inputs.pipeline.spec.kafka.topic;
    let name = inputs.valid.names.kafka_dead_letter_topic();
    let live = &inputs.observed.kafka.dead_letter_topic;
    let there = [live, &inputs.observed.kafka.topic].into_iter().filter_map(partitions);
    build(inputs, target, &name, &format!("{}-dlt", topic.name), there.fold(topic.partitions, i32::max), live)
}

/// The orders. It grows only after the dead letters have grown, and never shrinks: a topic that was kept from an earlier
/// resource may have more partitions than this one asks for, and Kafka cannot remove them.
pub(super) fn orders(inputs: &Inputs<'_>, target: &Target) -> Object {
    let topic = &inputs.pipeline.spec.kafka.topic;
    let now = partitions(&inputs.observed.kafka.topic);
    let grown = inputs.observed.kafka.dead_letter_topic.found().is_some_and(|letters| {
        let status = letters.status.clone().unwrap_or_default();
        letters.spec.partitions.is_some_and(|partitions| partitions >= topic.partitions)
            && strimzi::readiness(letters.metadata.generation, status.observed_generation, &status.conditions)
                == Readiness::Ready
    });
    let partitions = match now {
        Some(now) if now > topic.partitions || !grown => now,
        _ => topic.partitions,
    };
    let name = inputs.valid.names.kafka_topic();
    build(inputs, target, &name, &topic.name, partitions, &inputs.observed.kafka.topic)
}

fn partitions(live: &Lookup<KafkaTopic>) -> Option<i32> {
    live.found().and_then(|topic| topic.spec.partitions)
}

fn build(
    inputs: &Inputs<'_>,
    target: &Target,
    name: &str,
    topic_name: &str,
    partitions: i32,
    live: &Lookup<KafkaTopic>,
) -> Object {
    let topic = &inputs.pipeline.spec.kafka.topic;
    let metadata = metadata(inputs, target, name, live.found().map(|topic| &topic.metadata));
    Object::new(
        Kind::KafkaTopic,
        json!({
            "metadata": metadata,
            "spec": {
                "topicName": topic_name,
                "partitions": partitions,
                "replicas": topic.replicas,
                "config": config(topic),
            },
        }),
    )
}

/// Metadata of an object in Kafka's namespace. One that we adopt is not marked as created, so it is never deleted.
pub(super) fn metadata(
    inputs: &Inputs<'_>,
    target: &Target,
    name: &str,
    live: Option<&kube::api::ObjectMeta>,
) -> Value {
    let names = &inputs.valid.names;
    let created = live.is_none_or(|live| live.annotations.as_ref().is_some_and(|all| all.contains_key(CREATED)));
    let mut annotations = BTreeMap::from([(CLAIM, names.claim())]);
    if created {
        annotations.insert(CREATED, "true".into());
    }
    json!({
        "name": name,
        "namespace": target.namespace,
        "labels": {
            "strimzi.io/cluster": target.cluster,
            MANAGED_BY: MANAGER,
            PIPELINE: names.name,
            PIPELINE_NAMESPACE: names.namespace,
        },
        "annotations": annotations,
    })
}

/// The operator's settings, then the resource's.
fn config(topic: &Topic) -> BTreeMap<String, String> {
    let mut config: BTreeMap<String, String> = [
        ("cleanup.policy", "delete".to_owned()),
        ("max.message.bytes", MAX_MESSAGE_BYTES.to_string()),
        ("message.timestamp.type", "LogAppendTime".to_owned()),
        ("min.insync.replicas", safe_in_sync(topic).to_string()),
        ("retention.ms", "-1".to_owned()),
        ("unclean.leader.election.enable", "false".to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    config.extend(topic.config.clone());
    config
}

fn safe_in_sync(topic: &Topic) -> i32 {
    (topic.replicas - 1).max(1)
}

/// Settings of the resource under which an accepted order could be lost, each as a sentence.
pub fn weaknesses(topic: &Topic) -> Vec<String> {
    let number = |key: &str| topic.config.get(key).map(|value| value.trim().parse::<i64>());
    let text = |key: &str| topic.config.get(key).map(|value| value.trim());
    let mut weak = Vec::new();
    if text("cleanup.policy").is_some_and(|policy| policy != "delete") {
        weak.push("cleanup.policy other than delete removes orders by key".to_owned());
    }
    for key in ["retention.ms", "retention.bytes"] {
        if number(key).is_some_and(|value| value != Ok(-1)) {
            weak.push(format!("{key} removes orders that were not processed yet"));
        }
    }
    if number("min.insync.replicas").is_some_and(|value| value.is_ok_and(|value| value < safe_in_sync(topic).into())) {
        weak.push(format!("min.insync.replicas below {} acknowledges orders that one broker has", safe_in_sync(topic)));
    }
    if text("unclean.leader.election.enable") == Some("true") {
        weak.push("unclean.leader.election.enable lets a broker lead that misses acknowledged orders".to_owned());
    }
    weak
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weaker_settings_are_named() {
        let mut topic = Topic { replicas: 3, ..Topic::default() };
        assert!(weaknesses(&topic).is_empty());
        for (key, value) in [
            ("cleanup.policy", "compact"),
            ("retention.ms", "60000"),
            ("retention.bytes", "1000"),
            ("min.insync.replicas", "1"),
            ("unclean.leader.election.enable", "true"),
        ] {
            topic.config = BTreeMap::from([(key.to_owned(), value.to_owned())]);
            assert_eq!(weaknesses(&topic).len(), 1, "{key}");
        }
        topic.config = BTreeMap::from([("min.insync.replicas".to_owned(), "2".to_owned())]);
        assert!(weaknesses(&topic).is_empty());
    }
}
