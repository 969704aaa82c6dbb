//! How many may scan at once, and how many may wait for that.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::database::ReadError;

/// A queue with an end: whoever finds it full, or waits too long, hears so and may come back later.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    slots: Arc<Semaphore>,
    waiting: Gauge,
    most_waiting: i64,
    patience: Duration,
}

impl Gate {
    pub(super) fn new(slots: usize, most_waiting: i64, patience: Duration) -> Self {
        Self { slots: Arc::new(Semaphore::new(slots)), waiting: Gauge::default(), most_waiting, patience }
    }

    /// How many wait now.
    pub(super) fn waiting(&self) -> Gauge {
        self.waiting.clone()
    }

    /// The turn lasts until it is dropped.
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit, ReadError> {
        if let Ok(free) = self.slots.clone().try_acquire_owned() {
            return Ok(free);
        }
        let place = Place(self.waiting.clone());
        if place.0.inc() >= self.most_waiting {
            return Err(ReadError::Busy);
        }
        let turn = timeout(self.patience, self.slots.clone().acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or(ReadError::Busy)
    }
}

/// Counts down also when the caller goes away while it waits.
struct Place(Gauge);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let gate = Gate::new(1, 0, LONG);
        let turn = gate.turn().await.unwrap();
        assert!(matches!(gate.turn().await, Err(ReadError::Busy)));
        drop(turn);
        assert!(gate.turn().await.is_ok());
        assert_eq!(gate.waiting().get(), 0);
    }

    #[tokio::test]
    async fn patience_ends() {
        let gate = Gate::new(1, 5, Duration::ZERO);
        let _turn = gate.turn().await.unwrap();
        assert!(matches!(gate.turn().await, Err(ReadError::Busy)));
        assert_eq!(gate.waiting().get(), 0);
    }

    #[tokio::test]
    async fn a_freed_slot_goes_to_who_waits() {
        let gate = Gate::new(1, 1, LONG);
        let turn = gate.turn().await.unwrap();
        let (next, ()) = tokio::join!(gate.turn(), async { drop(turn) });
        assert!(next.is_ok());
    }
}
