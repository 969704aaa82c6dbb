//! `cargo xtask down`: stops the local cluster and leaves nothing of it on the machine.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;

use crate::checkout::Checkout;
use crate::cluster;
use crate::content;
use crate::node::{self, Node};
use crate::servers;
use crate::step::step;

/// What `down` is told.
#[derive(Args)]
pub struct DownArgs {
    /// Remove target/local as well: data, images, programs, and what was downloaded.
    #[arg(long)]
    purge: bool,
}

/// Runs it. Nothing to stop is no error.
pub fn run(checkout: &Checkout, args: &DownArgs) -> Result<()> {
    let _lock = checkout.lock("node")?;
    let node = Node::of(checkout)?;
    node::stop(&node)?;
    cluster::remove_kind(checkout)?;
    let _ = fs::remove_file(checkout.local().join("env"));
    if args.purge {
        servers::run(checkout, &servers::Action::Down)?;
        step("remove data, images and programs", || purge(&checkout.local()))?;
    }
    println!("The local cluster of {} is down.", checkout.root().display());
    Ok(())
}

/// Removes the folder with all in it, unless something is mounted there: that would be emptied too.
fn purge(folder: &Path) -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    if let Some(mount) =
        mounts.lines().filter_map(|line| line.split(' ').nth(4)).find(|at| Path::new(at).starts_with(folder))
    {
        bail!("{mount} is mounted; unmount it (umount {mount}) and run this again");
    }
    content::remove(folder)
}
