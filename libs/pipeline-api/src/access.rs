//! `spec.access`: who may call what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::SecretKeyRef;

/// Who may call what over HTTP.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Access {
    /// The bearer token for catalogue upkeep, order history and dead letters (default key `token`); unset: those calls
    /// are refused. It is read again when it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_token_secret_ref: Option<SecretKeyRef>,
    /// Networks (CIDR) of proxies whose X-Forwarded-For is believed.
    #[schemars(length(max = 32), inner(length(max = 64)))]
    pub trusted_proxies: Vec<String>,
    /// Origins of pages that may call the APIs from a browser, such as `https://shop.example`.
    #[schemars(length(max = 32), inner(length(max = 253), regex(pattern = "^(\\*|https?://[^/\\s,]+)$")))]
    pub cors_origins: Vec<String>,
}
