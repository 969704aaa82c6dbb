//! What the harness promises about child processes, tried on small ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use local_servers::{Process, Recipe};

const DEADLINE: Duration = Duration::from_secs(60);

fn shell(folder: &Path, script: &str) -> Recipe {
    Recipe::new("a shell", "sh", folder.join("log")).args(["-c", script])
}

fn state(id: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    stat.rsplit_once(')')?.1.trim().chars().next()
}

fn folder() -> Result<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().to_owned();
    Ok((folder, path))
}

#[test]
fn stopping_lets_it_finish() -> Result<()> {
    let (_kept, folder) = folder()?;
    let script = "trap 'echo bye > done; exit 3' TERM; touch up; while :; do sleep 0.05; done";
    let mut process = Process::start(shell(&folder, script).in_folder(&folder))?;
    process.wait_ready(DEADLINE, || folder.join("up").exists())?;
    assert_eq!(process.stop(DEADLINE)?.code(), Some(3));
    assert_eq!(fs::read_to_string(folder.join("done"))?, "bye\n");
    assert!(!process.is_running());
    Ok(())
}

#[test]
fn killing_does_not_let_it_finish_and_it_can_start_again() -> Result<()> {
    let (_kept, folder) = folder()?;
    let script = "trap 'touch done' TERM EXIT; touch up; while :; do sleep 0.05; done";
    let mut process = Process::start(shell(&folder, script).in_folder(&folder))?;
    process.wait_ready(DEADLINE, || folder.join("up").exists())?;
    let first = process.id();
    process.kill()?;
    assert!(!folder.join("done").exists());
    process.start_again()?;
    assert!(process.is_running());
    assert_ne!(process.id(), first);
    Ok(())
}

#[test]
fn one_that_stays_in_spite_of_sigterm_is_killed_and_named() -> Result<()> {
    let (_kept, folder) = folder()?;
    let script = "trap '' TERM; touch up; while :; do sleep 0.05; done";
    let mut process = Process::start(shell(&folder, script).in_folder(&folder))?;
    process.wait_ready(DEADLINE, || folder.join("up").exists())?;
    let error = process.stop(Duration::from_millis(200)).unwrap_err().to_string();
    assert!(error.contains("a shell did not stop"), "{error}");
    assert!(!process.is_running());
    Ok(())
}

#[test]
fn a_frozen_one_is_still_there() -> Result<()> {
    let (_kept, folder) = folder()?;
    let mut process = Process::start(shell(&folder, "exec sleep 1000"))?;
    let id = process.id().unwrap();
    process.freeze()?;
    process.wait_ready(DEADLINE, || state(id) == Some('T'))?;
    process.thaw()?;
    process.wait_ready(DEADLINE, || state(id) == Some('S'))
}

#[test]
fn one_that_ends_before_it_is_ready_says_why() -> Result<()> {
    let (_kept, folder) = folder()?;
    let mut process = Process::start(shell(&folder, "echo the disk is full; exit 4"))?;
    let error = process.wait_ready(DEADLINE, || false).unwrap_err().to_string();
    assert!(error.contains("exit status: 4") && error.contains("the disk is full"), "{error}");
    Ok(())
}

#[test]
fn dropping_ends_it() -> Result<()> {
    let (_kept, folder) = folder()?;
    let process = Process::start(shell(&folder, "exec sleep 1000"))?;
    let id = process.id().unwrap();
    drop(process);
    assert_eq!(state(id), None);
    Ok(())
}

#[test]
fn it_outlives_the_thread_that_asked_for_it() -> Result<()> {
    let (_kept, folder) = folder()?;
    let recipe = shell(&folder, "exec sleep 1000");
    let mut process = std::thread::spawn(|| Process::start(recipe)).join().unwrap()?;
    assert!(process.wait(Duration::from_millis(300))?.is_none());
    Ok(())
}
