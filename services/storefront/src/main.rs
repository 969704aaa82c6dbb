//! The shopper's page and the way from it to the APIs.

use std::process::ExitCode;

use clap::Parser;
use storefront::config::Args;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    service_runtime::exit_code(run(args).await)
}

async fn run(args: Args) -> anyhow::Result<()> {
    storefront::start(args).await?.process.run().await
}
