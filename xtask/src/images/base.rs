//! The base of our images: the C library, OpenSSL, zlib, CA certificates and time zones out of Debian
//! packages; no shell, no package manager. It stands in for distroless/cc where no registry is reachable.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Image, Recipe};
use crate::checkout::Checkout;
use crate::content;
use crate::provision::debian;
use crate::step::{Stamp, run_logged, step};

const PACKAGES: &[&str] = &[
    "base-files",
    "ca-certificates",
    "gcc-12-base",
    "libc6",
    "libgcc-s1",
    "libssl3",
    "libstdc++6",
    "netbase",
    "tzdata",
    "zlib1g",
];

/// What a running program never reads.
const UNUSED: &[&str] = &[
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/sbin",
    "usr/share/base-files",
    "usr/share/bug",
    "usr/share/doc",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/man",
];

const USER: u32 = 65532;

/// Builds it. The packages are fetched once; `cargo xtask down --purge` fetches them anew.
pub fn build(checkout: &Checkout) -> Result<Image> {
    let context = checkout.local().join("images/base");
    let archive = context.join("root.tar");
    let stamp = Stamp::new(context.join("stamp"), PACKAGES.join(" "));
    if !stamp.is_current() || !archive.exists() {
        step("fetch the base image's packages", || {
            let root = unpack(checkout, &context)?;
            tidy(&root)?;
            // The same packages give the same bytes, so the same tag.
            run_logged(
                Command::new("tar")
                    .args(["--sort=name", "--mtime=@0", "--numeric-owner", "--create", "--file"])
                    .arg(&archive)
                    .arg("--directory")
                    .arg(&root)
                    .arg("."),
                &checkout.log().join("images.log"),
                "see whether the disk is full",
            )?;
            stamp.write()
        })?;
    }
    super::build(
        checkout,
        &Recipe {
            name: "base",
            containerfile: checkout.path("local/images/base/Containerfile"),
            context,
            inputs: vec!["root.tar".into()],
            version: String::new(),
            base: None,
        },
    )
}

fn unpack(checkout: &Checkout, context: &Path) -> Result<PathBuf> {
    content::remove(context)?;
    let (packages, root) = (context.join("packages"), context.join("root"));
    fs::create_dir_all(&packages)?;
    fs::create_dir_all(&root)?;
    debian::download(checkout, PACKAGES, &packages)?;
    let log = checkout.log().join("images.log");
    for package in fs::read_dir(&packages)? {
        run_logged(
            Command::new("dpkg-deb").arg("--extract").arg(package?.path()).arg(&root),
            &log,
            "see whether the disk is full",
        )?;
    }
    Ok(root)
}

/// What the packages' scripts would do, by hand, and without what no program needs.
fn tidy(root: &Path) -> Result<()> {
    for folder in UNUSED {
        let _ = fs::remove_dir_all(root.join(folder));
    }
    let certificates = root.join("usr/share/ca-certificates/mozilla");
    let mut names: Vec<PathBuf> = fs::read_dir(&certificates)
        .context("ca-certificates has another layout than Debian 12's")?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    names.sort();
    let mut bundle = String::new();
    for name in names {
        bundle += &fs::read_to_string(name)?;
    }
    fs::create_dir_all(root.join("etc/ssl/certs"))?;
    fs::write(root.join("etc/ssl/certs/ca-certificates.crt"), bundle)?;
    fs::write(
        root.join("etc/passwd"),
        format!(
            "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n\
             nonroot:x:{USER}:{USER}:nonroot:/home/nonroot:/sbin/nologin\n"
        ),
    )?;
    fs::write(root.join("etc/group"), format!("root:x:0:\nnobody:x:65534:\nnonroot:x:{USER}:\n"))?;
    fs::write(root.join("etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n")?;
    let home = root.join("home/nonroot");
    fs::create_dir_all(&home)?;
    chown(&home, Some(USER), Some(USER))?;
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700))?;
    fs::create_dir_all(root.join("tmp"))?;
    fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777))?;
    let release = root.join("etc/os-release");
    if !release.is_symlink() {
        symlink("../usr/lib/os-release", release)?;
    }
    Ok(())
}
