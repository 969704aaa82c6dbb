use std::process::ExitCode;

use clap::Parser;
use order_api::config::Args;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    service_runtime::exit_code(run(args).await)
}

async fn run(args: Args) -> anyhow::Result<()> {
    order_api::start(args).await?.process.run().await
}
