//! One child process that does not outlive us, and what tests do to it: stop, kill, freeze, start again.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const POLL: Duration = Duration::from_millis(50);
const FREEZE: Duration = Duration::from_secs(30);

/// How to start a process. Its output is appended to `log`.
#[derive(Clone, Debug)]
pub struct Recipe {
    name: String,
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(String, OsString)>,
    folder: Option<PathBuf>,
    log: PathBuf,
}

impl Recipe {
    /// `name` is what errors call the process.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            folder: None,
            log: log.into(),
        }
    }

    /// Adds one argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds several arguments.
    pub fn args<I: Into<OsString>>(mut self, args: impl IntoIterator<Item = I>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets one environment variable on top of ours.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The folder to run in; else ours.
    pub fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    fn spawn(&self) -> Result<Child> {
        if let Some(folder) = self.log.parent() {
            fs::create_dir_all(folder)?;
        }
        let log = File::options().create(true).append(true).open(&self.log)?;
        // setpriv execs the program, so the process keeps its number. It is killed when its parent dies.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(&self.program).args(&self.args);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {} by setpriv (package util-linux)", self.name))
    }

    /// The end of the log, for errors.
    fn last_words(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n  ")
    }
}

/// A process that runs, or ran. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    recipe: Recipe,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// The thread that started the child sits on the other end: the kernel's "parent died" means that very
    /// thread, not our whole process.
    _keeper: mpsc::Sender<()>,
}

impl Process {
    /// Starts it, without waiting for more than that.
    pub fn start(recipe: Recipe) -> Result<Self> {
        let mut process = Self { recipe, running: None };
        process.start_again()?;
        Ok(process)
    }

    /// Starts it once more after it ended. A running one is an error.
    pub fn start_again(&mut self) -> Result<()> {
        if self.is_running() {
            bail!("{} runs already", self.recipe.name);
        }
        let (keeper, kept) = mpsc::channel::<()>();
        let (hand, taken) = mpsc::channel();
        let recipe = self.recipe.clone();
        thread::Builder::new().name(format!("keeper of {}", recipe.name)).spawn(move || {
            // A failed send means that nobody waits any more.
            let _ = hand.send(recipe.spawn());
            // Ends with an error when the sender is dropped, which is the sign to leave.
            let _ = kept.recv();
        })?;
        let child = taken.recv().context("the thread that starts processes ended")??;
        self.running = Some(Running { child, _keeper: keeper });
        Ok(())
    }

    /// Waits until `ready` says so. Fails with the end of the log when the process ends first or the
    /// deadline passes.
    pub fn wait_ready(&mut self, deadline: Duration, mut ready: impl FnMut() -> bool) -> Result<()> {
        let started = Instant::now();
        loop {
            if ready() {
                return Ok(());
            }
            if let Some(status) = self.exit_status()? {
                bail!("{} ended with {status}:\n  {}", self.recipe.name, self.recipe.last_words());
            }
            if started.elapsed() > deadline {
                bail!("{} was not ready after {deadline:?}:\n  {}", self.recipe.name, self.recipe.last_words());
            }
            thread::sleep(POLL);
        }
    }

    /// True while the process exists, frozen or not.
    pub fn is_running(&mut self) -> bool {
        matches!((self.running.is_some(), self.exit_status()), (true, Ok(None)))
    }

    /// Its number while it runs.
    pub fn id(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.child.id())
    }

    /// Where its output goes.
    pub fn log(&self) -> &std::path::Path {
        &self.recipe.log
    }

    /// SIGTERM, then waits for its end. After `grace` it is killed, and that is an error.
    pub fn stop(&mut self, grace: Duration) -> Result<ExitStatus> {
        self.signal(Signal::SIGTERM)?;
        match self.wait(grace)? {
            Some(status) => Ok(status),
            None => {
                self.kill()?;
                bail!("{} did not stop within {grace:?} of SIGTERM and was killed", self.recipe.name)
            }
        }
    }

    /// Waits for its end by itself; None when `deadline` passes first.
    pub fn wait(&mut self, deadline: Duration) -> Result<Option<ExitStatus>> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.exit_status()? {
                self.running = None;
                return Ok(Some(status));
            }
            if started.elapsed() > deadline {
                return Ok(None);
            }
            thread::sleep(POLL);
        }
    }

    /// SIGKILL: it gets no chance to finish anything. Ending one that has ended is no error.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut running) = self.running.take() {
            running.child.kill()?;
            running.child.wait()?;
        }
        Ok(())
    }

    /// SIGSTOP: it keeps its connections and answers nothing. Returns when its last thread stands still, which on
    /// a busy machine is some time after the signal.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)?;
        let id = self.id().with_context(|| format!("{} does not run", self.recipe.name))?;
        let started = Instant::now();
        while !stands_still(id)? {
            if started.elapsed() > FREEZE {
                bail!("{} still moves {FREEZE:?} after SIGSTOP", self.recipe.name);
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// SIGCONT after [`Process::freeze`].
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        match &mut self.running {
            Some(running) => Ok(running.child.try_wait()?),
            None => Ok(None),
        }
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let id = self.id().with_context(|| format!("{} does not run", self.recipe.name))?;
        kill(Pid::from_raw(i32::try_from(id)?), signal)
            .with_context(|| format!("cannot send {signal} to {}", self.recipe.name))
    }
}

/// True when every thread is in state T (stopped), see proc_pid_stat(5).
fn stands_still(id: u32) -> Result<bool> {
    for task in fs::read_dir(format!("/proc/{id}/task"))? {
        // A thread that has just ended moves no more.
        let Ok(stat) = fs::read_to_string(task?.path().join("stat")) else { continue };
        // The name before the state may hold anything, brackets too.
        let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        if state != Some('T') {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and the kernel ends the child with us.
        let _ = self.kill();
    }
}
