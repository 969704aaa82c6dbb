//! One partition over time: the arrival curve (log end against time) and the group's position on it.
//!
//! The age of the oldest order is read from the curve: it came when the log's end passed the committed offset. That
//! stays true when consumers stand still, which a consumer's own clock does not.

use serde::{Deserialize, Serialize};

use super::history::milli;

/// Every sample is kept for that long; older ones get sparser the older they are.
const FINE: f64 = 180.0;

/// What was seen of one partition.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Track {
    /// Oldest first.
    points: Vec<Point>,
    /// When the position moved last, or nothing waited.
    pub(super) moved: f64,
    /// Since when the high watermark is ahead of an end that stands still.
    pub(super) open_since: Option<f64>,
}

/// Time, log end, committed offset (log start when there is none).
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
pub(super) struct Point(pub f64, pub i64, pub i64);

impl Track {
    /// Adds what was seen at `t`. An end that went backwards is another log: what was known of the old one is dropped.
    pub(super) fn note(&mut self, t: f64, end: i64, committed: i64, open: bool) {
        let before = self.points.last().copied();
        if before.is_some_and(|Point(then, before, _)| end < before || t < then) {
            self.points.clear();
        }
        let before = self.points.last().copied();
        if before.is_none_or(|Point(_, _, old)| committed != old) || committed >= end {
            self.moved = milli(t);
        }
        let still = before.is_some_and(|Point(_, old, _)| end == old);
        self.open_since = if !open {
            None
        } else if still {
            self.open_since.or(Some(milli(t)))
        } else {
            Some(milli(t))
        };
        if before.is_some_and(|Point(then, ..)| then == milli(t)) {
            self.points.pop();
        }
        self.points.push(Point(milli(t), end, committed));
        self.thin(t, committed);
    }

    /// Orders that came between two moments within the curve.
    pub(super) fn arrived(&self, from: f64, to: f64) -> f64 {
        self.at(to, |point| point.1) - self.at(from, |point| point.1)
    }

    /// Orders that were worked off between two moments.
    pub(super) fn done(&self, from: f64, to: f64) -> f64 {
        self.at(to, |point| point.2) - self.at(from, |point| point.2)
    }

    /// Orders worked off per second since `from`, measured from the first move of the position to the last: otherwise
    /// the rhythm of commits would be measured. None with fewer than two moves.
    pub(super) fn pace(&self, from: f64) -> Option<f64> {
        let mut moves =
            self.points.windows(2).filter(|pair| pair[1].0 >= from && pair[1].2 != pair[0].2).map(|pair| pair[1]);
        let first = moves.next()?;
        let last = moves.next_back()?;
        Some((last.2 - first.2) as f64 / (last.0 - first.0))
    }

    /// Start of the curve.
    pub(super) fn start(&self) -> Option<f64> {
        self.points.first().map(|point| point.0)
    }

    /// Seconds that the oldest order waits at the last sample; None when nothing waits. An order from before the first
    /// sample is as old as that at least.
    pub(super) fn age(&self) -> Option<f64> {
        let Point(now, end, committed) = *self.points.last()?;
        if committed >= end {
            return None;
        }
        // The order at `committed` came with the first sample whose end is above it, somewhere since the one before.
        let above = self.points.partition_point(|point| point.1 <= committed);
        let Point(t1, end1, _) = self.points[above];
        let Some(&Point(t0, end0, _)) = above.checked_sub(1).and_then(|i| self.points.get(i)) else {
            return Some(now - t1);
        };
        let part = (committed - end0) as f64 / (end1 - end0) as f64;
        Some(now - (t0 + part * (t1 - t0)))
    }

    /// `most` points and the last, from which the age is read and no rate.
    pub(super) fn keep(&mut self, most: usize) {
        let Some(&last) = self.points.last() else { return };
        let waiting: Vec<Point> = {
            let above = self.points.partition_point(|point| point.1 <= last.2).saturating_sub(1);
            self.points[above..].to_vec()
        };
        let step = waiting.len().div_ceil(most).max(1);
        let mut kept: Vec<Point> = waiting.iter().copied().step_by(step).collect();
        if kept.last() != Some(&last) {
            kept.push(last);
        }
        self.points = kept;
    }

    fn at(&self, t: f64, value: impl Fn(&Point) -> i64) -> f64 {
        let after = self.points.partition_point(|point| point.0 < t);
        match (after.checked_sub(1).and_then(|i| self.points.get(i)), self.points.get(after)) {
            (Some(a), Some(b)) => {
                let part = (t - a.0) / (b.0 - a.0);
                value(a) as f64 + part * (value(b) - value(a)) as f64
            }
            (Some(only), None) | (None, Some(only)) => value(only) as f64,
            (None, None) => 0.0,
        }
    }

    fn thin(&mut self, now: f64, committed: i64) {
        let needed = self.points.partition_point(|point| point.1 <= committed).saturating_sub(1);
        let mut kept: Vec<Point> = Vec::with_capacity(self.points.len());
        for (i, point) in self.points.iter().enumerate() {
            let old = now - point.0;
            let sparse = kept.last().is_none_or(|last| point.0 - last.0 >= old / 16.0);
            if old <= FINE || (i >= needed && sparse) {
                kept.push(*point);
            }
        }
        self.points = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(points: &[(f64, i64, i64)]) -> Track {
        let mut track = Track::default();
        for (t, end, committed) in points {
            track.note(*t, *end, *committed, false);
        }
        track
    }

    #[test]
    fn the_age_is_read_from_the_curve() {
        assert_eq!(track(&[(0.0, 100, 100), (10.0, 200, 100)]).age(), Some(10.0));
        assert_eq!(track(&[(0.0, 100, 100), (10.0, 200, 150)]).age(), Some(5.0));
        assert_eq!(track(&[(0.0, 100, 100), (10.0, 200, 200)]).age(), None);
        assert_eq!(track(&[(0.0, 0, 0), (10.0, 0, 0), (20.0, 10, 0), (50.0, 10, 0)]).age(), Some(40.0));
    }

    #[test]
    fn what_came_before_the_first_sample_is_at_least_that_old() {
        assert_eq!(track(&[(5.0, 100, 0), (20.0, 110, 20)]).age(), Some(15.0));
    }

    #[test]
    fn the_rhythm_of_commits_is_not_measured() {
        // 80 a second, committed every 10 seconds, looked at every 5.
        let points: Vec<_> = (0..10).map(|i| (5.0 * f64::from(i), 100_000, i64::from(i / 2) * 800)).collect();
        for from in [0.0, 5.0, 10.0, 15.0] {
            assert_eq!(track(&points).pace(from), Some(80.0));
        }
        assert_eq!(track(&points).pace(35.0), None);
    }

    #[test]
    fn a_new_log_starts_a_new_curve() {
        let track = track(&[(0.0, 1_000, 1_000), (5.0, 10, 0), (10.0, 20, 0)]);
        assert_eq!(track.start(), Some(5.0));
        assert_eq!(track.arrived(5.0, 10.0), 10.0);
    }

    #[test]
    fn the_age_survives_hours_of_standing_still_in_few_points() {
        let mut track = Track::default();
        for i in 0..5_000 {
            track.note(f64::from(i) * 5.0, i64::from(i) * 10, 30, false);
        }
        let age = track.age().unwrap();
        assert!((age - (4_999.0 * 5.0 - 15.0)).abs() < 60.0, "{age}");
        assert!(track.points.len() < 150, "{}", track.points.len());
        track.keep(6);
        assert!(track.points.len() <= 8);
        assert!((track.age().unwrap() - age).abs() < 60.0);
    }
}
