//! Images of our own Rust programs: the base and one binary each.

use std::fs;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};

use super::{Image, Recipe, build as build_image};
use crate::checkout::Checkout;
use crate::step::{run_logged, step};
use crate::{content, page};

/// Image and binary of every component that the platform runs. A component's cargo package is named as
/// its binary.
pub const COMPONENTS: &[(&str, &str)] = &[
    ("operator", "order-pipeline-operator"),
    ("search-api", "search-api"),
    ("order-api", "order-api"),
    ("order-consumer", "order-consumer"),
    ("notifier", "notifier"),
    ("migrator", "migrator"),
    (STOREFRONT, "storefront"),
];

const STOREFRONT: &str = "storefront";
/// Where the storefront's image takes the built page from, in `target/image`.
const PAGE: &str = "page";

/// Compiles all of them, and `others`, in one go, so that cargo shares what they share; the page meanwhile.
pub fn compile(checkout: &Checkout, others: &[&str]) -> Result<()> {
    thread::scope(|scope| {
        let page = scope.spawn(|| place_page(checkout));
        let programs = compile_programs(checkout, others);
        programs.and(page.join().expect("building the page does not panic"))
    })
}

fn compile_programs(checkout: &Checkout, others: &[&str]) -> Result<()> {
    step("compile our programs (Rust)", || {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(checkout.root()).args(["build", "--profile", "image", "--locked", "--bins"]);
        // Where the Containerfiles' context is, whatever this user's cargo is configured to.
        cargo.arg("--target-dir").arg(checkout.path("target"));
        for package in COMPONENTS.iter().map(|(_, binary)| binary).chain(others) {
            cargo.args(["--package", package]);
        }
        run_logged(&mut cargo, &checkout.log().join("cargo.log"), "the compiler's message is in the log")
    })
}

/// Copies the built page to where the programs are: one context for all images.
fn place_page(checkout: &Checkout) -> Result<()> {
    let built = page::build(checkout)?;
    let place = checkout.path("target/image").join(PAGE);
    content::remove(&place)?;
    for file in content::files(&built)? {
        let target = place.join(file.strip_prefix(&built)?);
        fs::create_dir_all(target.parent().context("a file has a folder")?)?;
        fs::copy(&file, &target).with_context(|| format!("cannot copy {}", file.display()))?;
    }
    Ok(())
}

/// What the image of a component is made of.
pub fn recipe<'a>(checkout: &Checkout, base: Option<&'a Image>, name: &'a str, binary: &str) -> Recipe<'a> {
    let mut inputs = vec![binary.into()];
    if name == STOREFRONT {
        inputs.push(PAGE.into());
    }
    Recipe {
        name,
        containerfile: checkout.path("local/images").join(name).join("Containerfile"),
        context: checkout.path("target/image"),
        inputs,
        version: String::new(),
        base,
    }
}

/// Builds the image of `name` from what [`compile`] made.
pub fn build(checkout: &Checkout, base: &Image, name: &str, binary: &str) -> Result<Image> {
    build_image(checkout, &recipe(checkout, Some(base), name, binary))
}
