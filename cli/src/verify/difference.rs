//! What does not agree, by kind, with a few examples of each: a lost partition must not print a million lines.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// Examples kept of each kind.
const EXAMPLES: usize = 5;

/// A way in which two sides can disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A create below `next` has neither a row nor a dead letter.
    LostOrder,
    /// A record below `next` that must be a dead letter is none.
    LostDeadLetter,
    /// A cancel below `next` that changed nothing.
    LostCancel,
    /// A replay below `next` that changed nothing.
    LostReplay,
    /// A dead letter names an order that has no row.
    DeadLetterWithoutOrder,
    /// A FAILED order has no dead letter.
    FailedWithoutDeadLetter,
    /// A conflict though both bodies are the same.
    FalseConflict,
    /// An order that no record of the log made.
    StrayOrder,
    /// A CANCELLED order that nobody cancelled.
    StrayCancel,
    /// A row that this program cannot read.
    Unreadable,
    /// A stock movement names an order that has no row.
    MovementWithoutOrder,
    /// An order took other stock than it should have.
    WrongMovements,
    /// `inventory` is not the sum of its movements.
    Stock,
    /// More was sold than there was.
    Oversold,
    /// Counted terms do not add up.
    Ledger,
    /// The consumer's totals are not what the tables or the log hold.
    Totals,
    /// Records were removed from the log before they were processed.
    Gap,
    /// `next` is above the log's end.
    AheadOfLog,
}

/// All that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    found: BTreeMap<Kind, Found>,
}

/// One kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// How often.
    pub count: u64,
    /// The first few, in words.
    pub examples: Vec<String>,
}

impl Differences {
    /// Adds one.
    pub fn add(&mut self, kind: Kind, words: impl FnOnce() -> String) {
        let found = self.found.entry(kind).or_default();
        found.count += 1;
        if found.examples.len() < EXAMPLES {
            found.examples.push(words());
        }
    }

    /// Adds one when the two are not equal.
    pub fn compare(&mut self, kind: Kind, left: (&str, i64), right: (&str, i64)) {
        if left.1 != right.1 {
            self.add(kind, || format!("{}: {}, but {}: {}", left.0, left.1, right.0, right.1));
        }
    }

    /// Adds all of `others`.
    pub fn extend(&mut self, others: Self) {
        for (kind, other) in others.found {
            let found = self.found.entry(kind).or_default();
            found.count += other.count;
            let room = EXAMPLES.saturating_sub(found.examples.len());
            found.examples.extend(other.examples.into_iter().take(room));
        }
    }

    /// True when nothing was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// By kind.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, &Found)> {
        self.found.iter().map(|(kind, found)| (*kind, found))
    }

    /// How often this kind was found.
    pub fn count(&self, kind: Kind) -> u64 {
        self.found.get(&kind).map_or(0, |found| found.count)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_few_of_each_kind_are_told() {
        let mut differences = Differences::default();
        for n in 0..100 {
            differences.add(Kind::LostOrder, || format!("order {n}"));
        }
        differences.compare(Kind::Ledger, ("a", 1), ("b", 1));
        let found: Vec<_> = differences.iter().collect();
        assert_eq!((found.len(), found[0].1.count, found[0].1.examples.len()), (1, 100, EXAMPLES));
        assert_eq!(found[0].0.to_string(), "lost-order");
    }
}
