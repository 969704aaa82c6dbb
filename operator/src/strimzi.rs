//! What we read of Strimzi's resources (`kafka.strimzi.io/v1`), and how they say that they are ready.

use jiff::Timestamp;
use kube::api::ApiResource;
use kube::core::Object;
use serde::{Deserialize, Serialize};

pub type Kafka = Object<KafkaSpec, KafkaStatus>;
pub type KafkaTopic = Object<TopicSpec, TopicStatus>;
pub type KafkaUser = Object<serde_json::Value, UserStatus>;

/// `kind` of Strimzi's group.
pub fn api_resource(kind: &str, plural: &str) -> ApiResource {
    ApiResource {
        group: "kafka.strimzi.io".into(),
        version: "v1".into(),
        api_version: "kafka.strimzi.io/v1".into(),
        kind: kind.into(),
        plural: plural.into(),
    }
}

pub fn kafka() -> ApiResource {
    api_resource("Kafka", "kafkas")
}

pub fn topic() -> ApiResource {
    api_resource("KafkaTopic", "kafkatopics")
}

pub fn user() -> ApiResource {
    api_resource("KafkaUser", "kafkausers")
}

#[derive(Serialize, Deserialize, Clone, Debug, Default)]
pub struct KafkaSpec {
    #[serde(default)]
    pub kafka: KafkaClusterSpec,
}

#[derive(Serialize, Deserialize, Clone, Debug, Default)]
pub struct KafkaClusterSpec {
    #[serde(default)]
    pub listeners: Vec<Listener>,
    #[serde(default)]
    pub authorization: Option<serde_json::Value>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Listener {
    pub name: String,
    pub port: u16,
    #[serde(default)]
    pub tls: bool,
    #[serde(default)]
    pub authentication: Option<ListenerAuthentication>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct ListenerAuthentication {
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Serialize, Deserialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct KafkaStatus {
    pub observed_generation: Option<i64>,
    pub conditions: Vec<Condition>,
    pub listeners: Vec<ListenerStatus>,
}

#[derive(Serialize, Deserialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerStatus {
    pub name: String,
    pub bootstrap_servers: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicSpec {
    pub partitions: Option<i32>,
}

#[derive(Serialize, Deserialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicStatus {
    pub observed_generation: Option<i64>,
    pub conditions: Vec<Condition>,
    pub topic_id: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct UserStatus {
    pub observed_generation: Option<i64>,
    pub conditions: Vec<Condition>,
    pub username: Option<String>,
    pub secret: Option<String>,
}

/// Not a map by type: several `Warning` may stand side by side.
#[derive(Serialize, Deserialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
    pub reason: Option<String>,
    pub message: Option<String>,
    pub last_transition_time: Option<String>,
}

/// What a resource of Strimzi says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// No word yet on the present generation.
    Pending,
    /// It says that something is wrong, and since when.
    NotReady {
        reason: String,
        message: String,
        since: Option<Timestamp>,
    },
}

/// The three dialects in one: `Ready=True`, `Ready=False` (topics) and `NotReady=True` (clusters, users). The old
/// `Ready=True` stays for a moment after a change of the spec, so only the present generation counts. A paused or
/// unmanaged resource has lost its Ready.
pub fn readiness(generation: Option<i64>, observed: Option<i64>, conditions: &[Condition]) -> Readiness {
    let bad = conditions.iter().find(|c| {
        (c.kind == "NotReady" && c.status == "True")
            || (c.kind == "Ready" && c.status == "False")
            || ((c.kind == "ReconciliationPaused" || c.kind == "Unmanaged") && c.status == "True")
    });
    if let Some(condition) = bad {
        if condition.reason.as_deref() == Some("Creating") {
            return Readiness::Pending;
        }
        return Readiness::NotReady {
            reason: condition.reason.clone().unwrap_or_else(|| condition.kind.clone()),
            message: condition.message.clone().unwrap_or_else(|| format!("{} is True", condition.kind)),
            since: condition.last_transition_time.as_deref().and_then(|time| time.parse().ok()),
        };
    }
    let ready = conditions.iter().any(|c| c.kind == "Ready" && c.status == "True");
    if ready && observed.is_some() && observed == generation { Readiness::Ready } else { Readiness::Pending }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn condition(kind: &str, status: &str) -> Condition {
        Condition { kind: kind.into(), status: status.into(), ..Condition::default() }
    }

    #[rstest]
    #[case::ready(&[condition("Warning", "True"), condition("Ready", "True")], Some(2), true)]
    #[case::old_generation(&[condition("Ready", "True")], Some(1), false)]
    #[case::nothing_yet(&[], None, false)]
    #[case::user(&[condition("NotReady", "True")], Some(2), false)]
    #[case::topic(&[condition("Ready", "False")], Some(2), false)]
    #[case::paused(&[condition("ReconciliationPaused", "True")], Some(2), false)]
    fn dialects(#[case] conditions: &[Condition], #[case] observed: Option<i64>, #[case] ready: bool) {
        assert_eq!(readiness(Some(2), observed, conditions) == Readiness::Ready, ready);
    }
}
