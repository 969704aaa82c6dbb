//! What a KafkaTopic says of itself.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::api::{Condition, KafkaTopicStatus};
use crate::broker::BrokerError;

pub fn ready(generation: i64, name: &str, id: Uuid) -> KafkaTopicStatus {
    with(generation, Condition::ready(), Some(name), Some(id))
}

/// What exists cannot become what is wanted.
pub fn refused(generation: i64, condition: Condition, name: &str, id: Option<Uuid>) -> KafkaTopicStatus {
    with(generation, condition, Some(name), id)
}

/// Kafka said no.
pub fn failed(generation: i64, error: &BrokerError, name: &str, id: Option<Uuid>) -> KafkaTopicStatus {
    with(generation, Condition::ready_false("KafkaError", error.to_string()), Some(name), id)
}

/// Another resource stands for the topic.
pub fn conflict(generation: i64, namespace: &str, rival: &str) -> KafkaTopicStatus {
    let message = format!("Managed by Ref{{namespace='{namespace}', name='{rival}'}}");
    with(generation, Condition::ready_false("ResourceConflict", message), None, None)
}

pub fn renamed(generation: i64, before: &str) -> KafkaTopicStatus {
    let condition = Condition::ready_false("NotSupported", "Changing spec.topicName is not supported");
    with(generation, condition, Some(before), None)
}

pub fn paused(generation: i64, name: Option<&str>) -> KafkaTopicStatus {
    with(generation, Condition::paused(), name, None)
}

pub fn unmanaged(generation: i64) -> KafkaTopicStatus {
    with(generation, Condition::unmanaged(), None, None)
}

fn with(generation: i64, condition: Condition, name: Option<&str>, id: Option<Uuid>) -> KafkaTopicStatus {
    KafkaTopicStatus {
        conditions: vec![condition],
        observed_generation: generation,
        topic_name: name.map(ToOwned::to_owned),
        topic_id: id.map(|id| URL_SAFE_NO_PAD.encode(id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_as_kafka_prints_it() {
        let status = ready(1, "orders", Uuid::from_bytes([0x1f; 16]));
        assert_eq!(status.topic_id.as_deref(), Some("Hx8fHx8fHx8fHx8fHx8fHw"));
    }
}
