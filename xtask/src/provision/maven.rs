//! Jars by Maven, with the versions of a pom.xml in the repository.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::checkout::Checkout;
use crate::content;
use crate::step::{Stamp, patiently, run_logged, step};

/// Copies the runtime dependencies of `pom` (relative to the checkout) into `target`. Nothing is done
/// when `target` was made from the same pom.
pub fn copy_dependencies(checkout: &Checkout, title: &str, pom: &str, target: &Path) -> Result<()> {
    let pom = checkout.path(pom);
    let text = fs::read_to_string(&pom).with_context(|| format!("cannot read {}", pom.display()))?;
    let stamp = Stamp::new(target.with_extension("stamp"), text);
    if stamp.is_current() && target.is_dir() {
        return Ok(());
    }
    step(title, || {
        content::remove(target)?;
        patiently(|| {
            run_logged(
                Command::new("mvn")
                    .args(["--batch-mode", "--quiet"])
                    // Else what was not found once is not looked for again.
                    .arg("--update-snapshots")
                    // Half an hour by default.
                    .args(["-Dmaven.wagon.rto=120000", "-Daether.connector.requestTimeout=120000"])
                    .arg("--file")
                    .arg(&pom)
                    .args(["dependency:copy-dependencies", "-DincludeScope=runtime"])
                    .arg(format!("-DoutputDirectory={}", target.display())),
                &checkout.log().join("maven.log"),
                "see whether Maven reaches its repository (~/.m2/settings.xml holds mirrors)",
            )
        })?;
        stamp.write()
    })
}
