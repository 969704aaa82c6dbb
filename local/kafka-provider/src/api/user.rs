use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::Condition;

#[derive(CustomResource, Clone, Debug, Default, Deserialize, Serialize)]
#[kube(group = "kafka.strimzi.io", version = "v1", kind = "KafkaUser", namespaced, schema = "disabled")]
#[kube(status = "KafkaUserStatus")]
#[serde(rename_all = "camelCase", default)]
pub struct KafkaUserSpec {
    pub authentication: Option<UserAuthentication>,
    pub authorization: Option<UserAuthorization>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UserAuthentication {
    /// `scram-sha-512`, `tls` or `tls-external`.
    #[serde(rename = "type")]
    pub kind: String,
    pub password: Option<Password>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Password {
    pub value_from: Option<PasswordSource>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PasswordSource {
    pub secret_key_ref: Option<SecretKey>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct SecretKey {
    pub name: String,
    pub key: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UserAuthorization {
    #[serde(rename = "type")]
    pub kind: String,
    pub acls: Vec<Acl>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Acl {
    /// `allow` (the default) or `deny`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub resource: AclResource,
    pub host: Option<String>,
    pub operations: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AclResource {
    /// `topic`, `group`, `cluster` or `transactionalId`.
    #[serde(rename = "type")]
    pub kind: String,
    pub name: Option<String>,
    /// `literal` (the default) or `prefix`.
    pub pattern_type: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KafkaUserStatus {
    pub conditions: Vec<Condition>,
    pub observed_generation: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}
