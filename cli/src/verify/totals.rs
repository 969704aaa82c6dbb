//! The consumer's running totals, and the equations between them and the tables.

use std::ops::AddAssign;

use super::difference::{Differences, Kind};
use super::letters::Letters;
use super::orders::{Orders, Status};

/// Totals of one partition, or of all, by their columns' names in `consumer_offsets`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub creates: i64,
    pub new: i64,
    pub duplicates: i64,
    pub conflicts: i64,
    pub failed: i64,
    pub replays: i64,
    pub replayed_new: i64,
    pub cancels: i64,
    pub other: i64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.creates += other.creates;
        self.new += other.new;
        self.duplicates += other.duplicates;
        self.conflicts += other.conflicts;
        self.failed += other.failed;
        self.replays += other.replays;
        self.replayed_new += other.replayed_new;
        self.cancels += other.cancels;
        self.other += other.other;
    }
}

impl Totals {
    /// Each with its column's name.
    pub fn named(&self) -> [(&'static str, i64); 9] {
        [
            ("creates", self.creates),
            ("new", self.new),
            ("duplicates", self.duplicates),
            ("conflicts", self.conflicts),
            ("failed", self.failed),
            ("replays", self.replays),
            ("replayed_new", self.replayed_new),
            ("cancels", self.cancels),
            ("other", self.other),
        ]
    }
}

/// A row of `consumer_offsets`.
#[derive(Clone, Debug)]
pub struct Offsets {
    /// The topic's life.
    pub topic_id: String,
    /// Its partition.
    pub partition: i32,
    /// The first record that is not processed.
    pub next: i64,
    /// What became of those below.
    pub totals: Totals,
}

/// The ledger: accepted + replayed = persisted + duplicate + conflict + failed. Only `accepted`, `replayed` and
/// `duplicate` are the consumer's word; the others are counted in the tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ledger {
    /// Creates without `replay-of`.
    pub accepted: i64,
    /// Orders that a replay made under a number of their own.
    pub replayed: i64,
    /// Rows CONFIRMED, REJECTED or CANCELLED.
    pub persisted: i64,
    /// Creates that said again what was known.
    pub duplicate: i64,
    /// Creates with another body, or an unreadable one, under a known number.
    pub conflict: i64,
    /// Rows FAILED, and dead-lettered creates without a number.
    pub failed: i64,
}

impl Ledger {
    /// Draws it, and holds the consumer's totals against the tables.
    pub fn draw(rows: &[Offsets], orders: &Orders, letters: &Letters, differences: &mut Differences) -> Self {
        let mut sum = Totals::default();
        for Offsets { partition, totals, .. } in rows {
            sum += *totals;
            let terms = totals.new + totals.duplicates + totals.conflicts + totals.failed;
            let creates = format!("partition {partition}: creates");
            differences.compare(
                Kind::Ledger,
                (&creates, totals.creates),
                ("new + duplicates + conflicts + failed", terms),
            );
        }
        let failed_rows = orders.count(Status::Failed);
        let all: i64 = orders.iter().count() as i64;
        let unreadable: i64 = letters.creates.values().map(|(count, _)| count).sum();
        let born_failed = orders.iter().filter(|order| order.born_failed).count() as i64;
        let ledger = Self {
            accepted: sum.creates,
            replayed: sum.replayed_new,
            persisted: all - failed_rows,
            duplicate: sum.duplicates,
            conflict: letters.conflicts + unreadable - born_failed,
            failed: failed_rows + letters.without_number,
        };
        let Self { accepted, replayed, persisted, duplicate, conflict, failed } = ledger;
        differences.compare(
            Kind::Ledger,
            ("accepted + replayed", accepted + replayed),
            ("persisted + duplicate + conflict + failed", persisted + duplicate + conflict + failed),
        );
        let made = sum.new + sum.failed - letters.without_number + sum.replayed_new;
        let says = "by consumer_offsets";
        differences.compare(Kind::Totals, ("rows of orders", all), (says, made));
        differences.compare(Kind::Totals, ("conflicts in the tables", conflict), (says, sum.conflicts));
        let failed_once = born_failed + letters.without_number;
        differences.compare(Kind::Totals, ("creates that became dead letters", failed_once), (says, sum.failed));
        ledger
    }
}
