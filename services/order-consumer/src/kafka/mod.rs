//! The Kafka side: one consumer on a thread of its own.
//!
//! Why a thread and a `BaseConsumer`, not a `StreamConsumer`: a revoke must not return before the work in hand is finished or
//! dropped, and it runs inside `poll`. That blocks whoever polls, which a task of the async runtime must not be.

mod commit;
mod context;
mod poll;

pub use context::Context;
pub use poll::{PollThread, consumer};
