//! `cargo xtask bench search`: searches over HTTP against MySQL alone, on a MySQL with the whole table in memory.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use local_servers::Installed;
use serde::Deserialize;

use super::cargo;
use crate::checkout::Checkout;
use crate::provision;
use crate::step::{run_logged, step};

/// The benchmark is an example of search-api's; it starts the program beside it.
const BUILD: [&str; 8] = ["build", "--profile", "image", "--package", "search-api", "--bins", "--example", "bench"];

/// One line, as far as people want to read it.
#[derive(Deserialize)]
struct Line {
    figure: String,
    ratio: f64,
    aim: Option<f64>,
    detail: serde_json::Map<String, serde_json::Value>,
}

/// Runs it; a minute at 100,000 products, several at a million. One line a figure.
pub fn run(checkout: &Checkout, json: bool, products: u64) -> Result<()> {
    provision::build_packages(checkout)?;
    provision::servers(checkout)?;
    let installed = Installed::at(checkout.local())?;
    step("build search-api with the profile of the images", || {
        let log = checkout.log().join("bench-search-build.log");
        run_logged(cargo(checkout).args(BUILD), &log, "cargo build --profile image")
    })?;
    let programs = checkout.path("target/image");
    let out = step("measure", || {
        std::process::Command::new(programs.join("examples/bench"))
            .arg(products.to_string())
            .env("LOCAL_SERVERS", installed.folder())
            .env("PROGRAMS", &programs)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run the benchmark")
    })?;
    ensure!(out.status.success(), "the benchmark ended with {}", out.status);
    let lines = String::from_utf8(out.stdout)?;
    if json {
        print!("{lines}");
        return Ok(());
    }
    for line in lines.lines() {
        let Line { figure, ratio, aim, detail } = serde_json::from_str(line).context("no result")?;
        let aim = aim.map_or_else(String::new, |aim| format!(" (aim: at most {aim})"));
        let detail: Vec<_> = detail.iter().map(|(name, value)| format!("{name} {value}")).collect();
        println!("{figure}: {ratio}{aim}\n  {}", detail.join(", "));
    }
    Ok(())
}
