//! MySQL's server and client, from Debian sid: Debian's stable releases carry none.
//!
//! The folder is a root file system. Tests run the server out of it without entering it; the image
//! takes it as a whole.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::debian;
use crate::checkout::Checkout;
use crate::step::{Stamp, output, step};

/// Change it to have the folder made anew.
const RECIPE: &str = "debian sid, mysql-server-core mysql-client, 2";

/// What neither the server nor its tools need, below the root. It takes up half of the image otherwise.
const SUPERFLUOUS: &[&str] = &[
    "var/cache/apt",
    "var/lib/apt",
    "usr/share/doc",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/perl",
    "usr/share/perl5",
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/lib/x86_64-linux-gnu/perl-base",
    "usr/lib/x86_64-linux-gnu/perl",
    "usr/lib/mysql/plugin/telemetry_client.so",
    "usr/bin/mysql_migrate_keyring",
    "usr/bin/mysqlslap",
    "usr/bin/myisam_ftdump",
    "usr/bin/myisamchk",
    "usr/bin/myisamlog",
    "usr/bin/myisampack",
    "usr/bin/ibd2sdi",
    "usr/bin/innochecksum",
    "usr/bin/perror",
];

/// Makes `target/local/mysql`: `root`, and what local/mysql/Containerfile copies beside it.
pub fn provision(checkout: &Checkout) -> Result<()> {
    let folder = checkout.local().join("mysql");
    let root = folder.join("root");
    let stamp = Stamp::new(folder.join("root.stamp"), RECIPE);
    if !(stamp.is_current() && root.is_dir()) {
        step("fetch MySQL", || fetch(checkout, &root))?;
        stamp.write()?;
    }
    fs::create_dir_all(folder.join("empty"))?;
    fs::copy(checkout.path("local/mysql/entrypoint"), folder.join("entrypoint"))?;
    Ok(())
}

/// What stands for the root file system in an image's hash.
pub fn version() -> &'static str {
    RECIPE
}

fn fetch(checkout: &Checkout, root: &Path) -> Result<()> {
    ensure!(
        nix::unistd::geteuid().is_root(),
        "MySQL comes by debootstrap, which needs root: run this command once as root"
    );
    debian::debootstrap(checkout, root, "mysql-server-core,mysql-client")?;
    let version = output(Command::new("chroot").arg(root).args(["mysqld", "--version"]))?;
    ensure!(version.contains("Ver 9."), "expected MySQL 9, Debian sid gave: {}", version.trim());
    for path in SUPERFLUOUS.iter().map(|path| root.join(path)) {
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else if path.exists() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
