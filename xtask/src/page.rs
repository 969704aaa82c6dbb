//! The shopper's page: installed, built, and its typed client generated. npm reads the lock file alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::checkout::Checkout;
use crate::content;
use crate::provision;
use crate::step::{Stamp, output, patiently, run_logged, step};

const WEB: &str = "services/storefront/web";
/// What the built page is made of.
const SOURCES: &[&str] = &["src", "scripts", "index.html", "vite.config.ts", "package-lock.json"];

/// The page's folder.
pub fn folder(checkout: &Checkout) -> PathBuf {
    checkout.path(WEB)
}

/// Installs what the lock file says, unless that is there.
pub fn install(checkout: &Checkout) -> Result<()> {
    let web = folder(checkout);
    let lock = fs::read_to_string(web.join("package-lock.json"))?;
    let stamp = Stamp::new(checkout.local().join("page/installed"), lock);
    if stamp.is_current() && web.join("node_modules").is_dir() {
        return Ok(());
    }
    step("install the page's libraries (npm)", || {
        patiently(|| npm(checkout, &["ci", "--no-audit", "--no-fund"]))?;
        stamp.write()
    })
}

/// Builds the page unless nothing of it changed; gives the folder with `index.html`.
pub fn build(checkout: &Checkout) -> Result<PathBuf> {
    install(checkout)?;
    let web = folder(checkout);
    let stamp = Stamp::new(checkout.local().join("page/built"), sources(&web)?);
    let built = web.join("dist");
    if stamp.is_current() && built.join("index.html").is_file() {
        return Ok(built);
    }
    step("build the page (Vite)", || {
        npm(checkout, &["run", "build"])?;
        stamp.write()
    })?;
    Ok(built)
}

/// Makes the OpenAPI documents and the types from the services' code.
pub fn generate_client(checkout: &Checkout) -> Result<PathBuf> {
    provision::build_packages(checkout)?;
    install(checkout)?;
    let documents = folder(checkout).join("openapi");
    step("ask the services for their OpenAPI documents", || {
        output(
            Command::new("cargo")
                .args(["run", "--quiet", "--package", "storefront", "--example", "api_documents", "--"])
                .arg(&documents)
                .env_remove("CARGO_MANIFEST_DIR")
                .current_dir(checkout.root()),
        )
    })?;
    step("make the page's types of them", || npm(checkout, &["run", "generate"]))?;
    Ok(documents)
}

fn npm(checkout: &Checkout, args: &[&str]) -> Result<()> {
    run_logged(
        Command::new("npm").args(args).current_dir(folder(checkout)),
        &checkout.log().join("npm.log"),
        "Node 20.19 or newer is needed, and npm must reach its registry",
    )
}

/// All that the page is made of, in one text: it changes when the page does.
fn sources(web: &Path) -> Result<String> {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for source in SOURCES {
        for file in content::files(&web.join(source))? {
            hash.update(file.as_os_str().as_encoded_bytes());
            hash.update(fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?);
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
