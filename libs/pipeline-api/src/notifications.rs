//! `spec.notifications`: mail to the shopper.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::SecretRef;

/// Mail to the shopper. Unset: no notifier runs, messages wait in the outbox.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Notifications {
    /// The mail server.
    pub smtp: Smtp,
}

/// The mail server.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Smtp {
    /// Host name; with TLS the server's certificate must hold it.
    #[schemars(length(min = 1, max = 253), regex(pattern = "^[a-zA-Z0-9]([-.:a-zA-Z0-9]*[a-zA-Z0-9])?$"))]
    pub host: String,
    /// Port.
    #[schemars(range(min = 1, max = 65535))]
    #[serde(default = "default_port")]
    pub port: i32,
    /// Sender, such as `Shop <orders@shop.example>`.
    #[schemars(length(min = 3, max = 320), regex(pattern = "@"))]
    pub from: String,
    /// A Secret with the keys `username` and `password`; unset: no login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<SecretRef>,
    /// Encryption: StartTls and Tls require it, None sends mail in the clear.
    #[serde(default)]
    pub tls: SmtpTls,
}

fn default_port() -> i32 {
    587
}

/// Encryption to the mail server.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmtpTls {
    #[default]
    StartTls,
    Tls,
    None,
}
