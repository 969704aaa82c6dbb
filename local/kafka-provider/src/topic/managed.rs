//! Which resource may act on a topic.

use jiff::Timestamp;
use kube::ResourceExt;

use super::plan::name_of;
use crate::api::{CLUSTER_LABEL, KafkaTopic};

pub const FINALIZER: &str = "strimzi.io/topic-operator";

/// `"false"`: the topic is the user's own business.
const MANAGED: &str = "strimzi.io/managed";

pub fn is_managed(topic: &KafkaTopic) -> bool {
    topic.annotations().get(MANAGED).is_none_or(|value| value != "false")
}

/// The older resource that already stands for the same topic of the same cluster.
pub fn rival<'a>(topic: &KafkaTopic, all: &'a [KafkaTopic]) -> Option<&'a KafkaTopic> {
    // Times have seconds only; of two made in the same one, who has the topic keeps it.
    let age = |topic: &KafkaTopic| -> (Option<Timestamp>, bool, String) {
        let is_late = topic.finalizers().iter().all(|finalizer| finalizer != FINALIZER);
        (topic.creation_timestamp().map(|time| time.0), is_late, topic.name_any())
    };
    all.iter()
        .filter(|other| {
            other.name_any() != topic.name_any()
                && other.labels().get(CLUSTER_LABEL) == topic.labels().get(CLUSTER_LABEL)
                && name_of(other) == name_of(topic)
                && is_managed(other)
                && age(other) < age(topic)
        })
        .min_by_key(|other| age(other))
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    use super::*;
    use crate::api::KafkaTopicSpec;

    fn topic(name: &str, second: i64) -> KafkaTopic {
        let spec = KafkaTopicSpec { topic_name: Some("orders".into()), ..KafkaTopicSpec::default() };
        let mut topic = KafkaTopic::new(name, spec);
        topic.metadata.creation_timestamp = Some(Time(Timestamp::from_second(second).expect("a time")));
        topic.labels_mut().insert(CLUSTER_LABEL.into(), "lab".into());
        topic
    }

    #[test]
    fn the_first_resource_keeps_the_topic() {
        let all = [topic("orders", 1), topic("again", 2)];
        assert_eq!(rival(&all[1], &all).map(ResourceExt::name_any).as_deref(), Some("orders"));
        assert!(rival(&all[0], &all).is_none());
    }

    #[test]
    fn an_unmanaged_resource_is_no_rival() {
        let mut all = [topic("orders", 1), topic("again", 2)];
        all[0].annotations_mut().insert(MANAGED.into(), "false".into());
        assert!(rival(&all[1], &all).is_none());
    }
}
