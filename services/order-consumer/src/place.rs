//! Where a partition goes on, from its row and its log. Pure.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long `next` may lie above the log's end before the log counts as truncated: a new leader's high watermark can
/// lag for a moment.
pub const TRUNCATED_AFTER: Duration = Duration::from_secs(30);

/// What the row and the log say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Go on there.
    At(i64),
    /// The log starts above `next`: so many offsets are gone. A person decides.
    Gap(i64),
    /// `next` lies above the log's end; wait and look again.
    Ahead,
    /// It has been so for too long: the log was truncated. Start where it starts now.
    Truncated,
}

/// Remembers since when partitions are ahead of their log.
#[derive(Debug, Default)]
pub struct Places {
    ahead: HashMap<i32, Instant>,
}

impl Places {
    /// `start`, `end`: log start and high watermark of the partition.
    pub fn place(&mut self, partition: i32, next: i64, start: i64, end: i64, now: Instant) -> Place {
        if next <= end {
            self.ahead.remove(&partition);
            return if next < start { Place::Gap(start - next) } else { Place::At(next) };
        }
        let since = *self.ahead.entry(partition).or_insert(now);
        if now.saturating_duration_since(since) >= TRUNCATED_AFTER { Place::Truncated } else { Place::Ahead }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::start_of_a_new_log(0, 0, 0, Place::At(0))]
    #[case::in_the_log(5, 0, 9, Place::At(5))]
    #[case::at_its_end(9, 0, 9, Place::At(9))]
    #[case::at_its_start(5, 5, 9, Place::At(5))]
    #[case::below_its_start(3, 5, 9, Place::Gap(2))]
    #[case::below_an_empty_log(3, 9, 9, Place::Gap(6))]
    #[case::above_its_end(10, 0, 9, Place::Ahead)]
    fn by_row_and_log(#[case] next: i64, #[case] start: i64, #[case] end: i64, #[case] expected: Place) {
        assert_eq!(Places::default().place(0, next, start, end, Instant::now()), expected);
    }

    #[test]
    fn ahead_becomes_truncated_after_a_while_without_a_break() {
        let (mut places, start) = (Places::default(), Instant::now());
        let at = |secs| start + Duration::from_secs(secs);
        assert_eq!(places.place(0, 10, 0, 9, at(0)), Place::Ahead);
        assert_eq!(places.place(0, 10, 0, 9, at(29)), Place::Ahead);
        assert_eq!(places.place(0, 10, 0, 10, at(29)), Place::At(10));
        assert_eq!(places.place(0, 10, 0, 9, at(31)), Place::Ahead);
        assert_eq!(places.place(1, 10, 0, 9, at(31)), Place::Ahead);
        assert_eq!(places.place(0, 10, 0, 9, at(61)), Place::Truncated);
    }
}
