//! Every record of the log against what the tables hold of it. Pure.

use std::collections::{BTreeMap, HashSet};

use super::difference::{Differences, Kind};
use super::letters::Why;
use super::orders::{Order, Status};
use super::record::{Number, Said, text};
use super::tables::Tables;
use super::totals::Totals;

/// What still waits in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// Creates at or above `next`.
    pub creates: u64,
    /// Replays at or above `next`.
    pub replays: u64,
    /// Cancels at or above `next`.
    pub cancels: u64,
    /// Others.
    pub other: u64,
}

/// The records seen so far.
pub struct Check {
    /// The tables' side; orders are marked when a record names them.
    pub tables: Tables,
    next: BTreeMap<i32, i64>,
    counted: BTreeMap<i32, Totals>,
    failed_once: HashSet<Number>,
    /// What waits.
    pub waiting: Waiting,
    /// What was found.
    pub differences: Differences,
}

impl Check {
    /// `topic_id`: the topic's life of today.
    pub fn new(tables: Tables, topic_id: &str) -> Self {
        let rows = tables.offsets.iter().filter(|row| row.topic_id == topic_id);
        let next = rows.map(|row| (row.partition, row.next)).collect();
        Self {
            tables,
            next,
            counted: BTreeMap::new(),
            failed_once: HashSet::new(),
            waiting: Waiting::default(),
            differences: Differences::default(),
        }
    }

    /// Where each partition goes on.
    pub fn next(&self) -> &BTreeMap<i32, i64> {
        &self.next
    }

    /// Takes one record; those of a partition come in order.
    pub fn record(&mut self, partition: i32, offset: i64, said: Said) {
        if self.next.get(&partition).is_none_or(|next| offset >= *next) {
            let waiting = match said {
                Said::Create { replay: false, .. } => &mut self.waiting.creates,
                Said::Create { replay: true, .. } => &mut self.waiting.replays,
                Said::Cancel(_) => &mut self.waiting.cancels,
                Said::Other => &mut self.waiting.other,
            };
            *waiting += 1;
            return;
        }
        let letter = self.tables.letters.at.get(&(partition, offset)).copied();
        let at = Place { partition, offset };
        match said {
            Said::Create { number, body, replay: false } => {
                self.counted(partition).creates += 1;
                self.create(at, number, body, letter);
            }
            Said::Create { number, body, replay: true } => {
                self.counted(partition).replays += 1;
                self.replay(at, number, body.is_some() && letter.is_none());
            }
            Said::Cancel(number) if letter.is_none() => {
                self.counted(partition).cancels += 1;
                self.cancel(at, number);
            }
            Said::Cancel(_) | Said::Other => {
                self.counted(partition).other += 1;
                self.needs_letter(at, letter, "is no event of an order");
            }
        }
    }

    fn create(&mut self, at: Place, number: Option<Number>, body: Option<[u8; 8]>, letter: Option<Why>) {
        let Some(number) = number else {
            self.counted(at.partition).failed += 1;
            self.needs_letter(at, letter, "is a create without a number");
            return;
        };
        let Some(order) = self.tables.orders.get_mut(number) else {
            let beside = if letter.is_some() { ", only a dead letter" } else { "" };
            self.differences.add(Kind::LostOrder, || format!("order {} at {at} has no row{beside}", text(number)));
            return;
        };
        let known = order.named;
        order.named = true;
        let (born_failed, mark) = (order.born_failed, order.mark);
        let same = body.is_some() && mark.is_none_or(|mark| body == Some(mark));
        match letter {
            Some(Why::Conflict) => {
                if body.is_some() && body == mark {
                    let words = || format!("order {} at {at} has the body that is stored", text(number));
                    self.differences.add(Kind::FalseConflict, words);
                }
                self.counted(at.partition).conflicts += 1;
            }
            Some(Why::Refused | Why::Unreadable) => {
                let first = born_failed && self.failed_once.insert(number);
                let counted = self.counted(at.partition);
                *(if first { &mut counted.failed } else { &mut counted.conflicts }) += 1;
            }
            None if same => {
                let counted = self.counted(at.partition);
                *(if known || born_failed { &mut counted.duplicates } else { &mut counted.new }) += 1;
            }
            None => {
                let what = if body.is_some() { "has another body than the stored one" } else { "cannot be read" };
                let words = || format!("order {} at {at} {what}, and is no dead letter", text(number));
                self.differences.add(Kind::LostDeadLetter, words);
            }
        }
    }

    /// `readable`: it can have become an order.
    fn replay(&mut self, at: Place, number: Option<Number>, readable: bool) {
        let Some(number) = number else {
            let letter = self.tables.letters.at.get(&(at.partition, at.offset)).copied();
            self.needs_letter(at, letter, "is a replay without a number");
            return;
        };
        match self.tables.orders.get_mut(number) {
            None => {
                self.differences.add(Kind::LostReplay, || format!("order {} at {at} has no row", text(number)));
            }
            Some(order) => {
                let made = !order.named && !order.born_failed;
                order.named = true;
                let failed = order.status == Status::Failed;
                self.counted(at.partition).replayed_new += i64::from(made);
                if failed && readable {
                    self.differences
                        .add(Kind::LostReplay, || format!("order {} at {at} is still FAILED", text(number)));
                }
            }
        }
    }

    fn cancel(&mut self, at: Place, number: Number) {
        let status = self.tables.orders.get_mut(number).map(|order| {
            order.cancelled = true;
            order.status
        });
        let settled = matches!(status, Some(Status::Cancelled | Status::Rejected));
        if !settled && !self.tables.pending.contains(&number) {
            let status = status.map_or_else(|| "not there".to_owned(), |status| status.to_string());
            self.differences
                .add(Kind::LostCancel, || format!("cancel of order {} at {at}: it is {status}", text(number)));
        }
    }

    fn needs_letter(&mut self, at: Place, letter: Option<Why>, what: &str) {
        if letter.is_none() {
            self.differences.add(Kind::LostDeadLetter, || format!("the record at {at} {what}, and is no dead letter"));
        }
    }

    fn counted(&mut self, partition: i32) -> &mut Totals {
        self.counted.entry(partition).or_default()
    }

    /// After the last record. `whole`: nothing of the log was ever removed, and all totals are of this log.
    pub fn finish(&mut self, topic_id: &str, whole: bool) {
        let rows: Vec<_> = self.tables.offsets.iter().filter(|row| row.topic_id == topic_id).cloned().collect();
        let (mut by_row, mut by_log) = (Totals::default(), Totals::default());
        for row in rows {
            let counted = *self.counted(row.partition);
            by_row += row.totals;
            by_log += counted;
            for ((name, says), (_, holds)) in row.totals.named().into_iter().zip(counted.named()) {
                // An order's records may lie in two partitions after the topic grew: which of them was first does not matter.
                let of_partition = ["creates", "replays", "cancels", "other"].contains(&name);
                if of_partition && (if whole { says != holds } else { says < holds }) {
                    let partition = row.partition;
                    let words = || {
                        format!(
                            "partition {partition}: {name}: consumer_offsets says {says}, the log below next holds {holds}"
                        )
                    };
                    self.differences.add(Kind::Totals, words);
                }
            }
        }
        if !whole {
            return;
        }
        for ((name, says), (_, holds)) in by_row.named().into_iter().zip(by_log.named()) {
            if ["new", "duplicates", "conflicts", "failed", "replayed_new"].contains(&name) {
                self.differences.compare(Kind::Totals, (name, says), ("by the log and the tables", holds));
            }
        }
        for Order { number, status, named, cancelled, .. } in self.tables.orders.iter() {
            if !named {
                self.differences.add(Kind::StrayOrder, || format!("order {}, {status}", text(*number)));
            } else if *status == Status::Cancelled && !cancelled {
                self.differences.add(Kind::StrayCancel, || format!("order {}", text(*number)));
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Place {
    partition: i32,
    offset: i64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "partition {} offset {}", self.partition, self.offset)
    }
}
