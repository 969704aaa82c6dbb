//! `spec.database`: the MySQL server.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{SecretKeyRef, SecretRef};

/// The MySQL server, 8.4 or newer.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Database {
    /// Host name. With TLS the server's certificate must hold it.
    #[schemars(length(min = 1, max = 253), regex(pattern = "^[a-zA-Z0-9]([-.:a-zA-Z0-9]*[a-zA-Z0-9])?$"))]
    pub host: String,
    /// Port.
    #[schemars(range(min = 1, max = 65535))]
    #[serde(default = "default_port")]
    pub port: i32,
    /// Name of the database.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-zA-Z0-9_$-]+$"))]
    #[serde(default = "default_name")]
    pub name: String,
    /// A Secret with the keys `username` and `password`. It is read again at each connect: a change needs no roll.
    pub credentials_secret_ref: SecretRef,
    /// Encryption.
    #[serde(default)]
    #[x_kube(validation = Rule::new("self.mode == 'Required' || !has(self.caSecretRef)")
        .message("spec.database.tls.caSecretRef has no use with mode Disabled"))]
    pub tls: DatabaseTls,
    /// How many connections this pipeline may hold. Pools are sized so that all pods together stay 5 below it.
    #[schemars(range(min = 10, max = 100000))]
    #[serde(default = "default_max_connections")]
    pub max_connections: i32,
    /// Who migrates the schema.
    #[serde(default)]
    pub migrations: Migrations,
    /// Separate users for some components; the others use `credentialsSecretRef`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<DatabaseUsers>,
}

fn default_port() -> i32 {
    3306
}

fn default_name() -> String {
    "orders".into()
}

fn default_max_connections() -> i32 {
    150
}

/// Encryption of the connections to MySQL.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct DatabaseTls {
    /// Required checks the server's certificate and its host name.
    pub mode: DatabaseTlsMode,
    /// The certificate authority of the server (default key `ca.crt`); unset: the image's public authorities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<SecretKeyRef>,
}

/// Whether connections to MySQL are encrypted.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DatabaseTlsMode {
    #[default]
    Required,
    Disabled,
}

/// Who migrates the schema.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Migrations {
    #[default]
    Auto,
    Manual,
}

/// Separate database users. Each is a Secret with the keys `username` and `password`.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseUsers {
    /// For the migration Job, which needs DDL and TRIGGER.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrator: Option<SecretRef>,
    /// For search-api.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<SecretRef>,
    /// For order-api.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<SecretRef>,
}
