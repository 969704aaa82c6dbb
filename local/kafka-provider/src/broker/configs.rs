//! A topic's own settings, those that differ from the broker's.

use std::collections::BTreeMap;

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{DescribeConfigsRequest, IncrementalAlterConfigsRequest};
use kafka_protocol::protocol::StrBytes;

use super::{BrokerError, Connection};

/// KIP-339: operation 0 sets, 1 goes back to the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigChange {
    Set(String, String),
    Delete(String),
}

const TOPIC: i8 = 2;

/// KIP-226: the setting was made on the topic itself.
const FROM_TOPIC: i8 = 1;

/// The settings made on the topic itself.
pub async fn topic_overrides(connection: &mut Connection, name: &str) -> Result<BTreeMap<String, String>, BrokerError> {
    let resource = DescribeConfigsResource::default()
        .with_resource_type(TOPIC)
        .with_resource_name(StrBytes::from_string(name.to_owned()))
        .with_configuration_keys(None);
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
    let response = connection.send(&request, 4).await?;
    let mut found = BTreeMap::new();
    for result in &response.results {
        BrokerError::check(result.error_code, result.error_message.as_deref())?;
        let own = result.configs.iter().filter(|config| config.config_source == FROM_TOPIC);
        found.extend(own.map(|config| {
            (config.name.to_string(), config.value.as_ref().map(ToString::to_string).unwrap_or_default())
        }));
    }
    Ok(found)
}

pub async fn alter_topic_configs(
    connection: &mut Connection,
    name: &str,
    changes: &[ConfigChange],
) -> Result<(), BrokerError> {
    let configs = changes.iter().map(|change| match change {
        ConfigChange::Set(key, value) => AlterableConfig::default()
            .with_name(StrBytes::from_string(key.clone()))
            .with_config_operation(0)
            .with_value(Some(StrBytes::from_string(value.clone()))),
        ConfigChange::Delete(key) => AlterableConfig::default()
            .with_name(StrBytes::from_string(key.clone()))
            .with_config_operation(1)
            .with_value(None),
    });
    let resource = AlterConfigsResource::default()
        .with_resource_type(TOPIC)
        .with_resource_name(StrBytes::from_string(name.to_owned()))
        .with_configs(configs.collect());
    let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
    let response = connection.send(&request, 1).await?;
    response
        .responses
        .iter()
        .try_for_each(|result| BrokerError::check(result.error_code, result.error_message.as_deref()))
}
