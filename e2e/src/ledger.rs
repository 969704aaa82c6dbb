//! What became of every order of a run: what the clients were told, against Kafka's log and MySQL's tables. That log and tables
//! agree with each other, over all runs, is proven by `orderctl verify`; its counts are the ledger's terms.
//!
//! `accepted = persisted + duplicate + conflict + failed`. Each term is counted, none is the remainder.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use orderctl::verify;

/// What one HTTP attempt of a client came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 200 with this order number.
    Accepted(String),
    /// 503 that says it may have been taken, under this number.
    Unknown(String),
    /// Any other status: certainly not taken.
    Refused(u16),
    /// The connection failed before an answer came.
    NoAnswer,
}

/// One attempt for one intent (what a shopper wants once, under one Idempotency-Key).
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Which intent of the run.
    pub intent: usize,
    /// What came of it.
    pub outcome: Outcome,
}

/// A row of `orders` with its items and what it took from stock.
#[derive(Clone, Debug, Default)]
pub struct StoredOrder {
    /// CONFIRMED, REJECTED, CANCELLED or FAILED.
    pub status: String,
    /// Units by product id, as ordered.
    pub items: BTreeMap<u64, i64>,
    /// Units by product id, as stock movements say: taken minus given back.
    pub taken: BTreeMap<u64, i64>,
}

/// One product's stock before and after.
#[derive(Clone, Debug)]
pub struct Stock {
    /// Product id.
    pub product: u64,
    /// Units at the start of the run.
    pub initial: i64,
    /// Units in `inventory` now.
    pub available: i64,
}

/// Partition and offset of a record.
pub type Place = (i32, i64);

/// All that the ledger is drawn from.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// What the clients saw.
    pub attempts: Vec<Attempt>,
    /// Create records in the log by order number: partition and offset of each.
    pub log: BTreeMap<String, Vec<Place>>,
    /// What `verify` counted more at the end than at the start.
    pub counted: verify::Ledger,
    /// What `verify` found to disagree, in words.
    pub differences: Vec<String>,
    /// Rows of `orders` made during the run, by number.
    pub orders: BTreeMap<String, StoredOrder>,
    /// All dead letters, of whatever reason.
    pub dead_letters: i64,
    /// The products that were on sale.
    pub stock: Vec<Stock>,
}

/// The account of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Create records in the log.
    pub accepted: i64,
    /// Rows CONFIRMED, REJECTED or CANCELLED.
    pub persisted: i64,
    /// Repetitions.
    pub duplicate: i64,
    /// Another body under a known number.
    pub conflict: i64,
    /// FAILED rows and dead-lettered creates without a number.
    pub failed: i64,
    /// Accepted by answer or by the log, and in no table.
    pub lost: i64,
    /// Applied more than once: a second order for one intent, or stock taken otherwise than ordered.
    pub duplicated: i64,
    /// Units sold beyond the stock there was.
    pub oversold: i64,
    /// Dead letters of any reason.
    pub dead_letters: i64,
    /// Rows by status.
    pub by_status: BTreeMap<String, i64>,
    /// Attempts by outcome: accepted, unknown, refused, without answer.
    pub attempts: [i64; 4],
    /// Where two sides do not agree, in words.
    pub disagreements: Vec<String>,
}

impl Ledger {
    /// Draws the account. Pure: the same evidence gives the same ledger.
    pub fn draw(evidence: &Evidence) -> Self {
        let verify::Ledger { accepted, persisted, duplicate, conflict, failed, .. } = evidence.counted;
        let mut ledger = Self {
            accepted,
            persisted,
            duplicate,
            conflict,
            failed,
            lost: count(known_numbers(evidence).iter().filter(|number| !evidence.orders.contains_key(**number))),
            duplicated: second_orders(evidence) + wrongly_taken(evidence),
            oversold: evidence.stock.iter().map(|stock| oversold(stock, evidence)).sum(),
            dead_letters: evidence.dead_letters,
            ..Self::default()
        };
        for order in evidence.orders.values() {
            *ledger.by_status.entry(order.status.clone()).or_default() += 1;
        }
        for attempt in &evidence.attempts {
            let slot = match attempt.outcome {
                Outcome::Accepted(_) => 0,
                Outcome::Unknown(_) => 1,
                Outcome::Refused(_) => 2,
                Outcome::NoAnswer => 3,
            };
            ledger.attempts[slot] += 1;
        }
        ledger.disagreements = disagreements(&ledger, evidence);
        ledger
    }

    /// True when every order is accounted for exactly once.
    pub fn is_clean(&self) -> bool {
        self.lost == 0 && self.duplicated == 0 && self.oversold == 0 && self.disagreements.is_empty()
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accepted, persisted, duplicate, conflict, failed, .. } = self;
        writeln!(
            f,
            "  accepted {accepted} = persisted {persisted} + duplicate {duplicate} + conflict {conflict} + failed {failed}"
        )?;
        let statuses: Vec<String> = self.by_status.iter().map(|(status, count)| format!("{status} {count}")).collect();
        writeln!(f, "  orders: {}; dead letters {}", statuses.join(", "), self.dead_letters)?;
        let [taken, unknown, refused, silent] = self.attempts;
        writeln!(f, "  clients: {taken} accepted, {unknown} unknown, {refused} refused, {silent} without answer")?;
        write!(f, "  lost {}, duplicated {}, oversold {}", self.lost, self.duplicated, self.oversold)?;
        for line in &self.disagreements {
            write!(f, "\n  DISAGREEMENT: {line}")?;
        }
        Ok(())
    }
}

/// Numbers that some client was given, or that the log holds.
fn known_numbers(evidence: &Evidence) -> BTreeSet<&str> {
    let answered = evidence.attempts.iter().filter_map(|attempt| match &attempt.outcome {
        Outcome::Accepted(number) => Some(number.as_str()),
        _ => None,
    });
    evidence.log.keys().map(String::as_str).chain(answered).collect()
}

/// Orders beyond one for an intent, and orders that belong to no attempt at all.
fn second_orders(evidence: &Evidence) -> i64 {
    let mut numbers: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for attempt in &evidence.attempts {
        if let Outcome::Accepted(number) | Outcome::Unknown(number) = &attempt.outcome {
            numbers.entry(attempt.intent).or_default().insert(number);
        }
    }
    let known: BTreeSet<&str> = numbers.values().flatten().copied().collect();
    let second: usize = numbers.values().map(|of_one| of_one.len() - 1).sum();
    let stray = evidence.orders.keys().filter(|number| !known.contains(number.as_str())).count();
    (second + stray) as i64
}

/// Orders whose stock movements are not what their status and items say.
fn wrongly_taken(evidence: &Evidence) -> i64 {
    let nothing = BTreeMap::new();
    count(evidence.orders.values().filter(|order| {
        let due = if order.status == "CONFIRMED" { &order.items } else { &nothing };
        let taken: BTreeMap<u64, i64> =
            order.taken.iter().filter(|(_, units)| **units != 0).map(|(product, units)| (*product, *units)).collect();
        taken != *due
    }))
}

/// Units of one product that confirmed orders hold beyond what there was.
fn oversold(stock: &Stock, evidence: &Evidence) -> i64 {
    (sold(stock.product, evidence) - stock.initial).max(0).max(-stock.available)
}

fn sold(product: u64, evidence: &Evidence) -> i64 {
    let confirmed = evidence.orders.values().filter(|order| order.status == "CONFIRMED");
    confirmed.filter_map(|order| order.items.get(&product)).sum()
}

fn disagreements(ledger: &Ledger, evidence: &Evidence) -> Vec<String> {
    let log = count(evidence.log.values().flatten());
    let repeated = log - count(evidence.log.keys()) - ledger.conflict;
    let mut found: Vec<String> = [
        ("creates in the log", log, "accepted", ledger.accepted),
        ("repetitions in the log", repeated, "duplicate", ledger.duplicate),
    ]
    .into_iter()
    .filter(|(_, left, _, right)| left != right)
    .map(|(name, left, other, right)| format!("{name}: {left}, but {other}: {right}"))
    .collect();
    found.extend(evidence.differences.iter().map(|words| format!("orderctl verify: {words}")));
    let lost: Vec<_> = evidence.log.iter().filter(|(number, _)| !evidence.orders.contains_key(*number)).collect();
    if let Some((number, places)) = lost.first() {
        let mut all: Vec<Place> = lost.iter().flat_map(|(_, places)| (*places).clone()).collect();
        all.sort_unstable();
        found.push(format!("{number}, for one, is in the log at {places:?} and has no row; all such records: {all:?}"));
    }
    let unlogged = known_numbers(evidence).iter().filter(|number| !evidence.log.contains_key(**number)).count();
    if unlogged > 0 {
        found.push(format!("{unlogged} orders were answered with 200 and are not in the log"));
    }
    for stock in &evidence.stock {
        let left = stock.initial - sold(stock.product, evidence);
        if left != stock.available {
            found.push(format!("product {}: {left} should be left, inventory says {}", stock.product, stock.available));
        }
    }
    found
}

fn count<T>(items: impl Iterator<Item = T>) -> i64 {
    items.count() as i64
}

#[cfg(test)]
mod tests;
