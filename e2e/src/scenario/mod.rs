//! What goes wrong while orders come in. Each scenario gives back its ledger, printed; `orderctl verify` is its oracle.

mod autoscaler;
mod consumers_scale;
mod database_away;
mod frozen;
mod kafka_restarted;
mod killed;
mod mail_away;
mod poison;
mod read_only;
mod restored;
mod steady;
mod traced;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

pub use autoscaler::autoscaler;
pub use consumers_scale::consumers_scale;
pub use database_away::database_away;
pub use frozen::frozen;
pub use kafka_restarted::kafka_restarted;
pub use killed::killed;
pub use mail_away::MailAway;
pub use poison::poison;
pub use read_only::read_only;
pub use restored::restored;
pub use steady::steady;

use crate::ledger::{Attempt, Ledger, Outcome};
use crate::load::Load;

/// What most scenarios order; `spread` makes room for what goes wrong meanwhile.
fn load(orders: usize, spread: Option<Duration>) -> Load {
    Load { orders, clients: 8, spread }
}

/// One more accepted order, beside the shoppers': an intent of its own.
fn accepted(attempts: &[Attempt], number: &str) -> Attempt {
    let intent = attempts.iter().map(|attempt| attempt.intent + 1).max().unwrap_or(0);
    Attempt { intent, outcome: Outcome::Accepted(number.to_owned()) }
}

/// Prints the ledger and fails unless every order is accounted for once.
fn close(scenario: &str, started: Instant, ledger: Ledger) -> Result<Ledger> {
    println!("ledger: {scenario} ({:.1} s)\n{ledger}", started.elapsed().as_secs_f64());
    ensure!(ledger.is_clean(), "{scenario}: the ledger does not add up:\n{ledger}");
    ensure!(
        ledger.by_status.contains_key("REJECTED"),
        "{scenario}: nothing ran out of stock, so overselling could not show"
    );
    Ok(ledger)
}
