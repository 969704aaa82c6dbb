//! `spec.kafka`: which Kafka, and the topic.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Duration, SecretKeyRef, SecretRef, bounds};

/// Which Kafka the orders go through.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.strimzi) != has(self.external)")
    .message("spec.kafka: exactly one of strimzi and external must be set"))]
pub struct Kafka {
    /// A cluster run by Strimzi: the operator makes topics and users there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strimzi: Option<StrimziKafka>,
    /// Any other Kafka: topics and users must exist already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalKafka>,
    /// The topic the orders go through, and its dead-letter topic `<name>-dlt`.
    #[serde(default)]
    #[x_kube(
        validation = Rule::new("self.name == oldSelf.name")
            .message("spec.kafka.topic.name cannot change: the orders are in the old topic"),
        validation = Rule::new("self.partitions >= oldSelf.partitions")
            .message("spec.kafka.topic.partitions can only grow: Kafka cannot remove partitions")
    )]
    pub topic: Topic,
}

/// A Kafka resource of Strimzi.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct StrimziKafka {
    /// Name of the Kafka resource.
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub cluster: String,
    /// Namespace of the Kafka resource; unset: this resource's own. Another namespace must consent: its Kafka
    /// resource carries the annotation `orderpipeline.dev/allow-from` with this namespace in its list, or the
    /// operator was installed with that namespace in `kafkaNamespaces`.
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name of the listener the pods connect to.
    #[schemars(length(min = 1, max = 25), regex(pattern = "^[a-z0-9]+$"))]
    #[serde(default = "default_listener")]
    pub listener: String,
    /// How the pods authenticate; it must be what the listener asks for.
    #[serde(default)]
    pub authentication: StrimziAuthentication,
}

fn default_listener() -> String {
    "tls".into()
}

/// Authentication of a Strimzi listener.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StrimziAuthentication {
    #[default]
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
    #[serde(rename = "tls")]
    Tls,
}

/// A Kafka that Strimzi does not run. Topic `topic.name` and its dead-letter topic must exist.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ExternalKafka {
    /// `host:port`, comma separated.
    #[schemars(length(min = 3, max = 1024), regex(pattern = "^[^\\s,:]+:[0-9]{1,5}(,[^\\s,:]+:[0-9]{1,5})*$"))]
    pub bootstrap_servers: String,
    /// TLS to the brokers; unset: no encryption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ExternalTls>,
    /// SASL credentials; unset: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sasl: Option<ExternalSasl>,
}

/// TLS to a Kafka that Strimzi does not run.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ExternalTls {
    /// The certificate authority of the brokers (default key `ca.crt`); unset: the image's public authorities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<SecretKeyRef>,
    /// A client certificate (keys `tls.crt`, `tls.key`) for mutual TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_secret_ref: Option<SecretRef>,
}

/// SASL credentials for a Kafka that Strimzi does not run.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSasl {
    /// SASL mechanism.
    #[serde(default)]
    pub mechanism: SaslMechanism,
    /// A Secret with the keys `username` and `password`.
    pub credentials_secret_ref: SecretRef,
}

/// SASL mechanisms that the services speak.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SaslMechanism {
    #[default]
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    #[serde(rename = "PLAIN")]
    Plain,
}

/// The orders' topic.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Topic {
    /// Name in Kafka. It cannot change.
    #[schemars(length(min = 1, max = 200), regex(pattern = "^[a-zA-Z0-9._-]+$"))]
    pub name: String,
    /// Number of partitions, the most consumers that can work at once. It can only grow.
    #[schemars(range(min = 1, max = 1000))]
    pub partitions: i32,
    /// Copies of each partition.
    #[schemars(range(min = 1, max = 10))]
    pub replicas: i32,
    /// Further topic settings, as strings. They win over the operator's own; weaker ones than those that keep
    /// accepted orders safe are reported by the condition TopicSettingsWeak.
    #[schemars(schema_with = "bounds::string_map")]
    pub config: BTreeMap<String, String>,
    /// How long processed records stay in the log, in hours or days, at least `1h`: a database that is put back to an
    /// earlier state, no older than that, catches up by itself.
    #[schemars(extend("pattern" = "^[1-9][0-9]{0,4}[hd]$"))]
    pub retain_processed: Duration,
    /// What becomes of the topics that the operator created when this resource is deleted.
    pub deletion_policy: DeletionPolicy,
}

impl Default for Topic {
    fn default() -> Self {
        Self {
            name: "orders".into(),
            partitions: 12,
            replicas: 3,
            config: BTreeMap::new(),
            retain_processed: Duration::new("7d"),
            deletion_policy: DeletionPolicy::Retain,
        }
    }
}

/// What becomes of topics with the resource.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeletionPolicy {
    #[default]
    Retain,
    Delete,
}
