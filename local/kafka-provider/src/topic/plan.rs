//! From what a topic should be and what it is to what must be done, or why it cannot be.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::{Condition, KafkaTopic};
use crate::broker::{ConfigChange, TopicState};

/// The topic that a resource describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub name: String,
    /// `None`: the broker's default.
    pub partitions: Option<i32>,
    pub replicas: Option<i16>,
    pub config: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub create: bool,
    pub grow_to: Option<i32>,
    pub config: Vec<ConfigChange>,
    /// What the topic cannot become; the rest is done all the same.
    pub refusal: Option<Condition>,
}

impl Wanted {
    pub fn of(topic: &KafkaTopic) -> Self {
        Self {
            name: name_of(topic),
            partitions: topic.spec.partitions,
            replicas: topic.spec.replicas,
            config: topic.spec.config.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        }
    }
}

/// The topic's name in Kafka.
pub fn name_of(topic: &KafkaTopic) -> String {
    topic.spec.topic_name.clone().or_else(|| topic.metadata.name.clone()).unwrap_or_default()
}

/// Kafka's settings are text; a list is joined by commas, `null` is the empty text.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// `overrides` are the settings that the topic has of its own.
pub fn plan(wanted: &Wanted, found: Option<&TopicState>, overrides: &BTreeMap<String, String>) -> Plan {
    let Some(found) = found else {
        return Plan { create: true, ..Plan::default() };
    };
    let mut plan = Plan { config: config_changes(&wanted.config, overrides), ..Plan::default() };
    let now = i32::try_from(found.replicas.len()).unwrap_or(i32::MAX);
    match wanted.partitions {
        Some(count) if count > now => plan.grow_to = Some(count),
        Some(count) if count < now => {
            plan.refusal = Some(Condition::ready_false("NotSupported", "Decreasing partitions not supported"));
        }
        _ => {}
    }
    if let Some(replicas) = wanted.replicas {
        let wanted = usize::try_from(replicas).unwrap_or_default();
        let numbered = found.replicas.iter().enumerate();
        let others: Vec<String> =
            numbered.filter(|(_, count)| **count != wanted).map(|(number, _)| number.to_string()).collect();
        if !others.is_empty() {
            let message =
                format!("Replication factor change not supported, but required for partitions [{}]", others.join(", "));
            plan.refusal = Some(Condition::ready_false("NotSupported", message));
        }
    }
    plan
}

fn config_changes(wanted: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> Vec<ConfigChange> {
    let set = wanted
        .iter()
        .filter(|(key, value)| found.get(*key) != Some(value))
        .map(|(key, value)| ConfigChange::Set(key.clone(), value.clone()));
    let delete = found.keys().filter(|key| !wanted.contains_key(*key)).map(|key| ConfigChange::Delete(key.clone()));
    set.chain(delete).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn wanted(partitions: Option<i32>, replicas: Option<i16>) -> Wanted {
        Wanted { name: "orders".into(), partitions, replicas, config: BTreeMap::new() }
    }

    fn found(partitions: usize) -> TopicState {
        TopicState { id: Uuid::nil(), replicas: vec![1; partitions] }
    }

    #[test]
    fn a_missing_topic_is_made() {
        assert!(plan(&wanted(Some(12), Some(1)), None, &BTreeMap::new()).create);
    }

    #[test]
    fn partitions_grow_and_never_shrink() {
        let none = BTreeMap::new();
        assert_eq!(plan(&wanted(Some(15), None), Some(&found(12)), &none).grow_to, Some(15));
        let refused = plan(&wanted(Some(6), None), Some(&found(12)), &none).refusal.expect("refused");
        assert_eq!(refused.reason.as_deref(), Some("NotSupported"));
        assert_eq!(refused.message.as_deref(), Some("Decreasing partitions not supported"));
        assert_eq!(plan(&wanted(None, None), Some(&found(12)), &none), Plan::default());
    }

    #[test]
    fn another_replication_factor_names_the_partitions() {
        let refused = plan(&wanted(Some(2), Some(2)), Some(&found(2)), &BTreeMap::new()).refusal.expect("refused");
        assert_eq!(
            refused.message.as_deref(),
            Some("Replication factor change not supported, but required for partitions [0, 1]")
        );
    }

    #[test]
    fn settings_are_set_and_taken_back() {
        let mut wanted = wanted(None, None);
        wanted.config = BTreeMap::from([("retention.ms".into(), "1".into()), ("same".into(), "x".into())]);
        let now = BTreeMap::from([("same".to_owned(), "x".to_owned()), ("gone".to_owned(), "y".to_owned())]);
        assert_eq!(
            plan(&wanted, Some(&found(1)), &now).config,
            [ConfigChange::Set("retention.ms".into(), "1".into()), ConfigChange::Delete("gone".into())]
        );
    }
}
