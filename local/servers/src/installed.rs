//! Where the servers' programs are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The folder that `cargo xtask servers` fills: `target/local` of a checkout.
#[derive(Clone, Debug)]
pub struct Installed {
    folder: PathBuf,
}

impl Installed {
    /// The folder named by the environment variable `LOCAL_SERVERS`, which `cargo xtask test` sets.
    pub fn from_env() -> Result<Self> {
        let folder = std::env::var_os("LOCAL_SERVERS")
            .context("LOCAL_SERVERS is not set: run this by `cargo xtask test --integration`, or source target/local/servers/env")?;
        Self::at(folder)
    }

    /// Fails when one of the servers is not there.
    pub fn at(folder: impl Into<PathBuf>) -> Result<Self> {
        let found = Self { folder: folder.into() };
        for needed in [found.mysql_root().join("usr/sbin/mysqld"), found.kafka_libs(), found.java(), found.mail_libs()]
        {
            ensure!(needed.exists(), "{} is missing: run `cargo xtask servers up`", needed.display());
        }
        Ok(found)
    }

    /// The folder itself, as `LOCAL_SERVERS` names it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn mysql_root(&self) -> PathBuf {
        self.folder.join("mysql/root")
    }

    pub(crate) fn kafka_libs(&self) -> PathBuf {
        self.folder.join("kafka/libs")
    }

    pub(crate) fn java(&self) -> PathBuf {
        self.folder.join("kafka/jre/bin/java")
    }

    pub(crate) fn mail_libs(&self) -> PathBuf {
        self.folder.join("mail/libs")
    }

    /// Data folders as they are after a first start, made once and copied for each server.
    pub(crate) fn archive(&self, name: &str) -> PathBuf {
        self.folder.join("servers/archive").join(name)
    }
}
