//! `cargo xtask bench scaling`: our scaling beside the published rules of others, in simulation. No server, no clock: a
//! debug build is as good as another, and is there already.

use anyhow::{Context, Result, ensure};

use super::cargo;
use crate::checkout::Checkout;
use crate::provision;
use crate::step::{run_logged, step};

/// The whole workspace is named so that features are those of the tests, and nothing is compiled twice.
const TARGET: [&str; 5] = ["bench", "--profile=dev", "--workspace", "--bench", "scaling"];

/// Runs it. What it prints goes to stdout as it is: a table for people, or one line of JSON per figure.
pub fn run(checkout: &Checkout, json: bool) -> Result<()> {
    provision::build_packages(checkout)?;
    step("build the model and the rules", || {
        let log = checkout.log().join("bench-scaling-build.log");
        run_logged(cargo(checkout).args(TARGET).arg("--no-run"), &log, "cargo bench --no-run")
    })?;
    let mut command = cargo(checkout);
    command.args(TARGET).arg("--quiet").arg("--");
    if json {
        command.arg("--json");
    }
    let status = command.status().context("cannot run cargo")?;
    ensure!(status.success(), "the benchmark ended with {status}");
    Ok(())
}
