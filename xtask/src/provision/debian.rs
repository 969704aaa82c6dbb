//! Debian packages, installed only when dpkg says that they are missing.

use std::process::Command;

use anyhow::{Result, bail};

use crate::checkout::Checkout;
use crate::step::{output, run_logged, step};

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
        run_logged(apt().arg("update"), &log, "see whether apt reaches its mirror: apt-get update")?;
        run_logged(
            apt().args(["install", "--yes", "--no-install-recommends"]).args(&missing),
            &log,
            &format!("install them by hand: apt-get install {}", missing.join(" ")),
        )
    })
}

fn is_installed(package: &str) -> bool {
    output(Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]))
        .is_ok_and(|status| status == "installed")
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    // Another apt-get may hold the lock on a machine that updates itself.
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["--quiet", "--option", "DPkg::Lock::Timeout=300"]);
    command
}

/// The mirror that this machine's apt uses for Debian itself, so that debootstrap needs no other one.
/// None when apt's lists are empty; debootstrap then takes its own default.
pub fn mirror() -> Option<String> {
    let sites =
        output(Command::new("apt-get").args(["indextargets", "--format", "$(SITE) $(LABEL) $(CREATED_BY)"])).ok()?;
    sites.lines().find_map(|line| {
        let (site, kind) = line.split_once(' ')?;
        (kind == "Debian Packages").then(|| site.to_owned())
    })
}
