use thiserror::Error;

use crate::access::AccessError;
use crate::broker::BrokerError;
use crate::pki::PkiError;

#[derive(Debug, Error)]
pub enum UserError {
    #[error("Kubernetes refused or did not answer")]
    Kubernetes(#[from] kube::Error),
    #[error("no broker can be asked")]
    Access(#[from] AccessError),
    #[error("a request to Kafka failed")]
    Broker(#[from] BrokerError),
    #[error("a certificate cannot be made")]
    Pki(#[from] PkiError),
    /// The Secret of the clients CA is not there yet.
    #[error("the clients CA is not there yet")]
    NoAuthority,
    /// Goes into the status as it is: Strimzi's words for what the user asked for and cannot have.
    #[error("{0}")]
    Refused(String),
}

impl UserError {
    /// A specification that Strimzi's own checks refuse.
    pub fn invalid_resource(message: impl std::fmt::Display) -> Self {
        Self::Refused(format!(
            "java.util.concurrent.CompletionException: io.strimzi.operator.common.model.InvalidResourceException: {message}"
        ))
    }

    /// The text for the status, when trying again without a change is of no use.
    pub fn refusal(&self) -> Option<String> {
        match self {
            Self::Refused(message) => Some(message.clone()),
            Self::Broker(error) if error.is_refusal() => {
                Some(format!("java.util.concurrent.CompletionException: {error}"))
            }
            _ => None,
        }
    }
}
