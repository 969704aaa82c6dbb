//! The result, for people and as JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::check::{Check, Waiting};
use super::difference::{Differences, Found, Kind};
use super::log::Positions;
use super::orders::Status;
use super::stock::Stock;
use super::totals::Ledger;

/// What `verify` found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// True when nothing disagrees.
    pub clean: bool,
    /// Every term counted.
    pub ledger: Ledger,
    /// Rows of `orders` by status.
    pub orders: BTreeMap<String, i64>,
    /// Dead letters by status.
    pub dead_letters: BTreeMap<String, i64>,
    /// Stock against its movements.
    pub stock: Stock,
    /// True when the log is there from its first record, so that it could be counted again from nothing.
    pub whole_log: bool,
    /// Where the log starts, by partition.
    pub log_starts: Positions,
    /// In the log, not processed yet.
    pub waiting: Waiting,
    /// Cancels that wait for their order.
    pub pending_cancels: u64,
    /// Mail not sent yet.
    pub unsent_mail: i64,
    /// Mail given up after several refusals.
    pub mail_given_up: i64,
    /// What disagrees.
    pub differences: Vec<Difference>,
}

/// One kind of difference.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Which.
    pub kind: Kind,
    /// How often, and examples.
    #[serde(flatten)]
    pub found: Found,
}

impl Report {
    pub(super) fn new(check: &Check, whole_log: bool, log_starts: Positions, differences: Differences) -> Self {
        let tables = &check.tables;
        let statuses = [Status::Confirmed, Status::Rejected, Status::Cancelled, Status::Failed];
        Self {
            clean: differences.is_empty(),
            ledger: tables.ledger,
            orders: statuses.iter().map(|status| (status.to_string(), tables.orders.count(*status))).collect(),
            dead_letters: tables.letters.by_status.clone(),
            stock: tables.stock,
            whole_log,
            log_starts,
            waiting: check.waiting,
            pending_cancels: tables.pending.len() as u64,
            unsent_mail: tables.unsent_mail,
            mail_given_up: tables.mail_given_up,
            differences: differences.iter().map(|(kind, found)| Difference { kind, found: found.clone() }).collect(),
        }
    }

    /// How often this kind of difference was found.
    pub fn count(&self, kind: Kind) -> u64 {
        self.differences
            .iter()
            .find(|difference| difference.kind == kind)
            .map_or(0, |difference| difference.found.count)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ledger { accepted, replayed, persisted, duplicate, conflict, failed } = self.ledger;
        let made = if replayed > 0 { format!(" + replayed {replayed}") } else { String::new() };
        writeln!(
            f,
            "accepted {accepted}{made} = persisted {persisted} + duplicate {duplicate} + conflict {conflict} + failed {failed}"
        )?;
        writeln!(f, "orders: {}", listed(&self.orders))?;
        writeln!(f, "dead letters: {}", listed(&self.dead_letters))?;
        writeln!(f, "stock: {} products, {} oversold", self.stock.products, self.stock.oversold)?;
        let log = if self.whole_log {
            "whole, counted again from its first record"
        } else {
            "in part: older records are removed"
        };
        writeln!(f, "log: {log}")?;
        let Waiting { creates, replays, cancels, other } = self.waiting;
        writeln!(f, "waiting in the log: {creates} creates, {replays} replays, {cancels} cancels, {other} others")?;
        let Self { pending_cancels, unsent_mail, mail_given_up, .. } = self;
        writeln!(
            f,
            "waiting in MySQL: {pending_cancels} cancels for their order, {unsent_mail} mails ({mail_given_up} given up)"
        )?;
        if self.clean {
            return write!(f, "verified: no difference");
        }
        for Difference { kind, found } in &self.differences {
            writeln!(f, "DIFFERENCE {kind}: {}", found.count)?;
            for example in &found.examples {
                writeln!(f, "  {example}")?;
            }
            let more = found.count - found.examples.len() as u64;
            if more > 0 {
                writeln!(f, "  and {more} more")?;
            }
        }
        write!(f, "NOT verified: {} kinds of difference", self.differences.len())
    }
}

fn listed(counts: &BTreeMap<String, i64>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}
