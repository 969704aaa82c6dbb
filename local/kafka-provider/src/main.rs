//! Runs the local Kafka provider.

use std::process::ExitCode;

use clap::Parser;
use kafka_provider::settings::Settings;
use kafka_provider::{cluster, topic, user};
use service_runtime::{Process, RuntimeArgs, exit_code};

/// Fulfils Strimzi's Kafka resources on a local cluster. Real clusters run Strimzi.
#[derive(Parser)]
#[command(name = "kafka-provider", version)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    runtime: RuntimeArgs,
}

#[tokio::main]
async fn main() -> ExitCode {
    exit_code(run(Cli::parse()).await)
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let mut process = Process::start("kafka-provider", env!("CARGO_PKG_VERSION"), &cli.runtime)?;
    let client = kube::Client::try_default().await?;
    process.serve_admin().await?;
    let (settings, shutdown) = (cli.settings, process.shutdown.clone());
    let clusters = cluster::run(client.clone(), settings.clone(), shutdown.clone());
    let topics = topic::run(client.clone(), settings.clone(), shutdown.clone());
    let users = user::run(client, settings, shutdown);
    process.spawn("clusters", async {
        clusters.await;
        Ok(())
    });
    process.spawn("topics", async {
        topics.await;
        Ok(())
    });
    process.spawn("users", async {
        users.await;
        Ok(())
    });
    process.health.ready();
    process.run().await
}
