//! Order events into Kafka: `publish` returns when the brokers have acknowledged with acks=all, or says why not.
//!
//! Two ways, by `PRODUCER_MODE`: each record by itself, or all that wait in one transaction. In both a send that is not
//! acknowledged in time is not taken back: whether Kafka has the record is then unknown, and the caller must be told so.

mod deliveries;
mod idempotent;
mod reports;
mod settings;
mod transactional;

use std::sync::Arc;
use std::time::Duration;

use order_events::{EncodedEvent, header};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::types::RDKafkaErrorCode;
use service_runtime::kafka::KafkaArgs;
use service_runtime::trace_context::TraceContext;
use service_runtime::{CancellationToken, Component, ConfigError};

use crate::BODY_LIMIT;
use crate::metrics::Metrics;
use idempotent::Idempotent;
use transactional::Transactional;

/// How long a caller waits for an acknowledgement: the contract's 2 s, less the way there and back.
pub const DEADLINE: Duration = Duration::from_millis(1_850);

/// Bytes of a record that are sure to fit: a topic's `max.message.bytes` is twice the body limit, and a batch has a
/// head of its own.
pub const RECORD_LIMIT: usize = 2 * BODY_LIMIT - 1024;

/// Why a record is not known to be in Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It never will be: refused before or by the brokers, or its transaction was given up.
    #[error("Kafka did not take the record: {0}")]
    Refused(RDKafkaErrorCode),
    /// It may be there or may still get there.
    #[error("Kafka did not acknowledge the record in time")]
    Unknown,
}

/// A record to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The order number.
    pub key: String,
    /// The event.
    pub value: Vec<u8>,
    /// Name and value.
    pub headers: Vec<(&'static str, String)>,
}

impl From<EncodedEvent> for Outgoing {
    fn from(EncodedEvent { key, value, headers }: EncodedEvent) -> Self {
        Self { key, value, headers: headers.into() }
    }
}

impl Outgoing {
    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Bytes in a batch, or a few more.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
        // A record's own fields take at most 30 bytes, a trace header 70.
        self.key.len() + self.value.len() + headers + 100
    }

    fn owned_headers(&self) -> OwnedHeaders {
        self.headers.iter().fold(OwnedHeaders::new_with_capacity(self.headers.len()), |owned, (key, value)| {
            owned.insert(Header { key, value: Some(value.as_str()) })
        })
    }
}

/// How orders are written to Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each record by itself.
    Idempotent,
    /// All that wait in one transaction; transactional ids begin with this.
    Transactional(String),
}

/// Sends order events.
pub struct Publisher(Way);

enum Way {
    Idempotent(Idempotent),
    Transactional(Transactional),
}

impl Publisher {
    /// Makes the producers; connects in the background, so a service starts while Kafka is away.
    pub fn new(args: &KafkaArgs, mode: &Mode, kafka: Component, metrics: Arc<Metrics>) -> Result<Self, ConfigError> {
        Ok(Self(match mode {
            Mode::Idempotent => Way::Idempotent(Idempotent::new(args, kafka, metrics)?),
            Mode::Transactional(prefix) => Way::Transactional(Transactional::new(args, prefix, kafka, metrics)?),
        }))
    }

    /// Sends one record and waits until Kafka has it for good, no longer than [`DEADLINE`].
    pub async fn publish(&self, record: Outgoing, trace: Option<TraceContext>) -> Result<(), PublishError> {
        // Known before the record is in any queue: in a transaction it would take the others down with it.
        if record.size() > RECORD_LIMIT {
            return Err(PublishError::Refused(RDKafkaErrorCode::MessageSizeTooLarge));
        }
        let record = match trace {
            Some(trace) => record.header(header::TRACEPARENT, trace.to_string()),
            None => record,
        };
        match &self.0 {
            Way::Idempotent(way) => way.publish(&record).await,
            Way::Transactional(way) => way.publish(record).await,
        }
    }

    /// Keeps the producers going. Runs until shutdown; fails when no producer can go on.
    pub async fn mend(&self, shutdown: CancellationToken) -> anyhow::Result<()> {
        match &self.0 {
            Way::Idempotent(way) => way.mend(shutdown).await,
            Way::Transactional(way) => way.watch(shutdown).await,
        }
    }

    /// Waits until no record is in hand, at most `limit`: those whose callers gave up may still be on their way.
    pub async fn drain(&self, limit: Duration) {
        let empty = async {
            while self.in_hand() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(limit, empty).await.is_err() {
            tracing::warn!(records = self.in_hand(), "stopped with records that Kafka did not acknowledge");
        }
    }

    fn in_hand(&self) -> usize {
        match &self.0 {
            Way::Idempotent(way) => way.in_hand(),
            Way::Transactional(way) => way.in_hand(),
        }
    }

    /// The transactional ids in use now.
    pub fn transactional_ids(&self) -> Vec<String> {
        match &self.0 {
            Way::Idempotent(_) => Vec::new(),
            Way::Transactional(way) => way.ids(),
        }
    }
}
