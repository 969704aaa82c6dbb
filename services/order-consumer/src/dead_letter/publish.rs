//! Publishing: acknowledged by all replicas before anything is written about it.

use std::time::Duration;

use futures::future::try_join_all;
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};

use super::headers::{Context, Extent, headers};
use crate::fold::Letter;
use crate::record::Record;

/// The letter is not known to be in the topic.
#[derive(Debug, thiserror::Error)]
#[error("cannot publish a dead letter to {topic}")]
pub struct PublishError {
    topic: String,
    #[source]
    source: KafkaError,
}

impl PublishError {
    fn is_too_large(&self) -> bool {
        let code = self.source.rdkafka_error_code();
        code == Some(RDKafkaErrorCode::MessageSizeTooLarge)
    }
}

/// Writes to `<topic>-dlt`.
pub struct Publisher {
    producer: FutureProducer,
    topic: String,
    dead_letter_topic: String,
    group: String,
}

impl Publisher {
    /// `config` is the connection's.
    pub fn new(mut config: ClientConfig, topic: &str, group: &str) -> Result<Self, KafkaError> {
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "0")
            .set("compression.type", "lz4")
            .set("message.timeout.ms", "10000")
            // Letters are refused for their own size, never for their neighbours' in one request.
            .set("batch.size", "65536")
            // The topic's max.message.bytes decides, not this client.
            .set("message.max.bytes", "100000000");
        let dead_letter_topic = order_events::dead_letter_topic(topic);
        Ok(Self { producer: config.create()?, topic: topic.to_owned(), dead_letter_topic, group: group.to_owned() })
    }

    /// Publishes all; returns when all are acknowledged. On an error some may be in the topic: a second copy is harmless, since
    /// a letter's place in the log is its identity.
    pub async fn publish(&self, letters: &[(&Record, &Letter, u32)]) -> Result<(), PublishError> {
        let sends = letters.iter().map(|(record, letter, attempts)| self.send(record, letter, *attempts));
        try_join_all(sends).await.map(|_| ())
    }

    /// A letter that the topic does not take whole is cut, so that no record can stop its partition for ever.
    async fn send(&self, record: &Record, letter: &Letter, attempts: u32) -> Result<(), PublishError> {
        let mut outcome = Ok(());
        for extent in Extent::steps(record.value.as_ref().map_or(0, Vec::len)) {
            outcome = self.send_some(record, letter, attempts, extent).await;
            match &outcome {
                Err(error) if error.is_too_large() => {
                    tracing::warn!(at = %record.at, ?extent, "the dead-letter topic does not take a letter of this size");
                }
                _ => break,
            }
        }
        outcome
    }

    async fn send_some(
        &self,
        record: &Record,
        letter: &Letter,
        attempts: u32,
        extent: Extent,
    ) -> Result<(), PublishError> {
        let context = Context {
            topic: &self.topic,
            group: &self.group,
            reason: letter.reason,
            detail: &letter.detail,
            attempts,
            extent,
        };
        let mut native = OwnedHeaders::new();
        for (name, value) in &headers(record, &context) {
            native = native.insert(Header { key: name, value: value.as_ref() });
        }
        // The same partition: there are at least as many, and order by number stays what it was.
        let mut message =
            FutureRecord::<[u8], [u8]>::to(&self.dead_letter_topic).partition(record.at.partition).headers(native);
        let value = record.value.as_deref();
        (message.key, message.payload) = match extent {
            Extent::Whole => (record.key.as_deref(), value),
            Extent::First(bytes) => (record.key.as_deref(), value.map(|value| &value[..bytes.min(value.len())])),
            Extent::Reference => (None, None),
        };
        let sent = self.producer.send(message, Duration::from_secs(10)).await;
        sent.map(|_| ()).map_err(|(source, _)| PublishError { topic: self.dead_letter_topic.clone(), source })
    }
}
