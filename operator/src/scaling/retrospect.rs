//! What number would have been enough: the arrivals of the last hour, played again through a group of that size.
//!
//! It tells a load that stays from one that passes: a burst that a small group works off within its targets is no
//! reason to keep a large one.

use serde::{Deserialize, Serialize};

use super::history::milli;
use super::need::{AIMED, FULL, STRETCHED, thrifty, true_step};

/// Seconds that are remembered.
pub(super) const MEMORY: f64 = 3_600.0;
/// Seconds between two marks.
const SPACING: f64 = 15.0;
/// Part of the oldest age allowed that a replay may reach: the real group stalls now and then.
const CALM: f64 = 0.7;
/// Being ready for bursts may cost so many times what the time between them needs.
const DEAR: u32 = 6;
/// Standard deviations by which arrivals must have risen for it to be no luck.
const SURE: f64 = 3.0;

/// Arrivals over the last hour.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Retrospect {
    /// Oldest first: time, orders since the mark before, seconds since it, share of the heaviest partition.
    marks: Vec<(f64, f64, f64, f64)>,
    /// Since the last mark.
    open: Option<(f64, f64)>,
}

/// A group as the replay has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replayed {
    pub(super) partitions: u32,
    /// Orders per second of one consumer.
    pub(super) capacity: f64,
    pub(super) max_order_age: f64,
    /// A surge that lasts longer is no burst, seconds.
    pub(super) burst: f64,
    /// Bursts are prepared for so long after they were seen, seconds.
    pub(super) prepared: f64,
}

/// What a group of some size would have made of the arrivals.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// Longest wait, seconds.
    pub(super) longest_wait: f64,
    /// Longest time in one piece in which more came than could be worked off, seconds.
    pub(super) longest_surge: f64,
    /// Longest wait of those queues that were worked off before the end, seconds.
    pub(super) longest_passed: f64,
    /// Mean part of the group's capacity that was needed.
    pub(super) utilisation: f64,
}

impl Retrospect {
    /// Notes that `orders` came within the last `seconds`.
    pub(super) fn note(&mut self, t: f64, orders: f64, seconds: f64, heaviest: f64) {
        let (mut all, mut passed) = self.open.take().unwrap_or_default();
        all += orders;
        passed += seconds;
        if passed >= SPACING {
            self.marks.push((milli(t), milli(all), milli(passed), milli(heaviest)));
            self.marks.retain(|mark| (0.0..=MEMORY).contains(&(t - mark.0)));
        } else {
            self.open = Some((milli(all), milli(passed)));
        }
    }

    /// Of the last `seconds` before `now`, those that are remembered.
    pub(super) fn covered(&self, seconds: f64, now: f64) -> f64 {
        self.marks.iter().filter(|mark| mark.0 > now - seconds && mark.0 <= now).map(|mark| mark.2).sum()
    }

    /// The arrivals between two moments, played through `replicas` consumers.
    pub(super) fn replay(&self, from: f64, to: f64, replicas: u32, group: &Replayed) -> Outcome {
        let (mut queue, mut surge, mut outcome) = (0.0_f64, 0.0, Outcome::default());
        let (mut needed, mut possible, mut this_queue) = (0.0, 0.0, 0.0_f64);
        let marks = self.marks.iter().filter(|mark| mark.0 > from && mark.0 <= to);
        for (_, orders, seconds, heaviest) in marks {
            let capacity = group.capacity / busiest_share(replicas, group.partitions, *heaviest);
            queue = (queue + orders - capacity * STRETCHED * seconds).max(0.0);
            let wait = queue / capacity;
            outcome.longest_wait = outcome.longest_wait.max(wait);
            this_queue = this_queue.max(wait);
            if queue == 0.0 {
                outcome.longest_passed = outcome.longest_passed.max(this_queue);
                this_queue = 0.0;
            }
            surge = if *orders > capacity * seconds { surge + seconds } else { 0.0 };
            outcome.longest_surge = outcome.longest_surge.max(surge);
            needed += orders;
            possible += capacity * seconds;
        }
        outcome.utilisation = if possible > 0.0 { needed / possible } else { 0.0 };
        outcome
    }

    /// The smallest number that would have kept the target over the last `seconds` before `now`, at the aimed
    /// utilisation; or well below `STRETCHED`, when the aimed one costs much more.
    pub(super) fn enough(&self, seconds: f64, now: f64, group: &Replayed) -> u32 {
        let fits = |replicas: u32, utilisation: f64| {
            let outcome = self.replay(now - seconds, now, replicas, group);
            outcome.longest_wait <= CALM * group.max_order_age && outcome.utilisation <= utilisation
        };
        // More consumers never do less, so what fits can be halved for.
        let smallest = |utilisation: f64| {
            let (mut low, mut high) = (1, group.partitions);
            while low < high {
                let middle = (low + high) / 2;
                if fits(middle, utilisation) { high = middle } else { low = middle + 1 }
            }
            true_step(high, group.partitions)
        };
        thrifty(smallest(AIMED), smallest(FULL))
    }

    /// The smallest number that would have kept the target in the bursts that are prepared for too, when being ready
    /// for them costs no more than `DEAR` times `lately`; else `lately`, which was enough in the last minutes.
    pub(super) fn insured(&self, lately: u32, now: f64, group: &Replayed) -> u32 {
        let surge = self.replay(now - group.prepared, now, lately, group).longest_surge;
        if surge > group.burst + SPACING {
            return lately;
        }
        let insured = self.enough(group.prepared, now, group);
        if insured <= DEAR * lately { insured.max(lately) } else { lately }
    }

    /// The longest wait in a burst of the last hour that `replicas` consumers worked off within the target, seconds; 0
    /// when there was none.
    pub(super) fn habit(&self, replicas: u32, now: f64, group: &Replayed) -> f64 {
        let outcome = self.replay(now - MEMORY, now, replicas, group);
        if outcome.longest_passed <= group.max_order_age { outcome.longest_passed } else { 0.0 }
    }

    /// By how many orders per second arrivals rose from the `half` seconds before the last `half` seconds to those;
    /// 0 when that is not sure.
    pub(super) fn rise(&self, half: f64, now: f64) -> f64 {
        let sum = |from: f64, to: f64| {
            let marks = self.marks.iter().filter(|mark| mark.0 > from && mark.0 <= to);
            marks.fold((0.0, 0.0), |sum, mark| (sum.0 + mark.1, sum.1 + mark.2))
        };
        let (before, now) = (sum(now - 2.0 * half, now - half), sum(now - half, now));
        if before.1 < half / 2.0 || now.1 < half / 2.0 {
            return 0.0;
        }
        let rise = now.0 / now.1 - before.0 / before.1;
        let noise = (now.0 / now.1.powi(2) + before.0 / before.1.powi(2)).sqrt();
        if rise > SURE * noise { rise } else { 0.0 }
    }
}

/// The part of all orders that the busiest of `replicas` consumers gets when one partition has the share `heaviest`
/// and the others are even.
fn busiest_share(replicas: u32, partitions: u32, heaviest: f64) -> f64 {
    let each = f64::from(partitions.div_ceil(replicas.max(1)));
    let others = if partitions > 1 { (1.0 - heaviest) / f64::from(partitions - 1) } else { 0.0 };
    (heaviest + (each - 1.0) * others).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: Replayed =
        Replayed { partitions: 12, capacity: 100.0, max_order_age: 30.0, burst: 120.0, prepared: MEMORY };

    fn remembered(rates: &[(f64, f64)]) -> (Retrospect, f64) {
        let (mut seen, mut t) = (Retrospect::default(), 0.0);
        for (seconds, rate) in rates {
            let end = t + seconds;
            while t < end {
                t += 5.0;
                seen.note(t, rate * 5.0, 5.0, 1.0 / 12.0);
            }
        }
        (seen, t)
    }

    #[test]
    fn a_load_that_stays_needs_its_number() {
        let (seen, now) = remembered(&[(600.0, 290.0)]);
        assert_eq!(seen.enough(300.0, now, &GROUP), 4);
    }

    #[test]
    fn a_burst_that_is_soon_worked_off_needs_less_than_its_rate() {
        let (seen, now) = remembered(&[(600.0, 100.0), (30.0, 700.0), (570.0, 100.0)]);
        assert_eq!(seen.enough(3_600.0, now, &GROUP), 6);
        assert_eq!(seen.enough(300.0, now, &GROUP), 2);
        assert_eq!(seen.insured(2, now, &GROUP), 6);
        assert_eq!(seen.insured(2, now, &Replayed { prepared: 500.0, ..GROUP }), 2, "it is long ago");
    }

    #[test]
    fn a_surge_that_stays_for_long_is_no_burst() {
        let (seen, now) = remembered(&[(600.0, 100.0), (600.0, 700.0), (570.0, 100.0)]);
        assert_eq!(seen.insured(2, now, &GROUP), 2);
    }

    #[test]
    fn a_slow_rise_is_seen_and_noise_is_not() {
        let (seen, now) = remembered(&[(600.0, 100.0), (600.0, 110.0)]);
        assert!((seen.rise(600.0, now) - 10.0).abs() < 0.5);
        let (seen, now) = remembered(&[(600.0, 100.0), (600.0, 101.0)]);
        assert_eq!(seen.rise(600.0, now), 0.0);
    }
}
