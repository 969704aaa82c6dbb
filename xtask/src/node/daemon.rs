//! The node's programs as background processes that outlive this command.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, UNIX_EPOCH};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Node;

/// Closes what the caller of this command has open (a lock, a pipe that someone reads to its end), or it would stay
/// open as long as the node runs. Then becomes the program.
const WITHOUT_OUR_FILES: &str =
    r#"for file in /proc/self/fd/*; do n=${file##*/}; [ "$n" -gt 2 ] && eval "exec $n>&-"; done; exec "$@""#;

/// One program of the node.
#[derive(Clone, Debug)]
pub struct Daemon {
    /// Its name, also of its log and its record.
    pub name: &'static str,
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Files it reads at its start: a change of one of them restarts it.
    pub files: Vec<PathBuf>,
}

/// A process that was started, told apart from a later one with the same number by its start time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub pid: i32,
    /// Clock ticks after boot, from /proc/<pid>/stat.
    pub started: u64,
    /// A hash of what it was started with.
    pub recipe: String,
}

impl Daemon {
    /// Starts it unless it runs with these very arguments; one that runs with others is stopped first.
    /// True when it was started.
    pub fn ensure(&self, node: &Node) -> Result<bool> {
        let recipe = self.recipe()?;
        if let Some(record) = Record::read(node, self.name) {
            if record.is_alive() && record.recipe == recipe {
                return Ok(false);
            }
            record.stop(Duration::from_secs(10));
        }
        fs::create_dir_all(node.log())?;
        let log = self.log(node);
        // The log of the run before stays beside it: it tells why a program ended.
        let _ = fs::rename(&log, log.with_extension("log.1"));
        let file = File::create(&log)?;
        // A session of its own: what ends the terminal does not end the node.
        let child = node
            .command("setsid")
            .args(["bash", "-c", WITHOUT_OUR_FILES])
            .arg(self.name)
            .arg(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {}", self.name))?;
        let pid = i32::try_from(child.id()).context("a process id beyond 2^31")?;
        let started = start_time(pid).with_context(|| format!("{} ended at once, see {}", self.name, log.display()))?;
        Record { pid, started, recipe }.write(node, self.name)?;
        Ok(true)
    }

    /// True when the process that was started last still runs.
    pub fn is_alive(&self, node: &Node) -> bool {
        Record::read(node, self.name).is_some_and(|record| record.is_alive())
    }

    /// Where its output goes.
    pub fn log(&self, node: &Node) -> PathBuf {
        node.log().join(format!("{}.log", self.name))
    }

    fn recipe(&self) -> Result<String> {
        let mut hash = Sha256::new();
        hash.update(self.arguments.join("\0"));
        for file in &self.files {
            hash.update(fs::read(file).with_context(|| format!("cannot read {}", file.display()))?);
        }
        let program = fs::metadata(&self.program).with_context(|| format!("{} is missing", self.program.display()))?;
        let built = program.modified()?.duration_since(UNIX_EPOCH)?;
        hash.update(format!("{}{:?}", self.program.display(), built));
        Ok(hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl Record {
    fn path(node: &Node, name: &str) -> PathBuf {
        node.run().join(format!("{name}.json"))
    }

    /// What was started last under this name.
    pub fn read(node: &Node, name: &str) -> Option<Self> {
        serde_json::from_slice(&fs::read(Self::path(node, name)).ok()?).ok()
    }

    fn write(&self, node: &Node, name: &str) -> Result<()> {
        Ok(fs::write(Self::path(node, name), serde_json::to_vec(self)?)?)
    }

    /// True while that very process runs.
    pub fn is_alive(&self) -> bool {
        start_time(self.pid) == Some(self.started)
    }

    /// Asks it to end, and kills it after `grace`.
    pub fn stop(&self, grace: Duration) {
        if !self.is_alive() {
            return;
        }
        let pid = Pid::from_raw(self.pid);
        let _ = kill(pid, Signal::SIGTERM);
        let begun = Instant::now();
        while begun.elapsed() < grace {
            if !self.is_alive() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = kill(pid, Signal::SIGKILL);
    }
}

/// The start time of a living process (a zombie does not count): field 22 of /proc/<pid>/stat, proc(5).
pub fn start_time(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    // The second field is the program's name in parentheses and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if fields.first().is_some_and(|state| matches!(*state, "Z" | "X")) {
        return None;
    }
    fields.get(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_keeps_none_of_our_files_open() {
        let leaking = r#"exec 9< /dev/null 12< /dev/null; exec bash -c "$0" daemon ls /proc/self/fd"#;
        let out = std::process::Command::new("bash").args(["-c", leaking, WITHOUT_OUR_FILES]).output().expect("bash");
        let open = String::from_utf8_lossy(&out.stdout).into_owned();
        // 3 is the folder that ls reads.
        assert_eq!(open.split_whitespace().collect::<Vec<_>>(), ["0", "1", "2", "3"]);
    }

    #[test]
    fn a_process_is_told_by_its_start_time() {
        let own = i32::try_from(std::process::id()).expect("a small number");
        let started = start_time(own).expect("this process runs");
        assert!(Record { pid: own, started, recipe: String::new() }.is_alive());
        assert!(!Record { pid: own, started: started + 1, recipe: String::new() }.is_alive());
    }
}
