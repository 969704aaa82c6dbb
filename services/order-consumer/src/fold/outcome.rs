//! What a batch writes.

use std::collections::{BTreeMap, BTreeSet};

use order_events::{Fingerprint, Money, OrderNumber, OrderPlaced};

use super::{Line, Status};
use crate::position::Position;

/// The end state of a batch, its effects, and its counts. Orders by number: every writer locks rows in one order.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Orders that have no row yet.
    pub inserts: Vec<NewOrder>,
    /// Orders whose row changes.
    pub changes: Vec<Change>,
    /// Cancels that now wait for their order.
    pub pending_added: BTreeSet<OrderNumber>,
    /// Cancels that found it.
    pub pending_removed: BTreeSet<OrderNumber>,
    /// Change of stock by product, without zeros.
    pub stock: BTreeMap<u64, i64>,
    /// The ledger's entries, in log order.
    pub movements: Vec<Movement>,
    /// Mail to send: one per order and kind, with the record that is its cause.
    pub mail: BTreeMap<(OrderNumber, Status), Position>,
    /// Dead letters, in log order.
    pub letters: Vec<Letter>,
    /// What became of each partition's records.
    pub totals: BTreeMap<i32, Totals>,
}

/// An order without a row.
#[derive(Debug)]
pub struct NewOrder {
    /// Its number.
    pub number: OrderNumber,
    /// Its status at the end of the batch.
    pub status: Status,
    /// Why REJECTED or FAILED.
    pub reason: Option<&'static str>,
    /// Of the shopper's body.
    pub fingerprint: Option<Fingerprint>,
    /// Of a FAILED order whose body could be read.
    pub email: Option<String>,
    /// None for a FAILED order.
    pub placement: Option<Placement>,
}

/// A row that changes; applied only while it still has `from`.
#[derive(Debug)]
pub struct Change {
    /// Its number.
    pub number: OrderNumber,
    /// Status before the batch.
    pub from: Status,
    /// Status after it.
    pub to: Status,
    /// Why REJECTED.
    pub reason: Option<&'static str>,
    /// A replay of a FAILED order brings its body.
    pub placement: Option<Placement>,
}

/// What was ordered, with the products as they were then.
#[derive(Debug)]
pub struct Placement {
    /// The event.
    pub order: OrderPlaced,
    /// Its lines.
    pub lines: Vec<Line>,
    /// The sum; none when it cannot be said.
    pub total: Option<Money>,
}

/// One entry of the stock ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The product.
    pub product: u64,
    /// Units, negative when taken.
    pub delta: i64,
    /// Why.
    pub reason: MovementReason,
    /// Whose.
    pub number: OrderNumber,
    /// Units left after it.
    pub available_after: i64,
}

/// Why stock moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MovementReason {
    /// Taken by an order.
    Order,
    /// Given back by a cancel.
    Cancel,
}

impl MovementReason {
    /// As the table has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Order => "ORDER",
            Self::Cancel => "CANCEL",
        }
    }
}

/// A record for the dead-letter topic and its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The record.
    pub at: Position,
    /// Stable name.
    pub reason: &'static str,
    /// For a person.
    pub detail: String,
    /// The order it names.
    pub number: Option<OrderNumber>,
}

/// Running totals of one partition; creates = new + duplicates + conflicts + failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records that create an order, without replays.
    pub creates: u64,
    /// Creates that made an order.
    pub new: u64,
    /// Creates that said again what was known.
    pub duplicates: u64,
    /// Creates with a known number and another body.
    pub conflicts: u64,
    /// Creates that became dead letters.
    pub failed: u64,
    /// Replays of dead letters.
    pub replays: u64,
    /// Those of them that made an order which had no row.
    pub replayed_new: u64,
    /// Cancels.
    pub cancels: u64,
    /// Records that are none of these.
    pub other: u64,
}

impl Totals {
    /// Counts a create or a replay.
    pub(super) fn count(&mut self, replay: bool) {
        *(if replay { &mut self.replays } else { &mut self.creates }) += 1;
    }

    /// Records counted.
    pub fn records(&self) -> u64 {
        self.creates + self.replays + self.cancels + self.other
    }
}
