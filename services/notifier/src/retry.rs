//! When to try again. Pure.

use std::time::Duration;

use crate::failure::Fault;

/// A mail that the server refuses for good is tried this often: servers say 5xx for moments, too.
pub const MOST_ATTEMPTS: u32 = 5;

/// What becomes of a row whose send failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Not its fault: free it, count nothing.
    Release,
    After(Duration),
    GiveUp,
}

/// `attempts`: failures of this mail before this one.
pub fn next(fault: Fault, attempts: u32) -> Next {
    match fault {
        Fault::Server => Next::Release,
        Fault::Mail if attempts + 1 >= MOST_ATTEMPTS => Next::GiveUp,
        Fault::Mail | Fault::Moment => Next::After(delay(attempts)),
    }
}

/// 10 s, doubled each time, at most an hour.
fn delay(attempts: u32) -> Duration {
    Duration::from_secs((10_u64 << attempts.min(16)).min(3600))
}

/// How long a worker waits after its `failures`-th time in a row without a server: 1 s, doubled, at most 30 s.
pub fn pause(failures: u32) -> Duration {
    Duration::from_secs((1_u64 << failures.saturating_sub(1).min(16)).min(30))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_away_costs_no_attempt() {
        assert_eq!(next(Fault::Server, 1000), Next::Release);
    }

    #[test]
    fn refusals_are_counted_and_given_up() {
        let all: Vec<Next> = (0..5).map(|attempts| next(Fault::Mail, attempts)).collect();
        let seconds = |s| Next::After(Duration::from_secs(s));
        assert_eq!(all, [seconds(10), seconds(20), seconds(40), seconds(80), Next::GiveUp]);
    }

    #[test]
    fn moments_are_waited_for_for_ever() {
        assert_eq!(next(Fault::Moment, u32::MAX - 1), Next::After(Duration::from_secs(3600)));
    }

    #[test]
    fn pauses_grow_to_half_a_minute() {
        assert_eq!([1, 2, 3, 6, 99].map(|n| pause(n).as_secs()), [1, 2, 4, 30, 30]);
    }
}
