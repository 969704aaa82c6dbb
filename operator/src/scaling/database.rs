//! What the database can take: more consumers than it serves make everybody slower, shoppers too.

use serde::{Deserialize, Serialize};

use super::history::milli;
use super::need::{step_below, true_step};

/// Slow: that many times the usual latency, and that many milliseconds above it.
const SLOW: (f64, f64) = (4.0, 50.0);
/// So slow that fewer consumers should press on it.
const VERY_SLOW: (f64, f64) = (10.0, 250.0);
/// Seconds that it must be slow before it counts.
const SURE_AFTER: f64 = 10.0;
/// Seconds between two steps of the ceiling, down or up.
const STEP: f64 = 60.0;

/// What was seen of the database.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct DatabaseMemory {
    /// Milliseconds when all is well: the least that was seen, forgotten over an hour.
    usual: Option<f64>,
    slow_since: Option<f64>,
    fine_since: Option<f64>,
    last: Option<f64>,
    /// Most consumers, and when that was decided.
    ceiling: Option<(u32, f64)>,
}

impl DatabaseMemory {
    /// Notes a latency (None: nothing was told, then no ceiling applies) and gives the most consumers.
    pub(super) fn note(&mut self, latency: Option<f64>, ready: u32, partitions: u32, now: f64) -> Option<u32> {
        let Some(latency) = latency.filter(|ms| ms.is_finite() && *ms >= 0.0) else {
            (self.slow_since, self.fine_since, self.ceiling, self.last) = (None, None, None, None);
            return None;
        };
        let passed = self.last.map_or(0.0, |last| (now - last).clamp(0.0, 60.0));
        self.last = Some(milli(now));
        let usual = self.usual.map_or(latency, |usual| latency.min(usual * (1.0 + passed / 3_600.0))).max(0.1);
        self.usual = Some(milli(usual));
        let beyond = |(times, above): (f64, f64)| latency > times * usual && latency > usual + above;
        if beyond(SLOW) {
            self.fine_since = None;
            let since = *self.slow_since.get_or_insert(milli(now));
            if now - since >= SURE_AFTER {
                self.lower(beyond(VERY_SLOW), ready.max(1), partitions, now);
            }
        } else {
            self.slow_since = None;
            let since = *self.fine_since.get_or_insert(milli(now));
            if now - since >= STEP {
                self.raise(partitions, now);
            }
        }
        self.ceiling.map(|(most, _)| most)
    }

    /// Time jumped back to before what is remembered.
    pub(super) fn rewound(&mut self) {
        *self = Self { usual: self.usual, ..Self::default() };
    }

    fn lower(&mut self, much: bool, ready: u32, partitions: u32, now: f64) {
        let to = match self.ceiling {
            None => ready,
            Some((most, since)) if much && now - since >= STEP => step_below(most.min(ready), partitions),
            Some(_) => return,
        };
        self.ceiling = Some((to, milli(now)));
    }

    fn raise(&mut self, partitions: u32, now: f64) {
        let Some((most, _)) = self.ceiling.filter(|(_, since)| now - since >= STEP) else { return };
        let above = (most + 1..=partitions).find(|more| true_step(*more, partitions) > most);
        self.ceiling = above.filter(|above| *above < partitions).map(|above| (above, milli(now)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_database_gets_no_more_consumers_and_a_very_slow_one_gets_fewer() {
        let mut memory = DatabaseMemory::default();
        assert_eq!(memory.note(Some(10.0), 6, 12, 0.0), None);
        assert_eq!(memory.note(Some(80.0), 6, 12, 5.0), None);
        assert_eq!(memory.note(Some(80.0), 6, 12, 15.0), Some(6));
        assert_eq!(memory.note(Some(80.0), 6, 12, 200.0), Some(6));
        assert_eq!(memory.note(Some(500.0), 6, 12, 205.0), Some(4));
        assert_eq!(memory.note(Some(500.0), 6, 12, 210.0), Some(4));
    }

    #[test]
    fn the_ceiling_rises_step_by_step_when_it_is_well_again() {
        let mut memory = DatabaseMemory::default();
        for (t, latency) in [(0.0, 10.0), (5.0, 80.0), (15.0, 80.0)] {
            memory.note(Some(latency), 4, 12, t);
        }
        assert_eq!(memory.note(Some(12.0), 4, 12, 20.0), Some(4));
        assert_eq!(memory.note(Some(12.0), 4, 12, 80.0), Some(6));
        assert_eq!(memory.note(Some(12.0), 4, 12, 140.0), None);
    }

    #[test]
    fn nothing_told_is_no_ceiling() {
        let mut memory = DatabaseMemory::default();
        memory.note(Some(10.0), 4, 12, 0.0);
        memory.note(Some(90.0), 4, 12, 5.0);
        assert_eq!(memory.note(Some(90.0), 4, 12, 20.0), Some(4));
        assert_eq!(memory.note(None, 4, 12, 25.0), None);
    }
}
