//! Why a question to the cluster has no answer.

use rdkafka::types::RDKafkaErrorCode;

/// The error of one call, or of one item in its answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OffsetsError {
    /// Nothing came back within the timeout.
    #[error("no answer from Kafka within the time limit")]
    Timeout,
    /// The cluster or the client refused.
    #[error("Kafka answered {code:?}: {message}")]
    Kafka {
        /// librdkafka's code.
        code: RDKafkaErrorCode,
        /// The broker's or the client's words.
        message: String,
    },
    /// A name holds a NUL byte.
    #[error("name holds a NUL byte: {0:?}")]
    Name(String),
}

impl OffsetsError {
    /// An error that is a code alone, in librdkafka's words.
    pub(crate) fn of(code: RDKafkaErrorCode) -> Self {
        // Shown as "Name (words)".
        let text = code.to_string();
        let words = text.split_once(" (").and_then(|(_, words)| words.strip_suffix(')')).unwrap_or(&text);
        Self::Kafka { code, message: words.to_owned() }
    }

    /// True when the client asked the wrong broker, or named an old epoch of its leadership: what it knows of the cluster is out of
    /// date (KIP-320), as after a broker was restarted.
    pub fn is_outdated_leader(&self) -> bool {
        matches!(
            self,
            Self::Kafka {
                code: RDKafkaErrorCode::FencedLeaderEpoch
                    | RDKafkaErrorCode::UnknownLeaderEpoch
                    | RDKafkaErrorCode::NotLeaderForPartition
                    | RDKafkaErrorCode::LeaderNotAvailable,
                ..
            }
        )
    }

    /// True when the topic or partition does not exist (any more). `NoEnt` is what librdkafka says of ListOffsets when it finds
    /// no partition's leader.
    pub fn is_unknown_topic(&self) -> bool {
        matches!(
            self,
            Self::Kafka {
                code: RDKafkaErrorCode::NoEnt
                    | RDKafkaErrorCode::UnknownTopic
                    | RDKafkaErrorCode::UnknownPartition
                    | RDKafkaErrorCode::UnknownTopicOrPartition,
                ..
            }
        )
    }
}
