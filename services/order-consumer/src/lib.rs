//! order-consumer: orders from Kafka into MySQL, each exactly once in its effects.
//!
//! One poll thread fetches ([`kafka`]) into the hand ([`hand`]); workers ([`worker`]) take batches from it; a batch is one
//! transaction ([`store`]), whose heart is a pure function ([`fold`]). The locator ([`locator`]) says where each partition
//! goes on: where MySQL's row says, never where Kafka's commit does.
//!
//! Invariants:
//! - the offset moves in the transaction that writes what its records meant, by compare-and-set: a batch happens once or not at
//!   all, and a process that lost a partition cannot write for it;
//! - nothing waits for Kafka inside a transaction; a dead letter is in its topic before the row that says so;
//! - an error that is not one order's fault makes no dead letter.

pub mod backoff;
pub mod batch;
pub mod classify;
pub mod config;
pub mod dead_letter;
pub mod fold;
pub mod hand;
pub mod kafka;
pub mod locator;
pub mod metrics;
pub mod pace;
pub mod place;
pub mod position;
pub mod read;
pub mod record;
pub mod retention;
pub mod service;
pub mod shared;
pub mod store;
pub mod sweep;
pub mod worker;

pub use service::start;
