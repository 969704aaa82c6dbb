//! A record as it came from Kafka, copied out of librdkafka's memory.

use jiff::Timestamp;
use order_events::header;
use service_runtime::trace_context::TraceContext;
use sha2::{Digest, Sha256};

use crate::position::Position;

/// Key, value and headers are bytes: whatever a producer wrote must reach the dead-letter topic unchanged.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it lies.
    pub at: Position,
    /// Milliseconds since the epoch, by the broker's or the producer's clock; none in records of the oldest format.
    pub timestamp: Option<i64>,
    /// True when the broker set the time (`message.timestamp.type=LogAppendTime`).
    pub log_append_time: bool,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Name and value, in order; names may repeat.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    /// Memory that it holds, for the bound on what is in hand.
    pub fn size(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.len() + value.as_ref().map_or(0, Vec::len) + 48).sum();
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len) + headers + 128
    }

    /// The last header of that name, when it is text (Kafka's own rule for repeated headers).
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().rev().find(|(found, _)| found == name)?;
        std::str::from_utf8(value.as_deref()?).ok()
    }

    /// The trace context of the request that it came from.
    pub fn trace(&self) -> Option<TraceContext> {
        TraceContext::parse(self.header(header::TRACEPARENT)?)
    }

    /// SHA-256 of the value; tells a record apart from another one at the same offset of a log that was cut and refilled.
    pub fn value_hash(&self) -> [u8; 32] {
        Sha256::digest(self.value.as_deref().unwrap_or_default()).into()
    }

    /// The record's time.
    pub fn time(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.timestamp?).ok()
    }
}

/// Debug shows no bytes: they are personal data.
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Record({}, {} bytes)", self.at, self.value.as_ref().map_or(0, Vec::len))
    }
}
