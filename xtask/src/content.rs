//! Folders: what they hold, and an end to them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The path itself when it is a file, else all files below it, in a stable order.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut entries: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        found.extend(files(&entry)?);
    }
    Ok(found)
}

/// Removes a folder with all in it. One that is not there is no error.
pub fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_all_files_below_it_in_order() -> Result<()> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("b"))?;
        for name in ["c", "b/x", "a"] {
            fs::write(folder.path().join(name), "")?;
        }
        let found = files(folder.path())?;
        assert_eq!(found, ["a", "b/x", "c"].map(|name| folder.path().join(name)));
        assert_eq!(files(&found[0])?, [found[0].clone()]);
        Ok(())
    }
}
