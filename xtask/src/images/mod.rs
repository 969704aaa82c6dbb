//! Container images from the Containerfiles in local/, built by buildah from what is on this machine and
//! handed to the node's containerd. An image's tag is a hash of what it is made of: the same inputs are
//! built once, and only what changed rolls.

mod base;
mod components;
mod store;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

pub use base::build as build_base;
pub use components::{COMPONENTS, build as build_components, compile as compile_components, recipe as component};

use crate::checkout::Checkout;
use crate::content;
use crate::node::Node;
use crate::step::{Stamp, output, step};

/// All images of this tool are called `localhost/order-pipeline/<name>:<hash>`.
pub const PREFIX: &str = "localhost/order-pipeline";

/// A built image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    name: String,
    reference: String,
}

impl Image {
    /// Its short name, such as `search-api`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its full name with the tag.
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

/// What an image is made of.
#[derive(Clone, Debug)]
pub struct Recipe<'a> {
    /// Its short name.
    pub name: &'a str,
    /// The Containerfile.
    pub containerfile: PathBuf,
    /// The folder that COPY and ADD read from.
    pub context: PathBuf,
    /// Which files of the context count for the hash: paths below it. A folder stands for all in it.
    pub inputs: Vec<PathBuf>,
    /// What stands for inputs too large to be read each time (a root file system's version).
    pub version: String,
    /// The image to build on, for `ARG BASE`.
    pub base: Option<&'a Image>,
}

/// Builds the image unless one with the same hash is there.
pub fn build(checkout: &Checkout, recipe: &Recipe<'_>) -> Result<Image> {
    let hash = hash(recipe)?;
    let image = Image { name: recipe.name.to_owned(), reference: format!("{PREFIX}/{}:{hash}", recipe.name) };
    let stamp = Stamp::new(checkout.local().join("images/built").join(recipe.name), hash);
    if stamp.is_current() {
        return Ok(image);
    }
    step(&format!("build image {}", recipe.name), || {
        store::build(checkout, recipe, &image.reference)?;
        stamp.write()
    })?;
    Ok(image)
}

/// Hands those of `images` to the node's containerd that it does not have.
pub fn import(node: &Node, images: &[Image]) -> Result<()> {
    let there = output(node.ctr().args(["images", "list", "--quiet"]))?;
    let there: BTreeSet<&str> = there.lines().collect();
    for image in images.iter().filter(|image| !there.contains(image.reference.as_str())) {
        step(&format!("import image {}", image.name), || store::import(node, image))?;
    }
    Ok(())
}

/// Removes images of earlier hashes from the node and from the store. `now` are those that are wanted; images of
/// other names stay, for what another run was asked for may still use them.
pub fn prune(node: &Node, now: &[Image]) -> Result<()> {
    let stale = |list: &str| -> Vec<String> {
        list.lines().filter(|reference| is_stale(reference, now)).map(str::to_owned).collect()
    };
    let imported = stale(&output(node.ctr().args(["images", "list", "--quiet"]))?);
    if !imported.is_empty() {
        output(node.ctr().args(["images", "remove"]).args(&imported))?;
    }
    store::remove_images(node.checkout(), &stale(&store::list(node.checkout())?))
}

fn is_stale(reference: &str, now: &[Image]) -> bool {
    now.iter().any(|image| {
        let of_name = reference.strip_prefix(&format!("{PREFIX}/{}:", image.name));
        of_name.is_some() && reference != image.reference
    })
}

/// Twelve hexadecimal digits of a hash over all that the image is made of: its tag.
pub fn hash(recipe: &Recipe<'_>) -> Result<String> {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    add(&fs::read(&recipe.containerfile).with_context(|| format!("cannot read {}", recipe.containerfile.display()))?);
    add(recipe.version.as_bytes());
    add(recipe.base.map_or("", Image::reference).as_bytes());
    for input in &recipe.inputs {
        for file in content::files(&recipe.context.join(input))? {
            add(file.as_os_str().as_encoded_bytes());
            add(&fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?);
        }
    }
    Ok(hash.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_other_hashes_of_wanted_images_are_stale() {
        let now = [Image { name: "order-api".to_owned(), reference: format!("{PREFIX}/order-api:2") }];
        assert!(is_stale(&format!("{PREFIX}/order-api:1"), &now));
        assert!(!is_stale(&format!("{PREFIX}/order-api:2"), &now));
        assert!(!is_stale(&format!("{PREFIX}/metrics-server:1"), &now));
        assert!(!is_stale("docker.io/library/order-api:1", &now));
    }

    #[test]
    fn the_tag_changes_with_every_input() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let containerfile = folder.path().join("Containerfile");
        fs::write(&containerfile, "FROM scratch")?;
        fs::write(folder.path().join("program"), "1")?;
        let recipe = Recipe {
            name: "x",
            containerfile: containerfile.clone(),
            context: folder.path().to_owned(),
            inputs: vec!["program".into()],
            version: String::new(),
            base: None,
        };
        let first = hash(&recipe)?;
        assert_eq!(first, hash(&recipe)?);
        fs::write(folder.path().join("program"), "2")?;
        let second = hash(&recipe)?;
        assert_ne!(first, second);
        let base = Image { name: "base".to_owned(), reference: "base:1".to_owned() };
        assert_ne!(second, hash(&Recipe { base: Some(&base), ..recipe })?);
        Ok(())
    }
}
