//! Dead letters: why a record became one, what it carries, and how it reaches its topic.

mod flood;
mod headers;
mod publish;

pub use flood::Flood;
pub use headers::{Context, Extent, HEADER_ATTEMPTS, HEADER_REASON, HEADER_TRUNCATED, headers};
pub use publish::{PublishError, Publisher};

/// Stable names of reasons that are not [`order_events::DecodeError::reason`]'s.
pub mod reason {
    /// The value is missing.
    pub const NO_VALUE: &str = "NO_VALUE";
    /// Same number, other body.
    pub const CONFLICT: &str = "IDEMPOTENCY_CONFLICT";
    /// MySQL refuses this order and no other.
    pub const REFUSED: &str = "REFUSED_BY_DATABASE";
}

/// What bisection found out about one record: MySQL will not take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Stable name.
    pub reason: &'static str,
    /// For a person: MySQL's number, and its text when that holds no values.
    pub detail: String,
    /// Attempts so far.
    pub attempts: u32,
    /// True when MySQL did not even take the FAILED order with its e-mail: only the number is kept then.
    pub bare: bool,
}
