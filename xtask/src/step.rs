//! Long work, told while it happens: each step prints what it does and its time, keeps its output in a
//! log file, and on failure says the reason, where the log is, and what to try.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, bail};

/// Runs `work` as a named step. Prints its title when it begins, so that a log tells what takes long, and again with its
/// time when it ends.
///
/// Steps may run on several threads at once; each then prints its own two lines.
pub fn step<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    eprintln!("  … {title}");
    let result = work();
    let time = seconds(started.elapsed());
    match &result {
        Ok(_) => eprintln!("  ✓ {title} ({time})"),
        Err(_) => eprintln!("  ✗ {title} ({time})"),
    }
    result.with_context(|| format!("step failed: {title}"))
}

/// Seconds with one digit, as all steps print them.
pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Runs a command with its output in `log` (appended). Fails with the last lines of that log, its
/// place, and `hint`: what the reader should try.
pub fn run_logged(command: &mut Command, log: &Path, hint: &str) -> Result<()> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::options().create(true).append(true).open(log)?;
    writeln!(file, "$ {command:?}")?;
    let start = file.metadata()?.len();
    let status = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .with_context(|| format!("cannot start {:?}: {hint}", command.get_program()))?;
    if status.success() {
        return Ok(());
    }
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text[(start as usize).min(text.len())..]).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(15)..].join("\n    ");
    bail!("{:?} ended with {status}\n    {tail}\n  log: {}\n  try: {hint}", command.get_program(), log.display())
}

/// How long a registry or mirror is left alone after the first and after the second failure.
const PAUSES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(40)];

/// Does what needs another machine, up to three times: connections break, and a mirror in the middle of its own update
/// lists files that it does not have yet. A program that cannot even be started is told at once.
pub fn patiently<T>(work: impl FnMut() -> Result<T>) -> Result<T> {
    repeated(PAUSES, work)
}

fn repeated<T>(pauses: impl IntoIterator<Item = Duration>, mut work: impl FnMut() -> Result<T>) -> Result<T> {
    for pause in pauses {
        match work() {
            Err(error) if !is_about_this_machine(&error) => {
                eprintln!("    failed, tried again in {}: {error:#}", seconds(pause));
                thread::sleep(pause);
            }
            done => return done,
        }
    }
    work()
}

fn is_about_this_machine(error: &Error) -> bool {
    error.chain().any(<dyn std::error::Error>::is::<std::io::Error>)
}

/// Runs a command and gives back what it printed. On failure the error holds what it said on stderr.
pub fn output(command: &mut Command) -> Result<String> {
    let out =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if !out.status.success() {
        bail!("{command:?} ended with {}: {}", out.status, String::from_utf8_lossy(&out.stderr).trim());
    }
    Ok(String::from_utf8(out.stdout)?)
}

/// Waits until `check` gives a value, asking every 200 ms. After `deadline` the error says what was
/// awaited and the last reason `check` gave.
pub fn wait_for<T>(what: &str, deadline: Duration, mut check: impl FnMut() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    loop {
        match check() {
            Ok(value) => return Ok(value),
            Err(reason) if started.elapsed() >= deadline => {
                return Err(reason).with_context(|| format!("{what}: not so after {}", seconds(deadline)));
            }
            Err(_) => thread::sleep(Duration::from_millis(200)),
        }
    }
}

/// A stamp file that says "made from these inputs": lets a second run skip what is there.
#[derive(Debug)]
pub struct Stamp {
    file: PathBuf,
    content: String,
}

impl Stamp {
    /// `content` is a hash or version of all inputs of what `file` stands for.
    pub fn new(file: impl Into<PathBuf>, content: impl Into<String>) -> Self {
        Self { file: file.into(), content: content.into() }
    }

    /// True when the same inputs were stamped before.
    pub fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|found| found == self.content)
    }

    /// Marks the work as done.
    pub fn write(&self) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, &self.content).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(mut answers: Vec<Result<()>>) -> (usize, Result<()>) {
        let all = answers.len();
        answers.reverse();
        let result = repeated([Duration::ZERO; 2], || answers.pop().expect("no more than three tries"));
        (all - answers.len(), result)
    }

    fn lost() -> Result<()> {
        bail!("404 Not Found")
    }

    #[test]
    fn what_needs_another_machine_is_tried_three_times() {
        assert!(matches!(tries(vec![Ok(()), lost(), lost()]), (1, Ok(()))));
        assert!(matches!(tries(vec![lost(), lost(), Ok(())]), (3, Ok(()))));
        assert!(matches!(tries(vec![lost(), lost(), lost()]), (3, Err(_))));
    }

    #[test]
    fn a_program_that_is_not_there_is_told_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut tries = 0;
        let result = repeated([Duration::ZERO; 2], || {
            tries += 1;
            run_logged(&mut Command::new(folder.path().join("none")), &folder.path().join("log"), "install it")
        });
        assert_eq!(tries, 1);
        assert!(result.is_err_and(|error| format!("{error:#}").contains("install it")));
    }
}
