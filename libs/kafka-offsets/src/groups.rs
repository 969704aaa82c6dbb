//! OffsetFetch: what a group has committed, asked by a client that has the group's name and never joins it.
//!
//! Not by librdkafka's admin API: the search for a group's coordinator outlives the request that it is made for, and when it
//! ends after that request's time, librdkafka uses memory that it has freed and aborts the process (its issues 3663 and
//! 4605). It may also wait for ever for a coordinator that it was once told is not there. A consumer's client searches by
//! itself, again and again, and an answer that comes too late falls into a closed queue.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::{LogPosition, OffsetsError};

/// What one group has committed. `None`: the group never committed there, which is not 0.
pub type GroupOffsets = BTreeMap<LogPosition, Result<Option<i64>, OffsetsError>>;

/// Reads what one group has committed. It keeps a connection to the group's coordinator; the group's members do not
/// notice it.
pub struct GroupReader {
    consumer: BaseConsumer,
    /// Why there is no coordinator. librdkafka says so once, and not again while it stays so.
    refusal: Option<RDKafkaErrorCode>,
}

impl GroupReader {
    /// No connection is made here. Dropping it may take a moment, as closing any client may.
    ///
    /// # Errors
    /// When librdkafka does not accept the configuration.
    pub fn new(config: &ClientConfig, group: &str) -> KafkaResult<Self> {
        let mut config = config.clone();
        config.set("group.id", group).set("enable.auto.commit", "false");
        // Commits that are part of an open transaction are not waited for.
        config.set("isolation.level", "read_uncommitted");
        Ok(Self { consumer: config.create()?, refusal: None })
    }

    /// Asks for these partitions, each named once; needs Describe on the group and the topics. The outer error is the whole
    /// call's, an inner one that partition's.
    ///
    /// # Errors
    /// When the coordinator does not answer in time, or refuses.
    pub fn committed(&mut self, partitions: &[(&str, i32)], timeout: Duration) -> Result<GroupOffsets, OffsetsError> {
        if partitions.is_empty() {
            return Ok(GroupOffsets::new());
        }
        let mut asked = TopicPartitionList::with_capacity(partitions.len());
        for (topic, partition) in partitions {
            if topic.contains('\0') {
                return Err(OffsetsError::Name((*topic).to_owned()));
            }
            asked.add_partition(topic, *partition);
        }
        let answer = self.consumer.committed_offsets(asked, timeout);
        self.listen();
        match answer {
            Ok(answer) => {
                self.refusal = None;
                Ok(answer
                    .elements()
                    .iter()
                    .map(|element| {
                        let offset = element.error().map_err(|error| reason(&error)).map(|()| commit(element.offset()));
                        ((element.topic().to_owned(), element.partition()), offset)
                    })
                    .collect())
            }
            Err(error) => Err(match (reason(&error), self.refusal) {
                (OffsetsError::Timeout, Some(code)) => OffsetsError::of(code),
                (reason, _) => reason,
            }),
        }
    }

    /// Takes what librdkafka has to tell, which would pile up else.
    fn listen(&mut self) {
        while let Some(told) = self.consumer.poll(Duration::ZERO) {
            match told.err().and_then(|error| error.rdkafka_error_code()) {
                // No more than a time-out says.
                None | Some(RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure) => {}
                Some(code) => self.refusal = Some(code),
            }
        }
    }
}

fn reason(error: &KafkaError) -> OffsetsError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::OperationTimedOut) => OffsetsError::Timeout,
        Some(code) => OffsetsError::of(code),
        None => OffsetsError::Kafka { code: RDKafkaErrorCode::Fail, message: error.to_string() },
    }
}

/// An offset that is none (-1001, "invalid") is how "no commit" is said.
fn commit(offset: Offset) -> Option<i64> {
    match offset {
        Offset::Offset(offset) if offset >= 0 => Some(offset),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_commit_is_none_and_never_zero() {
        assert_eq!(commit(Offset::from_raw(-1001)), None);
        assert_eq!(commit(Offset::from_raw(-1)), None);
        assert_eq!(commit(Offset::from_raw(0)), Some(0));
    }

    #[test]
    fn a_refusal_is_told_in_words() {
        let refused = reason(&KafkaError::MetadataFetch(RDKafkaErrorCode::GroupAuthorizationFailed));
        assert_eq!(refused.to_string(), "Kafka answered GroupAuthorizationFailed: Broker: Group authorization failed");
        assert_eq!(reason(&KafkaError::MetadataFetch(RDKafkaErrorCode::OperationTimedOut)), OffsetsError::Timeout);
    }
}
