//! Data folders made once and copied: initialising MySQL or formatting Kafka takes seconds, a copy does not.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Makes `archive` by `make` when it is not there or was made from another `recipe`. Of several processes
/// that ask at once, one makes it. `make` gets an empty folder; it counts only when `make` succeeds.
pub fn ensure_made(archive: &Path, recipe: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let parent = archive.parent().context("an archive has a parent folder")?;
    fs::create_dir_all(parent)?;
    let lock = File::create(archive.with_extension("lock"))?;
    lock.lock()?;
    let stamp = archive.with_extension("stamp");
    if archive.is_dir() && fs::read_to_string(&stamp).is_ok_and(|found| found == recipe) {
        return Ok(());
    }
    if archive.exists() {
        fs::remove_dir_all(archive)?;
    }
    // Made at its final place, because some files in it may name their own path.
    fs::create_dir_all(archive)?;
    make(archive)?;
    fs::write(stamp, recipe)?;
    Ok(())
}

/// Copies a folder with its contents to `target`, which must not exist. Shares blocks where the file
/// system can.
pub fn copy(source: &Path, target: &Path) -> Result<()> {
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    let status = Command::new("cp").args(["--archive", "--reflink=auto"]).args([source, target]).status()?;
    ensure!(status.success(), "cannot copy {} to {}", source.display(), target.display());
    Ok(())
}
