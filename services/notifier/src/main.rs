//! Sends mail from the outbox until it is told to stop.

use std::process::ExitCode;

use clap::Parser;
use notifier::smtp::SmtpArgs;
use service_runtime::database::DatabaseArgs;
use service_runtime::{Process, RuntimeArgs, exit_code};

/// Sends the mails that orders wrote into the outbox.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    runtime: RuntimeArgs,

    #[command(flatten)]
    database: DatabaseArgs,

    #[command(flatten)]
    smtp: SmtpArgs,

    /// Mails sent at once.
    #[arg(long, env, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=16))]
    mail_workers: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    exit_code(run(Args::parse()).await)
}

async fn run(args: Args) -> anyhow::Result<()> {
    let mut process = Process::start("notifier", env!("CARGO_PKG_VERSION"), &args.runtime)?;
    notifier::start(&mut process, args.database, &args.smtp, args.mail_workers)?;
    process.serve_admin().await?;
    process.health.ready();
    process.run().await
}
