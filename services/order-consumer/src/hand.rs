//! What this process has in hand: for each assigned partition the records that were fetched and not yet committed to MySQL,
//! and where it goes on. Pure: callers pass `now`; threads share it behind one lock (`shared.rs`).
//!
//! Invariants: records of a partition are lent to one worker at a time and in log order; nothing is taken from a partition
//! before its row of `consumer_offsets` was read and the consumer stands there; a revoked partition's records are forgotten.

mod held;
mod part;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_offsets::TopicId;

use crate::batch::{Batch, Slice};
use crate::record::Record;
pub use held::Cause;
use held::Held;
use part::{Part, lend};

/// Bounds on what is in hand.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most records of a batch.
    pub batch: usize,
    /// Most bytes of a batch: far below `max_allowed_packet`, in which it is written as hexadecimal.
    pub batch_bytes: usize,
    /// A partition is paused with more bytes than this, and resumed at half of it.
    pub partition_bytes: usize,
    /// Most bytes in hand of all partitions, which share them evenly: with the database away all of them fill up.
    pub bytes: usize,
    /// Workers; partition `p` belongs to worker `p % workers`.
    pub workers: usize,
}

impl Limits {
    /// A partition is paused at twelve batches and resumed at four: its worker has work while the fetch starts again, and what
    /// librdkafka throws away at each pause (some thousand records) is little against what was taken since the last.
    fn high(&self) -> usize {
        12 * self.batch
    }

    fn low(&self) -> usize {
        4 * self.batch
    }
}

/// Where a partition stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its row is to be read (again).
    Locating,
    /// The row is read; the consumer is to seek to its `next`.
    Seeking,
    /// Records count.
    Running,
    /// The log starts above `next`: records are lost, a person decides. Holds how many offsets are missing.
    Stopped(i64),
}

/// What is to be done with the Kafka consumer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// Seek there, then resume.
    pub seek: Vec<(i32, i64)>,
    /// Stop fetching.
    pub pause: Vec<i32>,
    /// Fetch again.
    pub resume: Vec<i32>,
}

/// For metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Partitions assigned.
    pub assigned: usize,
    /// Of these: waiting for a retry, for their place, or stopped.
    pub held: usize,
    /// Of these: stopped because records are lost.
    pub stopped: usize,
    /// Records in hand: fetched and not committed, those of workers included.
    pub records: usize,
    /// Time of the oldest record in hand, milliseconds since the epoch.
    pub oldest: Option<i64>,
}

/// All partitions.
#[derive(Debug)]
pub struct Hand {
    limits: Limits,
    parts: BTreeMap<i32, Part>,
    held: Option<Held>,
}

impl Hand {
    /// Nothing assigned.
    pub fn new(limits: Limits) -> Self {
        Self { limits, parts: BTreeMap::new(), held: None }
    }

    /// The group gave us this partition. It was assigned paused.
    pub fn assign(&mut self, partition: i32) {
        self.parts.insert(partition, Part::new());
    }

    /// The group takes it away: what is not lent is forgotten. True while a worker still has records of it.
    pub fn revoke(&mut self, partition: i32) -> bool {
        match self.parts.get_mut(&partition) {
            Some(part) if part.lent => {
                part.revoked = true;
                part.forget_records();
                true
            }
            _ => {
                self.parts.remove(&partition);
                false
            }
        }
    }

    /// It is gone, whoever still works at it: the compare-and-set will stop them.
    pub fn drop_partition(&mut self, partition: i32) {
        self.parts.remove(&partition);
    }

    /// Partitions whose place is to be found, with the topic id known so far.
    pub fn to_locate(&self) -> Vec<i32> {
        let wanted = |part: &Part| matches!(part.stage, Stage::Locating) && !part.lent && !part.revoked;
        self.parts.iter().filter(|(_, part)| wanted(part)).map(|(partition, _)| *partition).collect()
    }

    /// Its row says `next`.
    pub fn located(&mut self, partition: i32, topic_id: TopicId, next: i64) {
        if let Some(part) = self.parts.get_mut(&partition).filter(|part| part.stage == Stage::Locating && !part.lent) {
            part.forget_records();
            part.topic_id = Some(topic_id);
            part.next = next;
            part.seen = next;
            part.stage = Stage::Seeking;
        }
    }

    /// Its row says `next`, but the log starts `missing` offsets above it: records are lost.
    pub fn stop(&mut self, partition: i32, topic_id: TopicId, next: i64, missing: i64) {
        if let Some(part) = self.parts.get_mut(&partition).filter(|part| part.stage == Stage::Locating && !part.lent) {
            part.topic_id = Some(topic_id);
            part.next = next;
            part.stage = Stage::Stopped(missing);
        }
    }

    /// Its place is to be found again: another process moved the row, or the log changed under us.
    pub fn relocate(&mut self, partition: i32) {
        if let Some(part) = self.parts.get_mut(&partition) {
            part.stage = Stage::Locating;
            part.forget_records();
        }
    }

    /// Its row or its log was looked at while the partition stood at `next`, and said something else: it is located again, unless
    /// it has moved since or a worker is about to move it.
    pub fn astray(&mut self, partition: i32, next: i64) {
        let idle = |part: &&mut Part| part.stage == Stage::Running && !part.lent && part.next == next;
        if self.parts.get_mut(&partition).filter(idle).is_some() {
            self.relocate(partition);
        }
    }

    /// Where each running or stopped partition stands: (partition, topic id, next, stage).
    pub fn places(&self) -> Vec<(i32, TopicId, i64, Stage)> {
        let place = |(partition, part): (&i32, &Part)| {
            let topic_id = part.topic_id.clone()?;
            Some((*partition, topic_id, part.next, part.stage.clone()))
        };
        self.parts.iter().filter_map(place).collect()
    }

    /// Assigned partitions.
    pub fn assigned(&self) -> Vec<i32> {
        self.parts.keys().copied().collect()
    }

    /// A fetched record. Ignored where records do not count, and below what is in hand already. Gives the worker to wake.
    pub fn offer(&mut self, record: Record) -> Option<usize> {
        let part = self.parts.get_mut(&record.at.partition)?;
        if part.stage != Stage::Running || part.revoked || record.at.offset < part.seen {
            return None;
        }
        part.seen = record.at.offset + 1;
        part.at_end = false;
        part.bytes += record.size();
        let worker = usize::try_from(record.at.partition).unwrap_or(0) % self.limits.workers;
        part.queue.push_back(Arc::new(record));
        Some(worker)
    }

    /// The fetch position reached the end of the partition.
    pub fn reached_end(&mut self, partition: i32) {
        if let Some(part) = self.parts.get_mut(&partition).filter(|part| part.stage == Stage::Running) {
            part.at_end = true;
        }
    }

    /// Partitions at their end with no record in hand: their position may be committed as it is.
    pub fn idle_at_end(&self) -> Vec<i32> {
        let idle = |part: &Part| part.at_end && part.queue.is_empty() && !part.lent && part.stage == Stage::Running;
        self.parts.iter().filter(|(_, part)| idle(part)).map(|(partition, _)| *partition).collect()
    }

    /// The next batch of a worker: its partitions share it evenly.
    pub fn take(&mut self, worker: usize, now: Instant) -> Option<Batch> {
        if self.held.is_some_and(|held| held.until > now) {
            return None;
        }
        let limits = self.limits;
        let mine = |partition: i32| usize::try_from(partition).unwrap_or(0) % limits.workers == worker;
        let mut ready: Vec<(i32, &mut Part)> = self
            .parts
            .iter_mut()
            .filter(|(partition, part)| mine(**partition) && part.can_lend(now))
            .map(|(partition, part)| (*partition, part))
            .collect();
        let topic_id = ready.first()?.1.topic_id.clone()?;
        // While a topic is made anew, partitions may stand in two of them for a moment; a batch has rows of one.
        ready.retain(|(_, part)| part.topic_id.as_ref() == Some(&topic_id));
        let (mut records_left, mut bytes_left, mut parts_left) = (limits.batch, limits.batch_bytes, ready.len());
        let mut slices = Vec::with_capacity(parts_left);
        // The shortest queues first: what they leave of their share goes to the longer ones.
        ready.sort_by_key(|(partition, part)| (part.queue.len(), *partition));
        for (partition, part) in ready {
            let share = records_left.div_ceil(parts_left);
            let slice = lend(partition, part, share, &mut bytes_left);
            records_left = records_left.saturating_sub(slice.records.len());
            parts_left -= 1;
            slices.push(slice);
            if records_left == 0 || bytes_left == 0 {
                break;
            }
        }
        slices.sort_by_key(|slice| slice.partition);
        Some(Batch { topic_id, slices })
    }

    /// These records are committed.
    pub fn committed(&mut self, batch: &Batch) {
        self.held = None;
        for slice in &batch.slices {
            if let Some(part) = self.parts.get_mut(&slice.partition).filter(|part| part.lent) {
                part.next = slice.to();
                part.failures = 0;
                part.lent_records = part.lent_records.saturating_sub(slice.records.len());
            }
        }
    }

    /// True when a lent partition is still ours and its place has not been lost meanwhile.
    pub fn still_ours(&self, partition: i32) -> bool {
        self.parts.get(&partition).is_some_and(|part| !part.revoked && part.stage == Stage::Running)
    }

    /// The worker is done with these partitions. `rest`: records that it did not commit, to be tried again at `retry_at`.
    pub fn give_back(&mut self, partitions: &[i32], rest: Vec<Slice>, retry_at: Option<Instant>) {
        for slice in rest {
            let Some(part) = self.parts.get_mut(&slice.partition) else { continue };
            if part.revoked || part.stage != Stage::Running || !part.lent {
                continue;
            }
            part.not_before = retry_at;
            part.bytes += slice.records.iter().map(|record| record.size()).sum::<usize>();
            for record in slice.records.into_iter().rev() {
                part.queue.push_front(record);
            }
        }
        for partition in partitions {
            if let Some(part) = self.parts.get_mut(partition) {
                part.lent = false;
                part.lent_oldest = None;
                part.lent_records = 0;
                if part.revoked {
                    self.parts.remove(partition);
                }
            }
        }
    }

    /// Counts a failed attempt of these partitions; gives the highest count, for the backoff.
    pub fn failed(&mut self, partitions: &[i32]) -> u32 {
        let mut most = 1;
        for partition in partitions {
            if let Some(part) = self.parts.get_mut(partition) {
                part.failures = part.failures.saturating_add(1);
                most = most.max(part.failures);
            }
        }
        most
    }

    /// Nothing is taken before `until`: every order would fail, or too many of them.
    pub fn hold_all(&mut self, cause: Cause, until: Instant, now: Instant) {
        let since = self.held.filter(|held| held.cause == cause).map_or(now, |held| held.since);
        self.held = Some(Held { cause, since, until });
    }

    /// Why everything is held, and for how long by now. It ends with the next commit, or when nobody tries any more.
    pub fn held(&self, now: Instant) -> Option<(Cause, Duration)> {
        let held = self.held.filter(|held| held.is_tried_at(now))?;
        Some((held.cause, now.saturating_duration_since(held.since)))
    }

    /// When a worker should look again although no record comes.
    pub fn next_try(&self, now: Instant) -> Option<Duration> {
        let parts = self.parts.values().filter_map(|part| part.not_before);
        parts.chain(self.held.map(|held| held.until)).filter(|at| *at > now).min().map(|at| at - now)
    }

    /// True while any worker has records.
    pub fn is_lent(&self, partitions: &[i32]) -> bool {
        partitions.iter().any(|partition| self.parts.get(partition).is_some_and(|part| part.lent))
    }

    /// What the consumer is to do now; each is said once.
    pub fn orders(&mut self) -> Orders {
        let mut orders = Orders::default();
        let (high, low, limits) = (self.limits.high(), self.limits.low(), self.limits);
        let most = limits.partition_bytes.min(limits.bytes / self.parts.len().max(1));
        for (partition, part) in &mut self.parts {
            let full = part.queue.len() >= high || part.bytes >= most;
            let hungry = part.queue.len() <= low && part.bytes <= most / 2;
            match part.stage {
                _ if part.revoked => {}
                Stage::Seeking => orders.seek.push((*partition, part.next)),
                Stage::Running if part.paused && hungry => {
                    part.paused = false;
                    orders.resume.push(*partition);
                }
                Stage::Running if !part.paused && full => {
                    part.paused = true;
                    orders.pause.push(*partition);
                }
                Stage::Locating | Stage::Stopped(_) if !part.paused => {
                    part.paused = true;
                    orders.pause.push(*partition);
                }
                Stage::Running | Stage::Locating | Stage::Stopped(_) => {}
            }
        }
        orders
    }

    /// The seek to `to` was done; the partition is paused and is resumed by the next [`Hand::orders`].
    pub fn sought(&mut self, partition: i32, to: i64) {
        if let Some(part) = self.parts.get_mut(&partition).filter(|p| p.stage == Stage::Seeking && p.next == to) {
            part.stage = Stage::Running;
            part.not_before = None;
            part.paused = true;
        }
    }

    /// `next` of every partition whose place is known, for Kafka's own commit.
    pub fn positions(&self) -> Vec<(i32, i64)> {
        let known = |part: &&Part| matches!(part.stage, Stage::Running | Stage::Seeking);
        self.parts.iter().filter(|(_, part)| known(part)).map(|(partition, part)| (*partition, part.next)).collect()
    }

    /// Records in hand by partition; one entry for each that is assigned.
    pub fn by_partition(&self) -> BTreeMap<i32, usize> {
        self.parts.iter().map(|(partition, part)| (*partition, part.in_hand())).collect()
    }

    /// For metrics.
    pub fn figures(&self, now: Instant) -> Figures {
        let all_held = self.held.is_some_and(|held| held.until > now);
        let held = |part: &Part| all_held || part.stage != Stage::Running || part.not_before.is_some_and(|at| at > now);
        let oldest = |part: &Part| part.lent_oldest.or_else(|| part.queue.front().and_then(|record| record.timestamp));
        Figures {
            assigned: self.parts.len(),
            held: self.parts.values().filter(|part| held(part)).count(),
            stopped: self.parts.values().filter(|part| matches!(part.stage, Stage::Stopped(_))).count(),
            records: self.parts.values().map(Part::in_hand).sum(),
            oldest: self.parts.values().filter_map(oldest).min(),
        }
    }
}

#[cfg(test)]
mod tests;
