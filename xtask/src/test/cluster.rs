//! The scenarios on the local node.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::cargo::Cargo;
use super::count::Count;
use crate::checkout::Checkout;
use crate::{page, provision};

/// Of e2e/tests. The first two leave the platform as it was; the third makes one of its own and takes it away.
const FILES: &[&str] = &["node", "browser", "removal"];

/// Brings the node up and runs the scenarios with the variables of `target/local/env`.
pub fn run(checkout: &Checkout, cargo: &Cargo<'_>) -> Result<Count> {
    if !cargo.wants("e2e") {
        return Ok(Count::default());
    }
    let mut count = up(checkout)?;
    if count.failed > 0 {
        eprintln!("\n`cargo xtask up` failed, and is tried once more");
        count = count.with_second_try(up(checkout)?);
    }
    ensure!(count.failed == 0, "`cargo xtask up` failed twice");
    let env = checkout.local().join("env");
    ensure!(env.exists(), "`cargo xtask up` wrote no {}", env.display());
    page::install(checkout)?;
    provision::browser(checkout)?;
    let run = || {
        let mut run = cargo.clean(Command::new("bash"));
        run.args(["-c", r#". "$0" && exec cargo "$@""#]).arg(&env);
        run
    };
    for file in FILES {
        count += cargo.scenarios(file, run)?;
    }
    Ok(count)
}

/// One test: it ends with a confirmed order, and goes on where a failed one stopped.
fn up(checkout: &Checkout) -> Result<Count> {
    // Ourselves by the kernel's link: the path is gone once the tests before have built xtask anew.
    let up = Command::new("/proc/self/exe")
        .args(["up", "--with", "metrics-server"])
        .env("CARGO_MANIFEST_DIR", checkout.path("xtask"))
        .status()
        .context("cannot run `cargo xtask up`")?;
    Ok(Count::one(up.success()))
}
