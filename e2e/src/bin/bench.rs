//! `cargo xtask bench NAME`: runs one benchmark and prints its line of JSON.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use e2e::bench::{self, Figure};

/// The slowest takes half of this on two cores.
const LIMIT: Duration = Duration::from_secs(600);

#[tokio::main]
async fn main() -> Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    if name == "bare" {
        // What `orders` measures against, in a process of its own.
        return bench::bare().await;
    }
    let figure = tokio::time::timeout(LIMIT, run(&name)).await;
    let figure = figure.with_context(|| format!("{name} did not end within {LIMIT:?}"))??;
    println!("{}", figure.json());
    figure.check()
}

async fn run(name: &str) -> Result<Figure> {
    match name {
        "chain" => bench::chain().await,
        "orders" => bench::orders().await,
        other => bail!("no benchmark {other:?}; there are: chain, orders"),
    }
}
