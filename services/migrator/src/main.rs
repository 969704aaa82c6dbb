//! Applies the migrations and says which version the schema has. Runs to its end; the operator makes it a Job.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use service_runtime::database::{Database, DatabaseArgs, Session};
use service_runtime::{ConfigError, LogFormat, exit_code, parse_duration, telemetry};
use sqlx::{ConnectOptions, MySqlConnection};
use tokio::signal::unix::{SignalKind, signal};

/// Brings the database schema to this version. Forward only; safe to repeat, to kill and to run twice at once.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    database: DatabaseArgs,

    /// Logs as JSON lines or as text.
    #[arg(long, env, value_enum, default_value = "json")]
    log_format: LogFormat,

    /// How long to wait for a database that does not answer.
    #[arg(long, env, default_value = "2m", value_parser = parse_duration)]
    database_wait: Duration,

    /// How long to wait for another migrator to end.
    #[arg(long, env, default_value = "10m", value_parser = parse_duration)]
    lock_wait: Duration,

    /// Where to write `{"schemaVersion":N}`; /dev/termination-log when that exists.
    #[arg(long, env)]
    termination_log: Option<PathBuf>,

    /// Only print what would run.
    #[arg(long)]
    check: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    telemetry::init(args.log_format);
    let result = tokio::select! {
        result = run(&args) => result,
        error = stopped() => Err(error),
    };
    let last_word = match &result {
        Ok(None) => return ExitCode::SUCCESS,
        Ok(Some(version)) => migrator::termination::success(*version),
        Err(error) => migrator::termination::failure(&format!("{error:#}")),
    };
    if let Err(error) = migrator::termination::write(args.termination_log.as_deref(), &last_word) {
        tracing::warn!(%error, "cannot write the termination log");
    }
    exit_code(result.map(|_version| ()))
}

/// As the first process of a container we get no default handling of signals. What runs on the server ends there;
/// the next run finds out how.
async fn stopped() -> anyhow::Error {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    match (terminate, interrupt) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => anyhow::anyhow!("stopped by SIGTERM; run it again to go on"),
                _ = interrupt.recv() => anyhow::anyhow!("stopped by SIGINT; run it again to go on"),
            }
        }
        (Err(error), _) | (_, Err(error)) => anyhow::Error::from(error).context("cannot listen for signals"),
    }
}

/// The version reached; none for `--check`.
async fn run(args: &Args) -> anyhow::Result<Option<i64>> {
    let migrations = migrator::migrations();
    // Fails here, with the variable's name, when the configuration cannot be used.
    database(args)?;
    let connection = migrator::wait::connect(async || connect(args).await, args.database_wait).await?;
    if args.check {
        let lines = migrator::check(connection, &migrations).await?;
        println!("{} to apply, up to version {}", lines.len(), migrator::target_version(&migrations));
        for line in lines {
            println!("  {line}");
        }
        return Ok(None);
    }
    let report = migrator::migrate(connection, &migrations, args.lock_wait).await?;
    println!("schema version {} ({} applied)", report.version, report.applied.len());
    Ok(Some(report.version))
}

/// Anew for each attempt: a wrong password may have been put right meanwhile.
async fn connect(args: &Args) -> Result<MySqlConnection, sqlx::Error> {
    let database = database(args).map_err(|error| sqlx::Error::Configuration(error.into()))?;
    database.pool().connect_options().connect().await
}

fn database(args: &Args) -> Result<Database, ConfigError> {
    let session = Session {
        statements: Vec::new(),
        acquire_timeout: Duration::from_secs(10),
        idle_timeout: Duration::from_secs(10),
        test_before_acquire: false,
    };
    Database::new(args.database.clone(), session)
}
