//! What librdkafka's C API can ask a cluster and the `rdkafka` crate does not wrap: topic ids
//! (KIP-516), log ends of many partitions at once (KIP-79, KIP-396), and the committed offsets of
//! many groups at once (KIP-222).
//!
//! Every call blocks its thread for at most its timeout (plus [`request::GRACE`]); async callers use a
//! blocking thread. An error is an error: no call turns "unknown" into 0.
//!
//! This is the one crate of the workspace that may use `unsafe`. Invariants that its blocks rely on:
//! - a [`rdkafka::client::Client`] outlives every call made on it, because calls borrow it;
//! - what a result event owns is copied into Rust values before the event is destroyed.

mod ends;
mod error;
mod groups;
mod partitions;
pub mod request;
mod topics;

pub use ends::{Isolation, LogPosition, Spec, list_offsets};
pub use error::OffsetsError;
pub use groups::{GroupOffsets, list_group_offsets};
pub use topics::{TopicDescription, TopicId, describe_topics};
