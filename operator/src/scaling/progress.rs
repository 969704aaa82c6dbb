//! Who moves on: partitions that stand still, transactions that stay open, partitions too hot for one consumer.

use super::history::Group;
use super::lag::Position;
use super::track::Track;

/// A partition with a backlog that does not move for so long, while others do, is stalled. Seconds.
const STALLED: f64 = 60.0;
/// Nobody moves for so long: more consumers would not either. Seconds.
const NO_PROGRESS: f64 = 30.0;
/// A transaction that stays open for so long is stuck. Seconds.
const STUCK: f64 = 10.0;

/// Partitions by number that more consumers do not help.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) stalled: Vec<u32>,
    pub(super) stuck: Vec<u32>,
    /// Ready consumers, work that waits, and nobody moves.
    pub(super) nobody_moves: bool,
}

impl Group {
    /// Notes a sample.
    pub(super) fn note(&mut self, ready: u32, now: f64) {
        if ready != self.ready || self.since > now {
            (self.ready, self.since) = (ready, now);
        }
    }

    /// Seconds since as many consumers are ready as now.
    pub(super) fn settled_for(&self, now: f64) -> f64 {
        now - self.since
    }
}

/// Judges a full sample.
pub(super) fn standing(tracks: &[Track], positions: &[Position], group: &Group, now: f64) -> Standing {
    let numbers = |is: &dyn Fn(&Track, &Position) -> bool| -> Vec<u32> {
        let found = tracks.iter().zip(positions).zip(0..).filter(|((track, position), _)| is(track, position));
        found.map(|(_, number)| number).collect()
    };
    let works = |seconds: f64| group.ready > 0 && group.settled_for(now) >= seconds;
    let still = |track: &Track, position: &Position| position.lag() > 0 && now - track.moved >= STALLED;
    // Of all that has a backlog nothing has moved for so long.
    let waits_for = |seconds: f64| {
        let waiting = tracks.iter().zip(positions).filter(|(_, position)| position.lag() > 0);
        waiting.map(|(track, _)| track.moved).reduce(f64::max).is_some_and(|moved| now - moved >= seconds)
    };
    // Who keeps up with a partition has no lag there, and moves all the same.
    let moves = tracks.iter().any(|track| track.done(now - NO_PROGRESS, now) > 0.0);
    let nobody_moves = works(NO_PROGRESS) && waits_for(NO_PROGRESS) && !moves;
    Standing {
        stalled: if works(STALLED) && !nobody_moves { numbers(&still) } else { Vec::new() },
        stuck: numbers(&|track, _| track.open_since.is_some_and(|since| now - since >= STUCK)),
        nobody_moves,
    }
}

/// Partitions that get more than one consumer can do, while most get much less: more keys would help, more consumers
/// would not.
pub(super) fn hot(shares: &[f64], rate: f64, capacity: f64) -> Vec<u32> {
    let mean = 1.0 / shares.len().max(1) as f64;
    let found = shares.iter().zip(0..).filter(|(share, _)| *share * rate > capacity && **share > 2.0 * mean);
    found.map(|(_, number)| number).collect()
}
