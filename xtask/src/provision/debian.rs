//! Debian packages, installed only when dpkg says that they are missing, and whole root file systems of them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::checkout::Checkout;
use crate::content;
use crate::step::{output, patiently, run_logged, step};

/// For the Rust build: rdkafka needs OpenSSL and zlib.
pub const BUILD_PACKAGES: &[&str] = &["build-essential", "pkg-config", "libssl-dev", "zlib1g-dev"];

/// For the servers of the tests.
pub const SERVER_PACKAGES: &[&str] = &["debootstrap", "debian-archive-keyring", "openssl", "util-linux"];

/// For scenarios in a browser; it has no font of its own.
pub const BROWSER_PACKAGES: &[&str] = &["chromium", "fonts-dejavu-core"];

/// For the local node: containers, images, and the network between them.
pub const NODE_PACKAGES: &[&str] = &[
    "buildah",
    "containerd",
    "runc",
    "containernetworking-plugins",
    "nftables",
    "conntrack",
    "iproute2",
    "iptables",
    "ca-certificates",
];

/// Installs those of `packages` that are missing. Fails when that needs root and we are not.
pub fn install(checkout: &Checkout, packages: &[&str]) -> Result<()> {
    let missing: Vec<&str> = packages.iter().copied().filter(|name| !is_installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !nix::unistd::geteuid().is_root() {
        bail!("Debian packages are missing; run: sudo apt-get install {}", missing.join(" "));
    }
    let log = checkout.log().join("apt.log");
    step(&format!("install Debian packages: {}", missing.join(" ")), || {
        patiently(|| {
            update(checkout)?;
            run_logged(
                // Whatever else is on this machine stays: Debian's containerd would drive out Docker's.
                apt().args(["install", "--yes", "--no-install-recommends", "--no-remove"]).args(&missing),
                &log,
                &format!("install them by hand: apt-get install {}", missing.join(" ")),
            )
        })
    })
}

/// Downloads the files of `packages` into `folder`. apt's lists may be missing or name versions that the mirror does
/// not keep any more, as they do in the image of a machine: then they are fetched anew.
pub fn download(checkout: &Checkout, packages: &[&str], folder: &Path) -> Result<()> {
    let mut tried = false;
    patiently(|| {
        if std::mem::replace(&mut tried, true) {
            update(checkout)?;
        }
        run_logged(
            apt()
                .current_dir(folder)
                // The sandbox's user may not write into this folder.
                .args(["--option", "APT::Sandbox::User=root", "download"])
                .args(packages),
            &checkout.log().join("apt.log"),
            "see whether apt reaches its mirror: apt-get update",
        )
    })
}

/// Makes `root` anew: Debian sid's base system with the packages `include` (names with commas between them).
pub fn debootstrap(checkout: &Checkout, root: &Path, include: &str) -> Result<()> {
    patiently(|| {
        content::remove(root)?;
        fs::create_dir_all(root)?;
        run_logged(
            // What it mounts below the root ends with it, even when it is killed.
            Command::new("unshare")
                .args(["--mount", "--propagation", "private", "debootstrap", "--variant=minbase"])
                .arg(format!("--include={include}"))
                .arg("sid")
                .arg(root)
                .args(mirror(checkout)),
            &checkout.log().join("debootstrap.log"),
            "see whether the Debian mirror of apt is reachable, then run this again",
        )
    })
}

fn update(checkout: &Checkout) -> Result<()> {
    let hint = "see whether apt reaches its mirror: apt-get update";
    run_logged(apt().arg("update"), &checkout.log().join("apt.log"), hint)
}

fn is_installed(package: &str) -> bool {
    output(Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]))
        .is_ok_and(|status| status == "installed")
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    // Another apt-get may hold the lock on a machine that updates itself.
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["--quiet", "--option", "DPkg::Lock::Timeout=300"]);
    command.args(["--option", "Acquire::Retries=3"]);
    command
}

/// The mirror that this machine's apt uses for Debian itself, so that debootstrap needs no other one.
/// None when apt cannot fetch its lists; debootstrap then takes its own default.
fn mirror(checkout: &Checkout) -> Option<String> {
    listed_mirror().or_else(|| {
        update(checkout).ok()?;
        listed_mirror()
    })
}

fn listed_mirror() -> Option<String> {
    let sites =
        output(Command::new("apt-get").args(["indextargets", "--format", "$(SITE) $(LABEL) $(CREATED_BY)"])).ok()?;
    sites.lines().find_map(|line| {
        let (site, kind) = line.split_once(' ')?;
        (kind == "Debian Packages").then(|| site.to_owned())
    })
}
