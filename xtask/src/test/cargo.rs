//! `cargo test`, with its output shown and its results counted.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::count::{Count, Outcome};
use crate::checkout::Checkout;

/// More failures than this are no accident of timing.
const MOST_TRIED_AGAIN: usize = 3;

/// Variables for the tests.
pub type Variables<'a> = &'a [(&'static str, String)];

/// What every call of cargo has in common.
pub struct Cargo<'a> {
    checkout: &'a Checkout,
    package: Option<&'a str>,
    filter: Option<&'a str>,
}

impl<'a> Cargo<'a> {
    /// Narrowed to a package and to names that contain `filter`.
    pub fn new(checkout: &'a Checkout, package: Option<&'a str>, filter: Option<&'a str>) -> Self {
        Self { checkout, package, filter }
    }

    /// True when the tests of `package` are wanted.
    pub fn wants(&self, package: &str) -> bool {
        self.package.is_none_or(|wanted| wanted == package)
    }

    /// True when no other package than this one is wanted.
    pub fn wants_only(&self, package: &str) -> bool {
        self.package == Some(package)
    }

    /// All tests that need nothing, those in documentation too.
    pub fn unit(&self) -> Result<Count> {
        Ok(self.test(self.command(&self.selection()).arg("--").arg("--quiet").args(self.filter))?.count)
    }

    /// All tests that need servers, but for the scenarios.
    pub fn needing_servers(&self, variables: Variables<'_>) -> Result<Count> {
        let mut args = self.selection();
        // Those of e2e stop and kill servers of their own; they come one after the other.
        if self.package.is_none() {
            args.extend(["--exclude", "e2e"].map(str::to_owned));
        }
        args.extend(["--lib", "--bins", "--tests"].map(str::to_owned));
        self.test_twice(&|| {
            let mut run = self.command(&args);
            run.envs(variables.iter().cloned()).args(["--", "--ignored"]);
            run
        })
    }

    /// The scenarios of one file in e2e/tests, one after the other, with what they print. Selected out of the
    /// whole workspace, as all other runs are: for a package alone cargo would choose other features of what
    /// it depends on, and compile half of it again.
    pub fn scenarios(&self, file: &str, cargo: impl Fn() -> Command) -> Result<Count> {
        self.test_twice(&|| {
            let mut run = cargo();
            run.args(["test", "--no-fail-fast", "--workspace", "--test", file]);
            run.args(["--", "--ignored", "--test-threads=1", "--nocapture"]);
            run
        })
    }

    /// Builds our programs, which the scenarios start: cargo makes a package's programs for its tests.
    pub fn build_programs(&self) -> Result<()> {
        ensure!(self.succeeds(&["test", "--workspace", "--no-run", "--quiet"])?, "our programs do not compile");
        Ok(())
    }

    /// Runs one cargo command and says whether it succeeded.
    pub fn succeeds(&self, args: &[&str]) -> Result<bool> {
        eprintln!("$ cargo {}", args.join(" "));
        Ok(self.cargo().args(args).status().context("cannot run cargo")?.success())
    }

    /// cargo in this checkout, without what the cargo that started us tells about xtask.
    pub fn cargo(&self) -> Command {
        self.clean(Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"))))
    }

    /// Any command with cargo's variables about xtask taken away: build scripts that look at them would
    /// build everything anew.
    pub fn clean(&self, mut command: Command) -> Command {
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
                .iter()
                .any(|start| text.starts_with(start))
            {
                command.env_remove(name);
            }
        }
        command.current_dir(self.checkout.root()).stdin(Stdio::null());
        command
    }

    fn selection(&self) -> Vec<String> {
        match self.package {
            Some(package) => vec!["--package".to_owned(), package.to_owned()],
            None => vec!["--workspace".to_owned()],
        }
    }

    fn command(&self, args: &[String]) -> Command {
        let mut command = self.cargo();
        command.args(["test", "--no-fail-fast"]).args(args);
        command
    }

    /// Runs tests that stand on real servers, and those that failed once more: a busy machine can starve a
    /// server past any deadline. What passes then counts as passed and as flaky, and the closing lines say so.
    fn test_twice(&self, command: &dyn Fn() -> Command) -> Result<Count> {
        let first = self.test(command().args(self.filter))?;
        if first.failed.is_empty() || !first.is_known() || first.failed.len() > MOST_TRIED_AGAIN {
            return Ok(first.count);
        }
        eprintln!("\nfailed, and tried once more: {}", first.failed.join(", "));
        let again = self.test(command().arg("--exact").args(&first.failed))?.count;
        Ok(first.count.with_second_try(again))
    }

    /// Runs `command`, with its output shown.
    fn test(&self, command: &mut Command) -> Result<Outcome> {
        eprintln!("$ {}", shown(command));
        let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run cargo")?;
        let out = child.stdout.take().context("cargo's output is piped")?;
        let mut outcome = Outcome::default();
        for line in BufReader::new(out).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            println!("{line}");
            outcome.read(line.trim_end());
        }
        outcome.end(child.wait()?.success());
        Ok(outcome)
    }
}

fn shown(command: &Command) -> String {
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    format!("cargo {}", args.join(" "))
}
