//! `cargo xtask test`: everything in one go, or a part of it.
//!
//! Which part runs a test is told by the test itself. One without `#[ignore]` needs nothing: unit. An ignored
//! one needs servers: integration. Those of e2e/tests/node.rs and removal.rs need the local node: cluster. So each test
//! belongs to exactly one part, and none is left out.

mod cargo;
mod checks;
mod cluster;
mod count;
mod integration;
mod page;
mod tally;

use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

use crate::checkout::Checkout;
use crate::provision;
use crate::step::seconds;
use cargo::Cargo;
use tally::Tally;

/// Which tests to run. Without a part: all of them.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask test                              everything, as CI does
  cargo xtask test --unit                       formatting, clippy, and tests that need nothing
  cargo xtask test --integration -p order-api   tests of one package on a real MySQL and Kafka
  cargo xtask test --cluster                    scenarios on the local node (starts it)
  cargo xtask test --unit decode                tests whose name contains `decode`")]
pub struct TestArgs {
    /// Formatting, clippy, unit and property tests.
    #[arg(long)]
    unit: bool,
    /// Tests on a real MySQL, Kafka and mail server as plain processes, and on a real kube-apiserver.
    #[arg(long)]
    integration: bool,
    /// Scenarios on the local node; `cargo xtask up` is run first.
    #[arg(long)]
    cluster: bool,
    /// Only tests of this package; formatting and clippy are left out.
    #[arg(short, long, value_name = "NAME")]
    package: Option<String>,
    /// Only tests whose name contains this; formatting and clippy are left out.
    filter: Option<String>,
}

impl TestArgs {
    fn narrows(&self) -> bool {
        self.package.is_some() || self.filter.is_some()
    }
}

/// Runs them. The last line on stdout is `N passed, N failed`.
pub fn run(checkout: &Checkout, args: &TestArgs) -> Result<()> {
    provision::build_packages(checkout)?;
    let all = !(args.unit || args.integration || args.cluster);
    let started = Instant::now();
    let cargo = Cargo::new(checkout, args.package.as_deref(), args.filter.as_deref());
    let mut tally = Tally::default();
    if (all || args.unit) && !args.narrows() {
        tally.add("checks", || checks::run(&cargo));
    }
    if all || args.unit {
        tally.add("unit", || cargo.unit());
    }
    if (all || args.unit) && cargo.wants("storefront") && args.filter.is_none() {
        tally.add("page", || page::run(checkout, &cargo));
    }
    if all || args.integration {
        tally.add("integration", || integration::run(checkout, &cargo));
    }
    if all || args.cluster {
        tally.add("cluster", || cluster::run(checkout, &cargo));
    }
    println!("\n{}in all ({})", tally, seconds(started.elapsed()));
    let (passed, failed) = tally.sum();
    if passed + failed == 0 {
        bail!("no test was run");
    }
    // Nothing may come after this line, so a failure is told by the exit code alone.
    println!("{passed} passed, {failed} failed");
    if failed > 0 {
        std::process::exit(1);
    }
    Ok(())
}
