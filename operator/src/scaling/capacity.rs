//! What one consumer can do: believed at first, then learnt from windows in which consumers were saturated.
//!
//! A consumer that has no backlog works only as much as comes in, which says nothing about what it could; but it can
//! do at least that.

use serde::{Deserialize, Serialize};

use super::decision::CapacitySource;
use super::history::milli;
use super::lag::Position;
use super::observation::ConsumerSample;
use super::policy::Policy;
use super::track::Track;

/// Windows that are remembered.
const REMEMBERED: usize = 24;
/// Seconds of one window: some commits long, or their rhythm would be measured.
const WINDOW: f64 = 20.0;
/// Seconds of work that must wait at every partition for the group to count as saturated: what waits between two
/// commits is done already.
const SATURATED: f64 = 10.0;
/// The same for what a consumer has in its hands.
const IN_HAND: f64 = 2.0;

/// What was learnt.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Capacity {
    /// Orders per second of one consumer, oldest window first.
    windows: Vec<f64>,
    /// Start of the window that runs.
    open: Option<f64>,
    /// Every consumer did at least that, orders per second.
    at_least: f64,
}

/// One sample, as far as capacity is concerned.
pub(super) struct Work<'a> {
    pub(super) t: f64,
    pub(super) positions: &'a [Position],
    pub(super) ready: u32,
    /// Partitions have been where they are for a while.
    pub(super) settled: bool,
    /// What was seen of the partitions.
    pub(super) tracks: &'a [Track],
    /// Orders worked off per second over the last 40 s, while `settled` all the time.
    pub(super) drained: Option<f64>,
    /// By partition, over what is known of the last half minute; empty: nothing is.
    pub(super) rates: &'a [f64],
    pub(super) consumers: &'a [ConsumerSample],
}

impl Capacity {
    /// Orders per second of one consumer.
    pub(super) fn per_replica(&self, policy: &Policy) -> (f64, CapacitySource) {
        let mut sorted = self.windows.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.len() {
            0 if self.at_least > policy.assumed_capacity => (self.at_least, CapacitySource::Estimated),
            0 => (policy.assumed_capacity, CapacitySource::Estimated),
            count => {
                // p90: a window with a hiccup in it does not make consumers slow.
                let place = 0.9 * (count - 1) as f64;
                let (low, part) = (place.floor() as usize, place.fract());
                let high = sorted[(low + 1).min(count - 1)];
                ((sorted[low] + part * (high - sorted[low])).max(0.1), CapacitySource::Learnt)
            }
        }
    }

    /// The window that runs means nothing any more.
    pub(super) fn interrupted(&mut self) {
        self.open = None;
    }

    /// Learns from one sample.
    pub(super) fn note(&mut self, work: &Work<'_>, policy: &Policy) {
        if work.ready == 0 || !work.settled {
            self.open = None;
            return;
        }
        if let Some(drained) = work.drained {
            let surely = drained / f64::from(work.ready);
            self.at_least = milli(self.at_least.max(surely));
            if self.windows.last().is_some_and(|last| *last < surely) && surely > 1.2 * self.per_replica(policy).0 {
                self.push(surely);
            }
        }
        if let Some(told) = told(work.consumers) {
            self.open = None;
            self.push(told);
            return;
        }
        let waits = |(position, rate): (&Position, &f64)| position.lag() as f64 > SATURATED * rate.max(0.1);
        if work.rates.is_empty() || !work.positions.iter().zip(work.rates).all(waits) {
            self.open = None;
            return;
        }
        let Some(since) = self.open else {
            self.open = Some(milli(work.t));
            return;
        };
        if work.t - since < WINDOW {
            return;
        }
        // A position that moved less than twice since tells nothing yet: the window goes on.
        let paces: Option<Vec<f64>> = work.tracks.iter().map(|track| track.pace(since)).collect();
        if let Some(paces) = paces {
            let consumers = work.ready.min(u32::try_from(paces.len()).unwrap_or(u32::MAX));
            self.push(paces.iter().sum::<f64>() / f64::from(consumers));
            self.open = Some(milli(work.t));
        }
    }

    fn push(&mut self, rate: f64) {
        self.windows.push(milli(rate));
        let surplus = self.windows.len().saturating_sub(REMEMBERED);
        self.windows.drain(..surplus);
    }
}

/// The best of what busy consumers tell of themselves: those with work in hand that the database does not have yet.
fn told(consumers: &[ConsumerSample]) -> Option<f64> {
    let busy = consumers.iter().filter_map(|consumer| {
        let rate = consumer.service_rate.filter(|rate| *rate > 0.0 && rate.is_finite())?;
        consumer.unsent.is_some_and(|unsent| unsent as f64 > IN_HAND * rate).then_some(rate)
    });
    busy.reduce(f64::max)
}
