//! buildah with a store of this checkout's own.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Image, Recipe};
use crate::checkout::Checkout;
use crate::node::Node;
use crate::step::{output, run_logged};

/// Builds `reference`. Nothing is pulled: the base must be in the store.
pub fn build(checkout: &Checkout, recipe: &Recipe<'_>, reference: &str) -> Result<()> {
    let mut command = buildah(checkout)?;
    // RUN is not used by our Containerfiles; chroot is the isolation that works without a runtime.
    command.args(["build", "--isolation", "chroot", "--pull-never", "--quiet", "--tag", reference]);
    // Else it makes /etc/cni on the machine.
    command.arg("--cni-config-dir").arg(checkout.local().join("images/cni"));
    if let Some(base) = recipe.base {
        command.arg("--build-arg").arg(format!("BASE={}", base.reference()));
    }
    command.arg("--file").arg(&recipe.containerfile).arg(&recipe.context);
    run_logged(
        &mut command,
        &checkout.log().join("images.log"),
        &format!(
            "if a base is missing, remove target/local/images and run this again; else look at {}",
            recipe.containerfile.display()
        ),
    )
}

/// Copies an image into the node's containerd.
pub fn import(node: &Node, image: &Image) -> Result<()> {
    let checkout = node.checkout();
    let log = checkout.log().join("images.log");
    let archive = checkout.local().join("images").join(format!("{}.tar", image.name()));
    let _ = fs::remove_file(&archive);
    let mut push = buildah(checkout)?;
    push.args(["push", "--quiet", "--disable-compression", image.reference()]).arg(format!(
        "docker-archive:{}:{}",
        archive.display(),
        image.reference()
    ));
    run_logged(&mut push, &log, "remove target/local/images and run this again: all images are built anew")?;
    let imported = run_logged(
        node.ctr().args(["images", "import"]).arg(&archive),
        &log,
        "see whether containerd runs: cargo xtask status",
    );
    fs::remove_file(&archive).with_context(|| format!("cannot remove {}", archive.display()))?;
    imported
}

/// The names of all images in the store, one per line.
pub fn list(checkout: &Checkout) -> Result<String> {
    output(buildah(checkout)?.args(["images", "--format", "{{.Name}}:{{.Tag}}"]))
}

/// Removes images from the store.
pub fn remove_images(checkout: &Checkout, references: &[String]) -> Result<()> {
    if !references.is_empty() {
        output(buildah(checkout)?.arg("rmi").args(references))?;
    }
    Ok(())
}

fn buildah(checkout: &Checkout) -> Result<Command> {
    let folder = checkout.local().join("images");
    fs::create_dir_all(&folder)?;
    // buildah leaves its store mounted on itself; in a mount namespace that ends with it, it cannot.
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--propagation", "private", "buildah", "--storage-driver", "overlay"])
        .arg("--root")
        .arg(folder.join("store"))
        .arg("--runroot")
        .arg(folder.join("run"));
    Ok(command)
}
