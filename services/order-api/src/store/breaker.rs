//! After a failed contact the next callers fail at once instead of each waiting for a connection.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long nobody tries.
const PAUSE: Duration = Duration::from_millis(250);

/// Remembers the last failure.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failed_at: Mutex<Option<Instant>>,
}

impl Breaker {
    /// Whether the last failure is too fresh for another try.
    pub(super) fn is_open(&self, now: Instant) -> bool {
        let failed_at = *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        failed_at.is_some_and(|at| now.saturating_duration_since(at) < PAUSE)
    }

    /// Notes a failure.
    pub(super) fn open(&self, now: Instant) {
        *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_closes_by_itself() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        assert!(!breaker.is_open(now));
        breaker.open(now);
        assert!(breaker.is_open(now + Duration::from_millis(249)));
        assert!(!breaker.is_open(now + PAUSE));
    }
}
