//! A consumer group as a fluid model: partitions fill, consumers empty theirs at a fixed rate.
//!
//! What a scaler must live with is in it: a pod needs time to start, every change of the membership stops the whole
//! group for a while, a partition has one consumer, positions are seen only as they are committed. What is not: slow
//! databases, lost pods, the network.

use crate::scaling::{Committed, Observation, PartitionSample};

/// How the group behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    pub partitions: u32,
    /// Orders per second of one consumer.
    pub capacity: f64,
    /// Seconds from the wish for a pod to its joining.
    pub pod_start: f64,
    /// Seconds that nobody works after the membership changed.
    pub rebalance: f64,
    /// Seconds between the commits of one consumer.
    pub commit_interval: f64,
    /// Consumers at the start, all at work.
    pub replicas: u32,
    /// Of the random arrivals.
    pub seed: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            partitions: 12,
            capacity: 100.0,
            pod_start: 25.0,
            rebalance: 8.0,
            commit_interval: 5.0,
            replicas: 1,
            seed: 1,
        }
    }
}

/// The group at one moment. Time is in whole seconds from 0.
#[derive(Clone, Debug)]
pub struct Group {
    setup: Setup,
    now: f64,
    partitions: Vec<Partition>,
    /// When each pod works, in the order in which they were started.
    pods: Vec<f64>,
    members: u32,
    stalled_until: f64,
    random: u64,
    /// Changes of the membership so far.
    changes: u32,
    /// Of the second that passed last, by member: part of it spent working.
    busy: Vec<f64>,
    /// Orders worked off in the second that passed last, with their age.
    worked_off: Vec<(f64, f64)>,
}

#[derive(Clone, Debug, Default)]
struct Partition {
    /// Orders that came in all, after each second: the arrival curve.
    curve: Vec<f64>,
    done: f64,
    committed: f64,
}

impl Partition {
    fn end(&self) -> f64 {
        self.curve.last().copied().unwrap_or(0.0)
    }

    fn backlog(&self) -> f64 {
        (self.end() - self.done).max(0.0)
    }

    /// When the order at `place` came: the second in which the curve passed it, straight within.
    fn came(&self, place: f64) -> f64 {
        let after = self.curve.partition_point(|end| *end <= place);
        let before = after.checked_sub(1).map_or(0.0, |i| self.curve[i]);
        let Some(end) = self.curve.get(after) else { return self.curve.len() as f64 };
        after as f64 + (place - before) / (end - before)
    }
}

impl Group {
    /// At second 0, with everyone at work and nothing waiting.
    pub fn new(setup: Setup) -> Self {
        let replicas = setup.replicas;
        Self {
            partitions: vec![Partition::default(); setup.partitions as usize],
            pods: vec![0.0; replicas as usize],
            members: replicas,
            random: setup.seed,
            setup,
            now: 0.0,
            stalled_until: 0.0,
            changes: 0,
            busy: Vec::new(),
            worked_off: Vec::new(),
        }
    }

    /// Lets one second pass in which `rate` orders come, spread by `weights` (which sum up to 1).
    pub fn pass(&mut self, rate: f64, weights: &[f64]) {
        self.now += 1.0;
        for (i, weight) in weights.iter().enumerate().take(self.partitions.len()) {
            let orders = self.poisson(rate * weight);
            let end = self.partitions[i].end() + orders;
            self.partitions[i].curve.push(end);
        }
        self.join();
        self.work();
        self.commit();
    }

    /// Asks for so many pods. The newest leave first, at once; the missing are started.
    pub fn scale(&mut self, replicas: u32) {
        let replicas = replicas as usize;
        self.pods.truncate(replicas);
        self.pods.resize(replicas, self.now + self.setup.pod_start);
        self.join();
    }

    /// What an operator sees.
    pub fn observe(&self) -> Observation {
        let sample = |partition: &Partition| PartitionSample {
            committed: Committed::At(partition.committed.floor() as i64),
            end: Some(partition.end().floor() as i64),
            high_watermark: None,
            log_start: None,
        };
        Observation {
            t: self.now,
            replicas: self.replicas(),
            ready: self.members,
            partitions: Some(self.partitions.iter().map(sample).collect()),
            ..Observation::default()
        }
    }

    /// Seconds from the start.
    pub fn now(&self) -> f64 {
        self.now
    }

    /// Pods that exist, working or starting.
    pub fn replicas(&self) -> u32 {
        u32::try_from(self.pods.len()).unwrap_or(u32::MAX)
    }

    /// Pods that are in the group.
    pub fn members(&self) -> u32 {
        self.members
    }

    /// Changes of the membership so far.
    pub fn changes(&self) -> u32 {
        self.changes
    }

    /// Orders that wait.
    pub fn lag(&self) -> f64 {
        self.partitions.iter().map(Partition::backlog).sum()
    }

    /// Orders that came in all.
    pub fn arrived(&self) -> f64 {
        self.partitions.iter().map(Partition::end).sum()
    }

    /// Orders that were worked off in all.
    pub fn done(&self) -> f64 {
        self.partitions.iter().map(|partition| partition.done).sum()
    }

    /// By member, the part of the last second spent working.
    pub fn busy(&self) -> &[f64] {
        &self.busy
    }

    /// Seconds that the oldest order waits, from the arrival curve; 0 when none does.
    pub fn age(&self) -> f64 {
        let waiting = self.partitions.iter().filter(|partition| partition.backlog() >= 1.0);
        waiting.map(|partition| self.now - partition.came(partition.done)).fold(0.0, f64::max)
    }

    /// Orders worked off in the last second: how many, and how old they were.
    pub fn worked_off(&self) -> &[(f64, f64)] {
        &self.worked_off
    }

    fn join(&mut self) {
        let members = self.pods.iter().filter(|works| **works <= self.now).count();
        let members = u32::try_from(members).unwrap_or(u32::MAX);
        if members != self.members {
            self.members = members;
            self.changes += 1;
            self.stalled_until = self.now + self.setup.rebalance;
        }
    }

    /// Each member shares its second among its partitions, evenly as long as they have something.
    fn work(&mut self) {
        self.worked_off.clear();
        self.busy = vec![0.0; self.members as usize];
        if self.now < self.stalled_until || self.members == 0 {
            return;
        }
        for member in 0..self.members as usize {
            let mine: Vec<usize> = (member..self.partitions.len()).step_by(self.members as usize).collect();
            let mut left = self.setup.capacity;
            let mut open = mine.clone();
            open.sort_by(|a, b| self.partitions[*a].backlog().total_cmp(&self.partitions[*b].backlog()));
            for (i, partition) in open.iter().enumerate() {
                let partition = &mut self.partitions[*partition];
                let orders = partition.backlog().min(left / (open.len() - i) as f64);
                if orders > 0.0 {
                    let age = self.now - partition.came(partition.done);
                    partition.done += orders;
                    left -= orders;
                    self.worked_off.push((orders, age.max(0.0)));
                }
            }
            self.busy[member] = 1.0 - left / self.setup.capacity;
        }
    }

    /// Members commit one after the other, each every interval.
    fn commit(&mut self) {
        if self.now < self.stalled_until {
            return;
        }
        let interval = self.setup.commit_interval.max(1.0);
        for (i, partition) in self.partitions.iter_mut().enumerate() {
            let member = i % self.members.max(1) as usize;
            if (self.now + member as f64) % interval < 1.0 {
                partition.committed = partition.done;
            }
        }
    }

    /// Orders of one second with that mean. Many: the normal distribution is near enough.
    fn poisson(&mut self, mean: f64) -> f64 {
        if mean <= 0.0 {
            return 0.0;
        }
        if mean > 30.0 {
            let sum: f64 = (0..12).map(|_| self.uniform()).sum();
            return (mean + mean.sqrt() * (sum - 6.0)).round().max(0.0);
        }
        let (limit, mut product, mut orders) = ((-mean).exp(), self.uniform(), 0.0);
        while product > limit {
            product *= self.uniform();
            orders += 1.0;
        }
        orders
    }

    /// SplitMix64: the same run for the same seed, everywhere.
    fn uniform(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(partitions: usize) -> Vec<f64> {
        vec![1.0 / partitions as f64; partitions]
    }

    #[test]
    fn what_came_is_worked_off_or_waits() {
        let mut group = Group::new(Setup { replicas: 2, ..Setup::default() });
        for _ in 0..600 {
            group.pass(300.0, &even(12));
        }
        assert!((group.arrived() - group.done() - group.lag()).abs() < 1e-6);
        // 100 a second too many for 600 seconds.
        assert!((group.lag() - 60_000.0).abs() < 2_000.0, "{}", group.lag());
        // The curve rises by 300 a second: what waits came in the last 200 seconds.
        assert!((group.age() - 200.0).abs() < 10.0, "{}", group.age());
    }

    #[test]
    fn a_pod_works_after_its_start_and_stops_all_when_it_joins() {
        let mut group = Group::new(Setup { rebalance: 8.0, pod_start: 25.0, ..Setup::default() });
        group.scale(4);
        let mut members = Vec::new();
        for _ in 0..40 {
            group.pass(50.0, &even(12));
            members.push((group.members(), group.worked_off().is_empty()));
        }
        assert_eq!(members[23], (1, false));
        assert_eq!(members[24], (4, true));
        assert_eq!(members[31], (4, true));
        assert_eq!(members[33], (4, false));
        assert_eq!(group.changes(), 1);
    }

    #[test]
    fn a_partition_has_one_consumer() {
        let mut group = Group::new(Setup { replicas: 12, ..Setup::default() });
        let mut weights = vec![0.0; 12];
        weights[3] = 1.0;
        for _ in 0..100 {
            group.pass(150.0, &weights);
        }
        assert!((group.lag() - 5_000.0).abs() < 700.0, "{}", group.lag());
    }
}
