//! What a cluster knows and the `rdkafka` crate does not ask for: topic ids (KIP-516) and the log ends of many partitions at
//! once (KIP-79, KIP-396), by librdkafka's C API; and what a group has committed, by a client that is no member.
//!
//! Every call blocks its thread for at most its timeout (plus [`request::GRACE`]); async callers use a
//! blocking thread. An error is an error: no call turns "unknown" into 0.
//!
//! This is the one crate of the workspace that may use `unsafe`. Invariants that its blocks rely on:
//! - a [`rdkafka::client::Client`] outlives every call made on it, because calls borrow it;
//! - what a result event owns is copied into Rust values before the event is destroyed.
//!
//! Admin requests that a group's coordinator answers are never made: librdkafka aborts when such an answer is late
//! ([`GroupReader`] says more).

mod ends;
mod error;
mod groups;
mod partitions;
pub mod request;
mod topics;

pub use ends::{Isolation, LogPosition, Spec, list_offsets};
pub use error::OffsetsError;
pub use groups::{GroupOffsets, GroupReader};
pub use topics::{TopicDescription, TopicId, describe_topics};
