use std::collections::BTreeMap;

use kube::CustomResource;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Condition;

#[derive(CustomResource, Clone, Debug, Deserialize, Serialize)]
#[kube(group = "kafka.strimzi.io", version = "v1", kind = "Kafka", namespaced, schema = "disabled")]
#[kube(status = "KafkaStatus")]
#[serde(rename_all = "camelCase")]
pub struct KafkaSpec {
    pub kafka: ClusterSpec,
    #[serde(default)]
    pub entity_operator: Option<EntityOperator>,
    #[serde(default)]
    pub cluster_ca: Option<CertificateAuthority>,
    #[serde(default)]
    pub clients_ca: Option<CertificateAuthority>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterSpec {
    pub version: Option<String>,
    pub metadata_version: Option<String>,
    pub listeners: Vec<Listener>,
    pub config: BTreeMap<String, Value>,
    pub authorization: Option<Authorization>,
}

/// Which of Strimzi's entity operators the cluster wants: their work is done by this program.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EntityOperator {
    pub topic_operator: Option<Value>,
    pub user_operator: Option<Value>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateAuthority {
    pub validity_days: Option<u32>,
    pub renewal_days: Option<u32>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Authorization {
    #[serde(rename = "type")]
    pub kind: String,
    pub super_users: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Listener {
    pub name: String,
    pub port: i32,
    /// `internal` or `nodeport`.
    #[serde(rename = "type")]
    pub kind: String,
    pub tls: bool,
    pub authentication: Option<ListenerAuthentication>,
    pub configuration: Option<ListenerConfiguration>,
}

impl Listener {
    /// `scram-sha-512`, `tls` or `none`.
    pub fn authentication(&self) -> &str {
        self.authentication.as_ref().map_or("none", |authentication| authentication.kind.as_str())
    }

    pub fn is_node_port(&self) -> bool {
        self.kind == "nodeport"
    }

    /// What the listener says of one broker.
    pub fn broker(&self, id: i32) -> Option<&ListenerBroker> {
        self.configuration.as_ref()?.brokers.iter().find(|broker| broker.broker == id)
    }

    pub fn bootstrap(&self) -> Option<&ListenerBootstrap> {
        self.configuration.as_ref()?.bootstrap.as_ref()
    }
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct ListenerAuthentication {
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerConfiguration {
    pub bootstrap: Option<ListenerBootstrap>,
    pub brokers: Vec<ListenerBroker>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerBootstrap {
    pub node_port: Option<i32>,
    /// Names that go into the brokers' certificates.
    pub alternative_names: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerBroker {
    pub broker: i32,
    pub advertised_host: Option<String>,
    pub advertised_port: Option<i32>,
    pub node_port: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KafkaStatus {
    pub conditions: Vec<Condition>,
    pub observed_generation: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_security: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kafka_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kafka_metadata_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_last_successful_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kafka_node_pools: Option<Vec<PoolReference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listeners: Option<Vec<ListenerStatus>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PoolReference {
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerStatus {
    pub name: String,
    #[serde(default)]
    pub addresses: Vec<Address>,
    #[serde(default)]
    pub bootstrap_servers: String,
    /// The cluster CA in PEM, for listeners with TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Address {
    pub host: String,
    pub port: i32,
}
