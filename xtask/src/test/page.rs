//! The page's own tests: its types, and Vitest over its components.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::cargo::Cargo;
use super::count::Count;
use crate::checkout::Checkout;
use crate::page;

/// Installs the page's libraries; the type check counts as one test.
pub fn run(checkout: &Checkout, cargo: &Cargo<'_>) -> Result<Count> {
    page::install(checkout)?;
    let mut count = Count::one(succeeds(cargo, checkout, "tsc", &["--noEmit"])?);
    let report = checkout.local().join("page/vitest.json");
    let _ = fs::remove_file(&report);
    let outputs = format!("--outputFile.json={}", report.display());
    let passed = succeeds(cargo, checkout, "vitest", &["run", "--reporter=default", "--reporter=json", &outputs])?;
    let text = fs::read_to_string(&report).context("Vitest wrote no report")?;
    let report: Value = serde_json::from_str(&text).context("Vitest's report is not JSON")?;
    let number = |name: &str| report[name].as_u64().with_context(|| format!("Vitest's report has no {name}"));
    let found = Count { passed: number("numPassedTests")?, failed: number("numFailedTests")?, flaky: 0 };
    count += found;
    // A file that cannot even be read has no failed test.
    if !passed && found.failed == 0 {
        count += Count::one(false);
    }
    Ok(count)
}

fn succeeds(cargo: &Cargo<'_>, checkout: &Checkout, program: &str, args: &[&str]) -> Result<bool> {
    let web = page::folder(checkout);
    eprintln!("$ {program} {}", args.join(" "));
    let mut run = cargo.clean(Command::new(web.join("node_modules/.bin").join(program)));
    let status = run.current_dir(&web).args(args).status().with_context(|| format!("cannot run {program}"))?;
    Ok(status.success())
}
