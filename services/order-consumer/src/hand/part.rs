//! One partition in hand.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use kafka_offsets::TopicId;

use super::Stage;
use crate::batch::Slice;
use crate::record::Record;

/// One assigned partition.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) stage: Stage,
    pub(super) topic_id: Option<TopicId>,
    /// `next` as read from the row or last written to it.
    pub(super) next: i64,
    /// Lowest offset that is not in hand yet.
    pub(super) seen: i64,
    pub(super) queue: VecDeque<Arc<Record>>,
    pub(super) bytes: usize,
    pub(super) lent: bool,
    /// Of what is lent, not committed yet.
    pub(super) lent_records: usize,
    /// Time of the oldest record that is lent, milliseconds since the epoch.
    pub(super) lent_oldest: Option<i64>,
    pub(super) revoked: bool,
    pub(super) paused: bool,
    pub(super) not_before: Option<Instant>,
    pub(super) failures: u32,
    /// The fetch position reached the end of the partition, and no record came since.
    pub(super) at_end: bool,
}

impl Part {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Locating,
            topic_id: None,
            next: 0,
            seen: 0,
            queue: VecDeque::new(),
            bytes: 0,
            lent: false,
            lent_records: 0,
            lent_oldest: None,
            revoked: false,
            // Assigned paused: nothing is fetched before its place is known.
            paused: true,
            not_before: None,
            failures: 0,
            at_end: false,
        }
    }

    pub(super) fn in_hand(&self) -> usize {
        self.queue.len() + self.lent_records
    }

    pub(super) fn forget_records(&mut self) {
        self.queue.clear();
        self.bytes = 0;
        self.at_end = false;
    }

    pub(super) fn can_lend(&self, now: Instant) -> bool {
        self.stage == Stage::Running
            && !self.lent
            && !self.revoked
            && !self.queue.is_empty()
            && self.not_before.is_none_or(|at| at <= now)
    }
}

/// Up to `share` records for a worker, and no more bytes than are left.
pub(super) fn lend(partition: i32, part: &mut Part, share: usize, bytes_left: &mut usize) -> Slice {
    let mut records = Vec::with_capacity(share.min(part.queue.len()));
    while records.len() < share {
        // At least one, however large: a record above the bound is a batch of its own.
        let Some(size) = part.queue.front().map(|record| record.size()) else { break };
        if size > *bytes_left && !records.is_empty() {
            *bytes_left = 0;
            break;
        }
        *bytes_left = bytes_left.saturating_sub(size);
        part.bytes = part.bytes.saturating_sub(size);
        records.extend(part.queue.pop_front());
    }
    part.lent = true;
    part.lent_records = records.len();
    part.lent_oldest = records.first().and_then(|record| record.timestamp);
    Slice { partition, from: part.next, records }
}
