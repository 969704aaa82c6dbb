//! Kafka's own commit, for lag tools and the operator only. This consumer never reads it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use super::Context;
use crate::shared::Shared;

/// Between two commits: one request for all partitions.
const EVERY: Duration = Duration::from_millis(200);
/// The group refuses commits while it rebalances, and rdkafka does not tell us (it registers no commit callback). So all is
/// told again, this long after the last time: soon at first, then rarely, for as long as nothing changes. A commit that was
/// lost for good would look like lag for ever.
const AGAIN_SOON: Duration = Duration::from_secs(2);
const SOON: u32 = 3;
const AGAIN: Duration = Duration::from_secs(10);

/// What Kafka was last told.
pub(super) struct Commits {
    topic: String,
    told: BTreeMap<i32, i64>,
    last: Option<Instant>,
    again: u32,
}

impl Commits {
    pub(super) fn new(topic: &str) -> Self {
        Self { topic: topic.to_owned(), told: BTreeMap::new(), last: None, again: 0 }
    }

    /// Tells Kafka what changed since the last time, lower values too (after a seek back).
    pub(super) fn tell(&mut self, consumer: &BaseConsumer<Context>, shared: &Shared, now: Instant) {
        let since = self.last.map(|last| now.saturating_duration_since(last));
        if since.is_some_and(|since| since < EVERY) {
            return;
        }
        let after = if self.again < SOON { AGAIN_SOON } else { AGAIN };
        let settle = since.is_some_and(|since| since >= after);
        if consumer.context().take_rebalanced() {
            self.told.clear();
        } else if settle {
            self.told.clear();
            self.again = self.again.saturating_add(1);
        }
        let offsets = self.offsets(consumer, shared);
        self.told.retain(|partition, _| offsets.contains_key(partition));
        let changed: Vec<_> = offsets.iter().filter(|(p, offset)| self.told.get(*p) != Some(*offset)).collect();
        if changed.is_empty() {
            return;
        }
        if !settle {
            self.again = 0;
        }
        let mut list = TopicPartitionList::new();
        for (partition, offset) in changed {
            // An offset of a row is never negative, which is all that this can refuse.
            let _ = list.add_partition_offset(&self.topic, *partition, Offset::Offset(*offset));
        }
        self.last = Some(now);
        match consumer.commit(&list, CommitMode::Async) {
            Ok(()) => self.told = offsets,
            Err(error) => tracing::debug!(%error, "Kafka did not take the committed offsets"),
        }
    }

    /// Before leaving the group: waits for Kafka's answer.
    pub(super) fn last_time(&mut self, consumer: &BaseConsumer<Context>, shared: &Shared) {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in self.offsets(consumer, shared) {
            let _ = list.add_partition_offset(&self.topic, partition, Offset::Offset(offset));
        }
        if list.count() > 0
            && let Err(error) = consumer.commit(&list, CommitMode::Sync)
        {
            tracing::debug!(%error, "Kafka did not take the last offsets");
        }
    }

    /// MySQL's `next`; at the end of a partition with nothing in hand, the fetch position, which lies behind the transaction
    /// markers that no record stands for: so lag reaches 0.
    fn offsets(&self, consumer: &BaseConsumer<Context>, shared: &Shared) -> BTreeMap<i32, i64> {
        let (rows, idle) = {
            let hand = shared.hand();
            (hand.positions(), hand.idle_at_end())
        };
        let positions = if idle.is_empty() { None } else { consumer.position().ok() };
        let at_end = |partition: i32| {
            let found =
                positions.as_ref().filter(|_| idle.contains(&partition))?.find_partition(&self.topic, partition)?;
            found.offset().to_raw()
        };
        rows.into_iter().map(|(partition, next)| (partition, at_end(partition).unwrap_or(next).max(next))).collect()
    }
}
