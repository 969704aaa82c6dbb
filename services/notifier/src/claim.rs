//! One row of the outbox in a worker's hand, for a while.

use std::time::{Duration, Instant};

use service_runtime::trace_context::TraceContext;

use crate::mail::Kind;

/// How long a claim holds. A worker that dies frees its rows after this.
pub(crate) const LEASE: Duration = Duration::from_secs(120);
/// A send is given up after this; it must fit into what is left of the lease.
pub(crate) const SEND_LIMIT: Duration = Duration::from_secs(40);

#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) id: u64,
    pub(crate) order_number: String,
    /// None: a kind of a newer program.
    pub(crate) kind: Option<Kind>,
    /// Of the request that the mail answers.
    pub(crate) trace: Option<TraceContext>,
    /// Attempts that the mail itself made fail.
    pub(crate) attempts: u32,
    /// Taken before the statement that claimed, so that our clock runs out before the database's does.
    pub(crate) taken: Instant,
}

impl Claim {
    /// For logs, in the field `trace_id`.
    pub(crate) fn trace_id(&self) -> Option<String> {
        self.trace.map(|trace| trace.trace_id())
    }

    /// Whether a send that begins now ends while the row is still ours.
    pub(crate) fn is_safe_at(&self, now: Instant) -> bool {
        now.duration_since(self.taken) + SEND_LIMIT < LEASE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_send_must_end_before_the_lease() {
        let taken = Instant::now();
        let claim = Claim { id: 1, order_number: String::new(), kind: None, trace: None, attempts: 0, taken };
        assert!(claim.is_safe_at(taken));
        assert!(claim.is_safe_at(taken + Duration::from_secs(79)));
        assert!(!claim.is_safe_at(taken + Duration::from_secs(80)));
    }
}
