//! The checkout this command runs in, and the names that derive from it.
//!
//! Two checkouts on one machine must not collide, so everything that lives outside the checkout's
//! folder (network namespace, bridge, addresses, cgroups, mounts) is named after [`Checkout::id`].

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The root of one working copy.
#[derive(Clone, Debug)]
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout that this binary was built from (cargo sets the manifest's folder).
    pub fn find() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("xtask/ has no parent folder")?;
        Ok(Self { root: root.canonicalize()? })
    }

    /// The folder with the workspace's Cargo.toml.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside the checkout.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// `target/local`: all that the local cluster, servers and caches write.
    pub fn local(&self) -> PathBuf {
        self.root.join("target/local")
    }

    /// `target/local/bin`: kubectl, helm and the programs of the node.
    pub fn bin(&self) -> PathBuf {
        self.local().join("bin")
    }

    /// `target/local/log`: one file per step, named after it.
    pub fn log(&self) -> PathBuf {
        self.local().join("log")
    }

    /// Waits until no other process works on `what` in this checkout. Nobody else does until the file is dropped.
    pub fn lock(&self, what: &str) -> Result<File> {
        let path = self.local().join(format!("{what}.lock"));
        fs::create_dir_all(self.local())?;
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        if file.try_lock().is_err() {
            eprintln!("  … waiting for another `cargo xtask` in this checkout");
            file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Ok(file)
    }

    /// Eight hexadecimal digits of the SHA-256 of the checkout's path: the same for every run here,
    /// different for another checkout.
    pub fn id(&self) -> String {
        let digest = Sha256::digest(self.root.as_os_str().as_encoded_bytes());
        digest[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_works_on_the_same_thing() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let checkout = Checkout { root: folder.path().to_owned() };
        let held = checkout.lock("node")?;
        let other = File::create(checkout.local().join("node.lock"))?;
        assert!(other.try_lock().is_err());
        checkout.lock("provision")?;
        drop(held);
        other.try_lock()?;
        Ok(())
    }
}
