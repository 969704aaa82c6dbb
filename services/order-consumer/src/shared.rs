//! The hand behind its lock, and how the threads and tasks around it wake one another.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::hand::{Hand, Limits};

/// Shared by the poll thread, the workers and the locator.
#[derive(Debug)]
pub struct Shared {
    hand: Mutex<Hand>,
    given_back: Condvar,
    work: Vec<Notify>,
    locate: Notify,
}

impl Shared {
    /// Nothing in hand.
    pub fn new(limits: Limits) -> Self {
        let work = (0..limits.workers).map(|_| Notify::new()).collect();
        Self { hand: Mutex::new(Hand::new(limits)), given_back: Condvar::new(), work, locate: Notify::new() }
    }

    /// The hand. Never held across I/O.
    pub fn hand(&self) -> MutexGuard<'_, Hand> {
        // A panic inside ends the process (Process::spawn sees it); until then the value is whole enough to stop with.
        self.hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There may be work for this worker.
    pub fn wake(&self, worker: usize) {
        self.work[worker].notify_one();
    }

    /// Until [`Shared::wake`].
    pub async fn woken(&self, worker: usize) {
        self.work[worker].notified().await;
    }

    /// A partition's place is to be found.
    pub fn ask_for_places(&self) {
        self.locate.notify_one();
    }

    /// Until [`Shared::ask_for_places`].
    pub async fn places_asked(&self) {
        self.locate.notified().await;
    }

    /// A worker gave partitions back.
    pub fn announce_return(&self) {
        self.given_back.notify_all();
    }

    /// Blocks until no worker has records of these partitions. False when that took longer than `deadline`.
    pub fn wait_for_return(&self, partitions: &[i32], deadline: Instant) -> bool {
        let mut hand = self.hand();
        while hand.is_lent(partitions) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            hand = self.given_back.wait_timeout(hand, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}
