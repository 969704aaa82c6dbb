//! Topics and their partitions.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{
    CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest, MetadataRequest, MetadataResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::{BrokerError, Connection};

/// What Kafka has of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicState {
    pub id: Uuid,
    /// Replicas of each partition, by partition number.
    pub replicas: Vec<usize>,
}

const WITHIN_MS: i32 = 20_000;

/// `None`: there is no such topic, or cannot be one of that name.
pub async fn describe_topic(connection: &mut Connection, name: &str) -> Result<Option<TopicState>, BrokerError> {
    let topic = MetadataRequestTopic::default().with_name(Some(topic_name(name)));
    let response = metadata(connection, Some(vec![topic])).await?;
    let Some(topic) = response.topics.first() else { return Ok(None) };
    match BrokerError::check(topic.error_code, None) {
        Ok(()) => Ok(Some(state(topic))),
        Err(error)
            if error.is(ResponseError::UnknownTopicOrPartition) || error.is(ResponseError::InvalidTopicException) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// How many partitions of the cluster lack a replica in sync.
pub async fn under_replicated(connection: &mut Connection) -> Result<usize, BrokerError> {
    let response = metadata(connection, None).await?;
    let partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
    Ok(partitions.filter(|partition| partition.isr_nodes.len() < partition.replica_nodes.len()).count())
}

/// Creates a topic. Without a number of partitions or replicas the broker's defaults hold.
pub async fn create_topic(
    connection: &mut Connection,
    name: &str,
    partitions: Option<i32>,
    replicas: Option<i16>,
    configs: &BTreeMap<String, String>,
) -> Result<(), BrokerError> {
    let configs = configs
        .iter()
        .map(|(name, value)| CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value))));
    let topic = CreatableTopic::default()
        .with_name(topic_name(name))
        .with_num_partitions(partitions.unwrap_or(-1))
        .with_replication_factor(replicas.unwrap_or(-1))
        .with_configs(configs.collect());
    let request = CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(WITHIN_MS);
    let response = connection.send(&request, 7).await?;
    response.topics.iter().try_for_each(|topic| BrokerError::check(topic.error_code, topic.error_message.as_deref()))
}

/// Grows a topic to `count` partitions.
pub async fn create_partitions(connection: &mut Connection, name: &str, count: i32) -> Result<(), BrokerError> {
    let topic = CreatePartitionsTopic::default().with_name(topic_name(name)).with_count(count).with_assignments(None);
    let request = CreatePartitionsRequest::default().with_topics(vec![topic]).with_timeout_ms(WITHIN_MS);
    let response = connection.send(&request, 3).await?;
    response.results.iter().try_for_each(|topic| BrokerError::check(topic.error_code, topic.error_message.as_deref()))
}

/// Deletes a topic. It is no fault when there is none.
pub async fn delete_topic(connection: &mut Connection, name: &str) -> Result<(), BrokerError> {
    let topic = DeleteTopicState::default().with_name(Some(topic_name(name)));
    let request = DeleteTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(WITHIN_MS);
    let response = connection.send(&request, 6).await?;
    for topic in &response.responses {
        match BrokerError::check(topic.error_code, topic.error_message.as_deref()) {
            Err(error) if error.is(ResponseError::UnknownTopicOrPartition) => {}
            result => result?,
        }
    }
    Ok(())
}

async fn metadata(
    connection: &mut Connection,
    topics: Option<Vec<MetadataRequestTopic>>,
) -> Result<MetadataResponse, BrokerError> {
    let request = MetadataRequest::default().with_topics(topics).with_allow_auto_topic_creation(false);
    connection.send(&request, 12).await
}

fn state(topic: &MetadataResponseTopic) -> TopicState {
    let mut partitions: Vec<_> = topic.partitions.iter().collect();
    partitions.sort_by_key(|partition| partition.partition_index);
    let replicas = partitions.iter().map(|partition| partition.replica_nodes.len()).collect();
    TopicState { id: topic.topic_id, replicas }
}

fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}
