//! `orderctl`: parses, runs, and ends with the code that its help states.

use std::process::ExitCode;

use clap::Parser;
use orderctl::cli::{Cli, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(failure.exit as u8)
        }
    }
}
