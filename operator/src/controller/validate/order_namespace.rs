//! The order namespace: a random UUID from which order numbers are derived.
//!
//! It is made only when neither its Secret nor its hash in the status exists. A new one would turn every retry of a
//! shopper into a second order, so a lost one is never replaced without a person's word.

use pipeline_api::OrderPipeline;

use crate::controller::names::{NEW_ORDER_NAMESPACE, Names, full_hash};
use crate::controller::observe::Observed;

/// Key of the Secret.
pub const KEY: &str = "namespace";

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderNamespace {
    /// It is there; its SHA-256.
    Known { hash: String },
    /// There is none and never was, or a person asked for a new one.
    Make,
    /// It was there once and is missing or another one now: order-api is not rolled, nothing is made.
    Lost { message: String },
}

pub(super) fn judge(pipeline: &OrderPipeline, names: &Names, observed: &Observed) -> OrderNamespace {
    let secret = names.order_namespace();
    let found = observed.secrets.get(&secret).map(|data| data.get(KEY).and_then(|value| hash(value)));
    let recorded = pipeline.status.as_ref().and_then(|status| status.order_namespace.as_deref());
    let allowed = pipeline.metadata.annotations.as_ref().is_some_and(|all| all.contains_key(NEW_ORDER_NAMESPACE));
    let cure = format!(
        "restore it, or annotate the resource with {NEW_ORDER_NAMESPACE} to take what that costs: retries become new orders"
    );
    match (found, recorded) {
        (None, None) => OrderNamespace::Make,
        (None, Some(_)) if allowed => OrderNamespace::Make,
        (None, Some(_)) => OrderNamespace::Lost { message: format!("Secret {secret} is missing; {cure}") },
        (Some(None), _) => OrderNamespace::Lost {
            message: format!("Secret {secret} has no UUID under the key {KEY}; restore it, or delete it and annotate"),
        },
        (Some(Some(hash)), Some(recorded)) if hash != recorded && !allowed => OrderNamespace::Lost {
            message: format!("Secret {secret} is not the one that status.orderNamespace speaks of; {cure}"),
        },
        (Some(Some(hash)), _) => OrderNamespace::Known { hash },
    }
}

/// SHA-256 of the UUID in its usual writing; `None` when the bytes are no UUID.
pub fn hash(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    let namespace: uuid::Uuid = text.trim().parse().ok()?;
    Some(full_hash(namespace.to_string().as_bytes()))
}
