//! How many consumers the work needs, given that a partition cannot be shared.

use super::arrivals::Arrivals;

/// Part of a consumer's capacity that arrivals may take when the number is chosen.
pub(super) const AIMED: f64 = 0.75;
/// Part of it that they may take when less would cost much more: the next step may double the number.
pub(super) const FULL: f64 = 0.85;
/// Part of it that they may take before the number is too small: without a gap between the two it would swing.
pub(super) const STRETCHED: f64 = 0.9;

/// Consumers' worth of work of each partition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Need {
    /// Heaviest first.
    sorted: Vec<f64>,
    pub(super) total: f64,
}

impl Need {
    pub(super) fn new(partitions: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = partitions.collect();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let total = sorted.iter().sum();
        Self { sorted, total }
    }

    /// What the busiest of `replicas` consumers may get: who gets which partition is not known beforehand, so the
    /// heaviest ones that fit may share one.
    pub(super) fn busiest(&self, replicas: u32) -> f64 {
        let each = self.sorted.len().div_ceil(replicas.max(1) as usize);
        self.sorted.iter().take(each).sum()
    }

    /// The smallest number with which the busiest consumer has no more than it can do; None: no number has.
    ///
    /// It is a step that moves the bottleneck by itself: with 12 partitions 7 to 11 consumers do no more than 6.
    pub(super) fn replicas(&self) -> Option<u32> {
        if self.total <= 0.0 {
            return Some(0);
        }
        let most = u32::try_from(self.sorted.len()).unwrap_or(u32::MAX);
        (1..=most).find(|replicas| self.busiest(*replicas) <= 1.0)
    }
}

/// `aimed`, or `full` (which is smaller) when that spares at least two fifths.
pub(super) fn thrifty(aimed: u32, full: u32) -> u32 {
    if f64::from(full) <= 0.6 * f64::from(aimed) { full } else { aimed }
}

/// The smallest number with the same most partitions per consumer: whoever is beyond it takes nothing off the busiest.
pub(super) fn true_step(replicas: u32, partitions: u32) -> u32 {
    if replicas == 0 { 0 } else { partitions.div_ceil(partitions.div_ceil(replicas)) }
}

/// The next smaller number that moves the bottleneck; 1 at least.
pub(super) fn step_below(replicas: u32, partitions: u32) -> u32 {
    true_step(true_step(replicas, partitions).saturating_sub(1), partitions).max(1)
}

/// The next larger number that moves the bottleneck; the partitions at most.
pub(super) fn step_above(replicas: u32, partitions: u32) -> u32 {
    (replicas + 1..=partitions).find(|more| true_step(*more, partitions) > replicas).unwrap_or(partitions)
}

/// Orders of each partition, as consumers' worth of work.
pub(super) struct Load<'a> {
    pub(super) arrivals: &'a Arrivals,
    /// Orders that wait beyond what always waits, by partition; 0 for those that are not counted.
    pub(super) backlog: &'a [f64],
    /// Partitions whose arrivals and backlog are not scaled at.
    pub(super) left_out: &'a [bool],
    /// Orders per second of one consumer.
    pub(super) capacity: f64,
    /// Seconds within which the backlog should be worked off.
    pub(super) within: f64,
}

impl Load<'_> {
    /// Of `rate` orders per second alone, by consumers that do nothing else.
    pub(super) fn rate(&self, rate: f64) -> Need {
        self.each(|share, _| rate * share)
    }

    /// Of the backlog alone: seconds of one consumer's work.
    pub(super) fn work(&self) -> Need {
        self.each(|_, backlog| backlog)
    }

    /// With arrivals of `rate` orders per second at `utilisation`.
    pub(super) fn need(&self, rate: f64, utilisation: f64) -> Need {
        self.each(|share, backlog| rate * share / utilisation + backlog / self.within)
    }

    fn each(&self, orders: impl Fn(f64, f64) -> f64) -> Need {
        let partitions = self.arrivals.shares.iter().zip(self.backlog).zip(self.left_out);
        Need::new(partitions.map(
            |((share, backlog), left_out)| {
                if *left_out { 0.0 } else { orders(*share, *backlog) / self.capacity }
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(12, 7, 6)]
    #[case(12, 11, 6)]
    #[case(12, 12, 12)]
    #[case(12, 5, 4)]
    #[case(24, 23, 12)]
    #[case(24, 0, 0)]
    fn steps_are_true_to_partitions(#[case] partitions: u32, #[case] replicas: u32, #[case] step: u32) {
        assert_eq!(true_step(replicas, partitions), step);
    }

    #[rstest]
    #[case(12, 12, 6)]
    #[case(12, 6, 4)]
    #[case(12, 4, 3)]
    #[case(12, 2, 1)]
    #[case(12, 1, 1)]
    fn the_step_below(#[case] partitions: u32, #[case] replicas: u32, #[case] below: u32) {
        assert_eq!(step_below(replicas, partitions), below);
    }

    #[rstest]
    #[case::nothing(&[0.0; 12], Some(0))]
    #[case::little(&[0.01; 12], Some(1))]
    #[case::three_each_fit(&[0.33; 12], Some(4))]
    #[case::two_each_fit(&[0.34; 12], Some(6))]
    #[case::one_heavy(&[0.9, 0.1, 0.1, 0.1], Some(2))]
    #[case::beyond_all(&[1.1, 0.1, 0.1, 0.1], None)]
    fn replicas_for(#[case] partitions: &[f64], #[case] replicas: Option<u32>) {
        assert_eq!(Need::new(partitions.iter().copied()).replicas(), replicas);
    }
}
