//! The command line.

use clap::{CommandFactory, Parser, Subcommand};

use crate::catalog::CatalogCommand;
use crate::connect::kafka::KafkaArgs;
use crate::connect::mysql::MysqlArgs;
use crate::dlq::DlqCommand;
use crate::failure::{Exit, Failure};
use crate::offsets::OffsetsCommand;
use crate::order::OrderCommand;
use crate::output::{json, line};
use crate::verify::{Sources, verify};
use crate::{catalog, dlq, offsets, order};

/// Orders, dead letters, offsets and catalogue of an order pipeline, and the proof that nothing was lost
#[derive(Debug, Parser)]
#[command(
    name = "orderctl",
    version,
    after_help = "\
Where things are comes from variables (on the local node: `. target/local/env`) or flags; secrets from variables or files.

Exit codes:
  0  done; verify: no difference
  1  verify: differences; import: lines left out; else: refused (no such order, somebody was faster, not confirmed)
  2  a flag, variable or file that cannot be used
  3  order-api, search-api, Kafka or MySQL is away: try again"
)]
pub struct Cli {
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Dead letters: list, show, replay, discard
    #[command(subcommand)]
    Dlq(DlqCommand),
    /// One order: show, cancel
    #[command(subcommand)]
    Order(OrderCommand),
    /// Positions in the log: show, accept a gap
    #[command(subcommand)]
    Offsets(OffsetsCommand),
    /// Whole catalogues: import, export
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Prove that nothing was lost, applied twice or oversold, while orders flow
    ///
    /// Reads the whole log and all tables. What still waits is told and is no difference.
    Verify {
        #[command(flatten)]
        kafka: KafkaArgs,
        #[command(flatten)]
        mysql: MysqlArgs,
    },
    /// A completion script for your shell, on standard output
    #[command(after_help = "Example:\n  source <(orderctl completions bash)")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Runs a command. Err holds the exit code.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::Dlq(command) => dlq::run(command, cli.json).await,
        Command::Order(command) => order::run(command, cli.json).await,
        Command::Offsets(command) => offsets::run(command, cli.json).await,
        Command::Catalog(command) => catalog::run(command, cli.json).await,
        Command::Verify { kafka, mysql } => {
            let sources =
                Sources { database: mysql.options()?, kafka: kafka.client_config()?, topic: kafka.topic.clone() };
            let report = verify(&sources).await?;
            if cli.json {
                json(&serde_json::to_value(&report).expect("a report is JSON"));
            } else {
                line(report.to_string());
            }
            if report.clean { Ok(()) } else { Err(Failure::new(Exit::Refused, "there are differences")) }
        }
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "orderctl", &mut std::io::stdout());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_secret_shows_in_help() {
        let mut command = Cli::command();
        command.build();
        let verify = command.find_subcommand_mut("verify").unwrap().render_long_help().to_string();
        assert!(verify.contains("MYSQL_URL"), "{verify}");
        // Cargo runs tests in one environment; a value of it must not be printed.
        assert!(!verify.contains("MYSQL_URL="), "{verify}");
    }

    #[test]
    fn going_on_needs_the_imports_name() {
        let parse = |args: &[&str]| {
            let start = ["orderctl", "catalog", "import", "x.csv", "--search-api-url", "http://x"];
            Cli::try_parse_from(start.iter().chain(args)).is_ok()
        };
        assert!(parse(&[]) && parse(&["--import", "spring"]) && parse(&["--import", "spring", "--after", "7"]));
        assert!(!parse(&["--after", "7"]) && !parse(&["--import", "a b"]) && !parse(&["--format", "xml"]));
    }

    #[test]
    fn a_replay_needs_ids_or_a_filter() {
        let parse = |args: &[&str]| {
            let start = ["orderctl", "dlq", "replay", "--order-api-url", "http://x"];
            Cli::try_parse_from(start.iter().chain(args)).is_ok()
        };
        for good in [
            &["1", "2"][..],
            &["--all", "--dry-run"],
            &["--reason", "X"],
            &["1", "--body", "-"],
            &["1", "--number", "new"],
        ] {
            assert!(parse(good), "{good:?}");
        }
        for bad in [&[][..], &["1", "--all"], &["--all", "--body", "x"], &["x"], &["1", "--dry-run"]] {
            assert!(!parse(bad), "{bad:?}");
        }
    }
}
