//! `cargo xtask servers`: one MySQL, one Kafka and one mail catcher that stay up while you develop.
//!
//! A process of their own (`servers hold`) keeps them; `target/local/servers/env` says where they listen,
//! and exists only while they do.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use local_servers::{Installed, Kafka, Mail, Mysql, MysqlOptions};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;

use crate::checkout::Checkout;
use crate::provision;
use crate::step::{step, wait_for};

/// What to do with the shared servers.
#[derive(Subcommand)]
pub enum Action {
    /// Install what is missing, start the servers, and write target/local/servers/env to source.
    Up,
    /// Stop them and remove their data.
    Down,
    /// Say whether they run, and where.
    Status,
    /// Run them in the foreground until SIGTERM or Ctrl-C.
    #[command(hide = true)]
    Hold,
}

/// Does `action`.
pub fn run(checkout: &Checkout, action: &Action) -> Result<()> {
    match action {
        Action::Up => up(checkout),
        Action::Down => down(checkout),
        Action::Status => status(checkout),
        Action::Hold => hold(checkout),
    }
}

/// The servers' addresses as environment variables, in the order in which they are printed.
pub fn variables(installed: &Installed, mysql: &Mysql, kafka: &Kafka, mail: &Mail) -> Vec<(&'static str, String)> {
    vec![
        ("TEST_MYSQL_URL", mysql.url()),
        ("TEST_MYSQL_CA", mysql.ca_file().display().to_string()),
        ("TEST_KAFKA_BOOTSTRAP", kafka.bootstrap()),
        ("TEST_MAIL_SMTP", mail.smtp()),
        ("TEST_MAIL_API", mail.api()),
        ("LOCAL_SERVERS", installed.folder().display().to_string()),
    ]
}

/// The three servers, each in a folder of its own below `folder`.
pub fn start(installed: &Installed, folder: &std::path::Path) -> Result<(Mysql, Kafka, Mail)> {
    std::thread::scope(|scope| {
        let mysql = scope
            .spawn(|| step("start MySQL", || Mysql::start(installed, &folder.join("mysql"), &MysqlOptions::default())));
        let mail = scope.spawn(|| step("start the mail catcher", || Mail::start(installed, &folder.join("mail"))));
        let kafka = step("start Kafka", || Kafka::start(installed, &folder.join("kafka")));
        let mysql = mysql.join().expect("starting MySQL does not panic");
        let mail = mail.join().expect("starting the mail catcher does not panic");
        Ok((mysql?, kafka?, mail?))
    })
}

fn folder(checkout: &Checkout) -> PathBuf {
    checkout.local().join("servers")
}

fn env_file(checkout: &Checkout) -> PathBuf {
    folder(checkout).join("env")
}

fn up(checkout: &Checkout) -> Result<()> {
    provision::servers(checkout)?;
    if holder(checkout).is_none() {
        let log = folder(checkout).join("hold.log");
        fs::create_dir_all(folder(checkout))?;
        let out = File::create(&log)?;
        // A session of its own: it stays when the terminal goes.
        let mut holder = Command::new("setsid")
            .arg(std::env::current_exe()?)
            .args(["servers", "hold"])
            .env("CARGO_MANIFEST_DIR", checkout.path("xtask"))
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .context("cannot run setsid (package util-linux)")?;
        step("start MySQL, Kafka and the mail catcher", || {
            wait_for("the servers", Duration::from_secs(600), || match holder.try_wait()? {
                None if env_file(checkout).exists() => Ok(Ok(())),
                None => bail!("not ready yet, see {}", log.display()),
                Some(status) => Ok(Err(anyhow::anyhow!("they ended with {status}, see {}", log.display()))),
            })?
        })?;
    }
    status(checkout)
}

fn status(checkout: &Checkout) -> Result<()> {
    let Some(pid) = holder(checkout) else {
        println!("not running; start them by `cargo xtask servers up`");
        return Ok(());
    };
    println!("running (process {pid}); to use them:\n  source {}\n", env_file(checkout).display());
    print!("{}", fs::read_to_string(env_file(checkout)).unwrap_or_default());
    Ok(())
}

fn down(checkout: &Checkout) -> Result<()> {
    if let Some(pid) = holder(checkout) {
        step("stop the servers", || {
            kill(pid, Signal::SIGTERM)?;
            wait_for("their end", Duration::from_secs(120), || match holder(checkout) {
                None => Ok(()),
                Some(_) => bail!("process {pid} still runs"),
            })
        })?;
    }
    remove_data(checkout)
}

fn remove_data(checkout: &Checkout) -> Result<()> {
    for name in ["shared", "env", "pid"] {
        let path = folder(checkout).join(name);
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else if path.exists() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// The process that keeps the servers, when it lives and is ours (numbers are used again).
fn holder(checkout: &Checkout) -> Option<Pid> {
    let pid: i32 = fs::read_to_string(folder(checkout).join("pid")).ok()?.trim().parse().ok()?;
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    command.windows(12).any(|part| part == b"servers\0hold").then_some(Pid::from_raw(pid))
}

fn hold(checkout: &Checkout) -> Result<()> {
    if let Some(pid) = holder(checkout) {
        bail!("process {pid} keeps them already");
    }
    remove_data(checkout)?;
    fs::write(folder(checkout).join("pid"), std::process::id().to_string())?;
    // Blocked before the first thread starts, so that no thread takes them; children start without the block.
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGINT);
    signals.thread_block()?;
    let signals = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
    let installed = Installed::at(checkout.local())?;
    let (mut mysql, mut kafka, mut mail) = start(&installed, &folder(checkout).join("shared"))?;
    let lines: String = variables(&installed, &mysql, &kafka, &mail)
        .into_iter()
        .map(|(name, value)| format!("export {name}='{value}'\n"))
        .collect();
    // Renamed into place, so that nobody reads half of it.
    let new = folder(checkout).join("env.new");
    fs::write(&new, lines)?;
    fs::rename(new, env_file(checkout))?;
    while signals.read_signal()?.is_none() {
        for (name, running) in [
            ("MySQL", mysql.process().is_running()),
            ("Kafka", kafka.process().is_running()),
            ("the mail catcher", mail.process().is_running()),
        ] {
            if !running {
                fs::remove_file(env_file(checkout))?;
                bail!("{name} ended by itself");
            }
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    fs::remove_file(env_file(checkout))?;
    kafka.stop()?;
    mysql.stop()
}
