//! The checkout this command runs in, and the names that derive from it.
//!
//! Two checkouts on one machine must not collide, so everything that lives outside the checkout's
//! folder (network namespace, bridge, addresses, cgroups, mounts) is named after [`Checkout::id`].

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

    /// Eight hexadecimal digits of the SHA-256 of the checkout's path: the same for every run here,
    /// different for another checkout.
    pub fn id(&self) -> String {
        let digest = Sha256::digest(self.root.as_os_str().as_encoded_bytes());
        digest[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
