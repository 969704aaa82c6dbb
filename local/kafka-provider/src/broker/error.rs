use std::io;

use kafka_protocol::ResponseError;
use thiserror::Error;

/// Why a request failed.
#[derive(Debug, Error)]
pub enum BrokerError {
    #[error("no connection to {address}")]
    Connect { address: String, source: io::Error },
    #[error("the connection broke")]
    Io(#[from] io::Error),
    #[error("no answer within {0} s")]
    Timeout(u64),
    #[error("the bytes do not follow the protocol: {0}")]
    Protocol(String),
    /// The broker refused: Java's name of the error, and the broker's own words.
    #[error("{class}: {message}")]
    Refused { code: i16, class: String, message: String },
}

impl BrokerError {
    /// `Ok` for code 0.
    pub(super) fn check(code: i16, message: Option<&str>) -> Result<(), Self> {
        if code == 0 {
            return Ok(());
        }
        let class = java_class(code);
        let message = message.map_or_else(|| class.clone(), ToOwned::to_owned);
        Err(Self::Refused { code, class: format!("org.apache.kafka.common.errors.{class}"), message })
    }

    /// True when the broker itself said no, so that asking again without a change is of no use.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { code, .. } => {
                ResponseError::try_from_code(*code).is_some_and(|error| !error.is_retriable())
            }
            _ => false,
        }
    }

    pub fn is(&self, wanted: ResponseError) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == wanted.code())
    }
}

/// The exception that Kafka's Java client throws for a code, as Strimzi's messages name it.
fn java_class(code: i16) -> String {
    let error = ResponseError::try_from_code(code).unwrap_or(ResponseError::UnknownServerError);
    if error == ResponseError::InvalidConfig {
        return "InvalidConfigurationException".to_owned();
    }
    let name = error.to_string();
    let name = name.strip_suffix("Exception").or_else(|| name.strip_suffix("Error")).unwrap_or(&name);
    format!("{name}Exception")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_reads_as_strimzi_writes_it() {
        let error =
            BrokerError::check(38, Some("Replication factor: 3 larger than available brokers: 1.")).expect_err("38");
        assert_eq!(
            error.to_string(),
            "org.apache.kafka.common.errors.InvalidReplicationFactorException: \
             Replication factor: 3 larger than available brokers: 1."
        );
        assert!(error.is_refusal());
        assert!(!BrokerError::Timeout(5).is_refusal());
    }
}
