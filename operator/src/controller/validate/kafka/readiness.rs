//! Whether topics and users are there, as Strimzi says it.

use jiff::{SignedDuration, Timestamp};
use pipeline_api::Topic;

use crate::controller::finding::Finding;
use crate::controller::names::Names;
use crate::controller::observe::Observed;
use crate::strimzi::{self, Kafka, Readiness};

/// A user that turns NotReady may be innocent: Strimzi batches ACLs over users, and looks again every 120 s.
const USER_PATIENCE: SignedDuration = SignedDuration::from_secs(150);

/// What Strimzi says of topics and users.
pub(super) fn readiness(cluster: &Kafka, wanted: &Topic, names: &Names, observed: &Observed) -> Finding {
    let kafka = &observed.kafka;
    for (name, topic) in
        [(names.kafka_dead_letter_topic(), &kafka.dead_letter_topic), (names.kafka_topic(), &kafka.topic)]
    {
        let Some(topic) = topic.found() else {
            return Finding::no("CreatingTopics", format!("KafkaTopic {name} is being created"));
        };
        let status = topic.status.clone().unwrap_or_default();
        match strimzi::readiness(topic.metadata.generation, status.observed_generation, &status.conditions) {
            Readiness::Ready => {}
            Readiness::Pending => {
                return Finding::no("WaitingForTopics", format!("KafkaTopic {name} is not Ready yet"));
            }
            Readiness::NotReady { reason, message, .. } => {
                return Finding::no("TopicNotReady", format!("KafkaTopic {name}: {reason}: {message}"));
            }
        }
    }
    let mut unsettled = None;
    for (component, user) in &kafka.users {
        let name = names.kafka_user(*component);
        let Some(found) = user.user.found() else {
            return Finding::no("CreatingUsers", format!("KafkaUser {name} is being created"));
        };
        let status = found.status.clone().unwrap_or_default();
        match strimzi::readiness(found.metadata.generation, status.observed_generation, &status.conditions) {
            Readiness::Ready => {}
            Readiness::Pending => return Finding::no("WaitingForUsers", format!("KafkaUser {name} is not Ready yet")),
            Readiness::NotReady { reason, message, since } => {
                if !is_patient(observed.now, since) {
                    return Finding::no("KafkaUserNotReady", format!("KafkaUser {name}: {reason}: {message}"));
                }
                // Its credentials were copied when it was Ready: the pods go on with them.
                if !observed.secrets.contains_key(&names.kafka_credentials(*component)) {
                    return Finding::no("WaitingForUsers", format!("KafkaUser {name} is not Ready: {reason}"));
                }
                unsettled = Some(format!("; KafkaUser {name} is NotReady for less than 150 s ({reason})"));
            }
        }
    }
    let status = cluster.status.clone().unwrap_or_default();
    let ready = strimzi::readiness(cluster.metadata.generation, status.observed_generation, &status.conditions);
    if let Readiness::NotReady { reason, message, .. } = ready {
        return Finding::no("KafkaNotReady", format!("Strimzi reports {reason}: {message}"));
    }
    let more = kafka.topic.found().and_then(|topic| topic.spec.partitions).filter(|now| *now > wanted.partitions);
    let more = more.map(|now| {
        let (name, asked) = (names.kafka_topic(), wanted.partitions);
        format!("; KafkaTopic {name} keeps its {now} partitions, though spec.kafka.topic.partitions is {asked}")
    });
    let (unsettled, more) = (unsettled.unwrap_or_default(), more.unwrap_or_default());
    let message = format!("topics and users are Ready{unsettled}{more}");
    Finding::yes("Ready", message)
}

fn is_patient(now: Timestamp, since: Option<Timestamp>) -> bool {
    since.is_none_or(|since| now.duration_since(since) < USER_PATIENCE)
}
