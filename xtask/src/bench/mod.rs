//! `cargo xtask bench`: builds our programs as they ship, and runs a benchmark of e2e on them.

mod scaling;
mod search;

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use local_servers::Installed;
use serde::Deserialize;

use crate::checkout::Checkout;
use crate::provision;
use crate::step::{run_logged, step};

/// What a benchmark starts, and the benchmarks themselves.
const PROGRAMS: &[&str] = &["migrator", "order-api", "order-consumer", "notifier", "e2e"];

/// What to measure.
#[derive(Args)]
pub struct BenchArgs {
    /// Which benchmark.
    name: Name,
    /// Print JSON only, a line per figure.
    #[arg(long)]
    json: bool,
    /// Products in the catalogue; for `search`.
    #[arg(long, default_value_t = 100_000)]
    products: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// Accepted orders becoming rows, against MySQL alone running the same statements.
    Chain,
    /// Intake against Kafka and HTTP alone, with transactions against without, the consumer against the same SQL.
    Orders,
    /// Consumers scaled by us, KEDA with the HPA, Numaflow and the Flink operator, in simulation.
    Scaling,
    /// Searches over HTTP against MySQL's own LIKE, a page by primary key, and a read of the table.
    Search,
}

/// A benchmark's line, as far as people want to read it.
#[derive(Deserialize)]
struct Figure {
    bench: String,
    figure: String,
    ratio: f64,
    aim: Option<f64>,
    better: String,
    rounds: u32,
    detail: serde_json::Map<String, serde_json::Value>,
}

/// Runs it. The result is the last thing on stdout.
pub fn run(checkout: &Checkout, args: &BenchArgs) -> Result<()> {
    if matches!(args.name, Name::Scaling) {
        return scaling::run(checkout, args.json);
    }
    if matches!(args.name, Name::Search) {
        return search::run(checkout, args.json, args.products);
    }
    provision::build_packages(checkout)?;
    provision::servers(checkout)?;
    let installed = Installed::at(checkout.local())?;
    step("build our programs with the profile of the images", || {
        let log = checkout.log().join("bench-build.log");
        let hint = "cargo build --profile image";
        let packages = PROGRAMS.iter().flat_map(|name| ["--package", name]);
        run_logged(cargo(checkout).args(["build", "--profile", "image", "--bins"]).args(packages), &log, hint)
    })?;
    let programs = checkout.path("target/image");
    let name = args.name.to_possible_value().context("every benchmark has a name")?;
    let out = Command::new(programs.join("bench"))
        .arg(name.get_name())
        .env("LOCAL_SERVERS", installed.folder())
        .env("PROGRAMS", &programs)
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run the benchmark")?;
    let line = String::from_utf8(out.stdout)?;
    if args.json {
        print!("{line}");
    } else if !line.is_empty() {
        tell(&serde_json::from_str(line.trim()).context("the benchmark printed no result")?);
    }
    // After its result: what it lost is in there.
    ensure!(out.status.success(), "the benchmark ended with {}", out.status);
    Ok(())
}

/// For people.
fn tell(figure: &Figure) {
    println!("{}: {}", figure.bench, figure.figure);
    let aim = figure.aim.map_or_else(String::new, |aim| format!(", aim {aim}"));
    println!("  ratio {} ({} is better{aim}; median of {} rounds)", figure.ratio, figure.better, figure.rounds);
    for (name, value) in &figure.detail {
        println!("  {name}: {value}");
    }
}

/// cargo without what the cargo that started us tells about xtask: build scripts look at that, and nearly everything
/// would be built anew.
fn cargo(checkout: &Checkout) -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|start| text.starts_with(start)) {
            command.env_remove(name);
        }
    }
    command.current_dir(checkout.root());
    command
}
