//! How fast this process works when it works: what its size is judged by. Pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Older batches say nothing about now.
const WINDOW: Duration = Duration::from_secs(30);
/// Bounds the memory; a window of batches of one record stays below it.
const MOST: usize = 20_000;

/// Batches of the last half minute, of all workers.
#[derive(Debug)]
pub struct Pace {
    workers: usize,
    batches: VecDeque<Batch>,
}

#[derive(Clone, Copy, Debug)]
struct Batch {
    ended: Instant,
    took: Duration,
    records: usize,
}

impl Pace {
    /// Of so many workers.
    pub fn new(workers: usize) -> Self {
        Self { workers, batches: VecDeque::new() }
    }

    /// A batch of so many records committed, and took so long.
    pub fn committed(&mut self, records: usize, took: Duration, ended: Instant) {
        if self.batches.len() == MOST {
            self.batches.pop_front();
        }
        self.batches.push_back(Batch { ended, took, records });
    }

    /// Records per second with all workers busy. None: no batch in the window, so nothing is known.
    pub fn rate(&mut self, now: Instant) -> Option<f64> {
        while self.batches.front().is_some_and(|batch| now.saturating_duration_since(batch.ended) > WINDOW) {
            self.batches.pop_front();
        }
        let busy: Duration = self.batches.iter().map(|batch| batch.took).sum();
        let records: usize = self.batches.iter().map(|batch| batch.records).sum();
        (!busy.is_zero()).then(|| count(records) * count(self.workers) / busy.as_secs_f64())
    }
}

fn count(of: usize) -> f64 {
    f64::from(u32::try_from(of).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_does_not_count_and_old_batches_are_forgotten() {
        let (mut pace, start) = (Pace::new(2), Instant::now());
        let at = |secs| start + Duration::from_secs(secs);
        assert_eq!(pace.rate(at(0)), None);
        pace.committed(100, Duration::from_millis(500), at(1));
        pace.committed(300, Duration::from_millis(500), at(20));
        assert_eq!(pace.rate(at(25)), Some(800.0));
        assert_eq!(pace.rate(at(45)), Some(1200.0));
        assert_eq!(pace.rate(at(51)), None);
    }
}
