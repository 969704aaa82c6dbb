//! How far a follower has read the numbered changes, and which numbers below are still missing. Pure.
//!
//! Numbers are given when a row is inserted and show when its transaction commits, so they come out of order. A missing
//! number is a gap until a fact closes it: the change appears, or two reads at least [`BETWEEN_READS`] apart find
//! neither a row nor a lock on it (its transaction rolled back). One read is not enough: the number is given a moment
//! before the row is there.

use std::time::{Duration, Instant};

pub const BETWEEN_READS: Duration = Duration::from_secs(1);

/// Numbers without a change, of which one may still come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub first: u64,
    pub last: u64,
    /// Since when reads found nothing.
    empty_since: Option<Instant>,
}

/// The change with the highest number that was applied. It stays in the log until it is pruned; a log without it is
/// another one (a database restored, a replica that had less).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub seq: u64,
    pub product_id: u64,
    /// As MySQL prints it, with microseconds.
    pub changed_at: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    applied: u64,
    mark: Option<Mark>,
    /// In order, not touching `applied`.
    gaps: Vec<Gap>,
}

impl Position {
    /// All changes up to `pruned_to` are known, or of no interest.
    pub fn after(pruned_to: u64) -> Self {
        Self { applied: pruned_to, ..Self::default() }
    }

    /// The highest number that was applied.
    pub fn applied(&self) -> u64 {
        self.applied
    }

    pub fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }

    /// Below the lowest gap: up to here nothing more will come.
    pub fn watermark(&self) -> u64 {
        self.gaps.first().map_or(self.applied, |gap| gap.first - 1)
    }

    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The change with this number was applied. One above all others leaves a gap below it.
    pub fn saw(&mut self, seq: u64) {
        if seq <= self.applied {
            self.revise(seq, seq, |_| None);
            return;
        }
        if seq > self.applied + 1 {
            self.gaps.push(Gap { first: self.applied + 1, last: seq - 1, empty_since: None });
        }
        self.applied = seq;
        self.mark = None;
    }

    /// The change itself, once [`Position::saw`] was told the highest number.
    pub fn remember(&mut self, mark: Mark) {
        if mark.seq == self.applied {
            self.mark = Some(mark);
        }
    }

    /// A locking read begun at `now` found neither rows nor locks on these numbers.
    pub fn found_empty(&mut self, first: u64, last: u64, now: Instant) {
        self.revise(first, last, |gap| match gap.empty_since {
            Some(since) if now.saturating_duration_since(since) >= BETWEEN_READS => None,
            Some(_) => Some(gap),
            None => Some(Gap { empty_since: Some(now), ..gap }),
        });
    }

    /// A locking read met a lock: a transaction that may yet commit.
    pub fn found_locked(&mut self, first: u64, last: u64) {
        self.revise(first, last, |gap| Some(Gap { empty_since: None, ..gap }));
    }

    /// Gaps that a read at `now` could bring forward.
    pub fn to_read(&self, now: Instant) -> impl Iterator<Item = Gap> {
        let due = move |since: Instant| now.saturating_duration_since(since) >= BETWEEN_READS;
        self.gaps.iter().filter(move |gap| gap.empty_since.is_none_or(due)).copied()
    }

    /// Replaces what lies within these numbers; a gap that reaches beyond is cut.
    fn revise(&mut self, first: u64, last: u64, new: impl Fn(Gap) -> Option<Gap>) {
        let mut gaps = Vec::with_capacity(self.gaps.len() + 2);
        for gap in &self.gaps {
            let inside = (gap.first.max(first), gap.last.min(last));
            if inside.0 > inside.1 {
                gaps.push(*gap);
                continue;
            }
            if gap.first < inside.0 {
                gaps.push(Gap { last: inside.0 - 1, ..*gap });
            }
            gaps.extend(new(Gap { first: inside.0, last: inside.1, ..*gap }));
            if gap.last > inside.1 {
                gaps.push(Gap { first: inside.1 + 1, ..*gap });
            }
        }
        self.gaps = gaps;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn ranges(position: &Position) -> Vec<(u64, u64)> {
        position.gaps().iter().map(|gap| (gap.first, gap.last)).collect()
    }

    #[test]
    fn a_gap_holds_the_watermark_until_its_change_comes() {
        let mut position = Position::after(10);
        position.saw(11);
        position.saw(15);
        assert_eq!((position.applied(), position.watermark(), ranges(&position)), (15, 11, vec![(12, 14)]));
        position.saw(13);
        assert_eq!((position.watermark(), ranges(&position)), (11, vec![(12, 12), (14, 14)]));
        position.saw(12);
        position.saw(14);
        assert_eq!((position.watermark(), ranges(&position)), (15, vec![]));
    }

    #[test]
    fn two_empty_reads_apart_close_a_gap_and_a_lock_between_them_does_not_let_them() {
        let start = Instant::now();
        let mut position = Position::after(0);
        position.saw(4);
        position.found_empty(1, 3, start);
        position.found_empty(1, 3, start + BETWEEN_READS / 2);
        assert_eq!(ranges(&position), [(1, 3)]);
        assert_eq!(position.to_read(start + BETWEEN_READS / 2).count(), 0);
        position.found_locked(2, 2);
        position.found_empty(1, 3, start + BETWEEN_READS);
        assert_eq!(ranges(&position), [(2, 2)]);
        assert_eq!(position.watermark(), 1);
        position.found_empty(2, 2, start + BETWEEN_READS * 2);
        assert_eq!((position.watermark(), ranges(&position)), (4, vec![]));
    }

    proptest! {
        /// Whatever the order in which changes come, the gaps are the numbers that did not.
        #[test]
        fn gaps_are_what_is_missing(seen in proptest::collection::vec(1u64..60, 1..80)) {
            let mut position = Position::after(0);
            seen.iter().for_each(|seq| position.saw(*seq));
            let seen: BTreeSet<u64> = seen.into_iter().collect();
            let highest = *seen.last().unwrap();
            let missing: Vec<u64> = (1..highest).filter(|seq| !seen.contains(seq)).collect();
            let gaps: Vec<u64> = position.gaps().iter().flat_map(|gap| gap.first..=gap.last).collect();
            prop_assert_eq!(&gaps, &missing);
            prop_assert_eq!(position.watermark(), missing.first().map_or(highest, |first| first - 1));
        }
    }
}
