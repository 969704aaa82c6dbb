//! Conditions as Strimzi writes them. There is no `Ready=False` but on topics: a Kafka or a user
//! that is not well has `NotReady=True`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// RFC 3339. Refreshed with every write of the status, so it does not tell since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<String>,
}

impl Condition {
    pub fn ready() -> Self {
        Self::new("Ready", "True")
    }

    /// For Kafka and KafkaUser.
    pub fn not_ready(reason: &str, message: impl Into<String>) -> Self {
        Self::new("NotReady", "True").because(reason, message)
    }

    /// For KafkaTopic.
    pub fn ready_false(reason: &str, message: impl Into<String>) -> Self {
        Self::new("Ready", "False").because(reason, message)
    }

    pub fn warning(reason: &str, message: impl Into<String>) -> Self {
        Self::new("Warning", "True").because(reason, message)
    }

    pub fn paused() -> Self {
        Self::new("ReconciliationPaused", "True")
    }

    pub fn unmanaged() -> Self {
        Self::new("Unmanaged", "True")
    }

    fn new(kind: &str, status: &str) -> Self {
        Self { kind: kind.into(), status: status.into(), reason: None, message: None, last_transition_time: None }
    }

    fn because(self, reason: &str, message: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), message: Some(message.into()), ..self }
    }
}

/// Gives every condition the time of this write.
pub fn stamped(conditions: &mut [Condition], now: Timestamp) {
    for condition in conditions {
        condition.last_transition_time = Some(now.to_string());
    }
}

/// True when two lists differ in nothing but their times.
pub fn same_but_time(left: &[Condition], right: &[Condition]) -> bool {
    let timeless = |conditions: &[Condition]| -> Vec<Condition> {
        conditions.iter().map(|condition| Condition { last_transition_time: None, ..condition.clone() }).collect()
    };
    timeless(left) == timeless(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_do_not_count_as_a_change() {
        let mut written = vec![Condition::not_ready("Creating", "Kafka cluster is being deployed")];
        let fresh = written.clone();
        stamped(&mut written, Timestamp::UNIX_EPOCH);
        assert!(same_but_time(&written, &fresh));
        assert!(!same_but_time(&written, &[Condition::ready()]));
    }
}
