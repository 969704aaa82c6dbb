//! `cargo xtask …`: the one way to build, run, test and measure this project on a machine.
//!
//! `cargo xtask --help` lists the commands.

mod bench;
mod catalogue;
mod certificates;
mod checkout;
mod cluster;
mod content;
mod down;
mod env_file;
mod folding;
mod http;
mod images;
mod kubectl;
mod node;
mod page;
mod platform;
mod provision;
mod servers;
mod status;
mod step;
mod strimzi;
mod test;
mod up;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::checkout::Checkout;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Build, run, test and measure the order pipeline on this machine")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build and start the local cluster and the platform in it, and place an order.
    Up(up::UpArgs),
    /// Stop the local cluster; nothing of it stays on the machine.
    Down(down::DownArgs),
    /// Tell what of the local cluster runs, and whose it is.
    Status(status::StatusArgs),
    /// Make files that others' artifacts define.
    Generate {
        #[command(subcommand)]
        what: Generated,
    },
    /// MySQL, Kafka and a mail catcher that stay up while you develop.
    Servers {
        #[command(subcommand)]
        action: servers::Action,
    },
    /// Run all tests, or a part of them.
    Test(test::TestArgs),
    /// Measure one thing against its own yardstick.
    Bench(bench::BenchArgs),
    /// Print where this checkout keeps its local files.
    Where,
}

#[derive(Subcommand)]
enum Generated {
    /// Strimzi's CRDs, into target/local/strimzi.
    StrimziCrds,
    /// The page's typed client, from the OpenAPI documents of search-api and order-api.
    PageApi,
    /// Which characters MySQL's LIKE takes for the same, into services/search-api.
    Folding,
}

fn main() -> std::process::ExitCode {
    match run(Cli::parse()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    // Images keep the modes of what is copied into them, and their user is not root. What is secret says so itself.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
    let checkout = Checkout::find()?;
    match cli.command {
        Command::Up(args) => up::run(&checkout, &args),
        Command::Down(args) => down::run(&checkout, &args),
        Command::Status(args) => status::run(&checkout, &args),
        Command::Generate { what: Generated::StrimziCrds } => {
            println!("{}", strimzi::generate_crds(&checkout)?.display());
            Ok(())
        }
        Command::Generate { what: Generated::PageApi } => {
            println!("{}", page::generate_client(&checkout)?.display());
            Ok(())
        }
        Command::Generate { what: Generated::Folding } => {
            println!("{}", folding::generate(&checkout)?.display());
            Ok(())
        }
        Command::Servers { action } => servers::run(&checkout, &action),
        Command::Test(args) => test::run(&checkout, &args),
        Command::Bench(args) => bench::run(&checkout, &args),
        Command::Where => {
            println!("{}", checkout.local().display());
            Ok(())
        }
    }
}
