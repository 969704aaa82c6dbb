//! What a fresh machine lacks: Debian packages, MySQL, Kafka with a Java runtime, and a mail catcher.
//!
//! Everything but the Debian packages lands in `target/local`. A second run finds it there and takes
//! no time.

pub(crate) mod debian;
pub(crate) mod java;
mod kafka;
mod mail;
pub(crate) mod maven;
pub(crate) mod mysql;

use anyhow::Result;

use crate::checkout::Checkout;

/// Installs the Debian packages that the Rust build needs.
pub fn build_packages(checkout: &Checkout) -> Result<()> {
    let _lock = checkout.lock("provision")?;
    debian::install(checkout, debian::BUILD_PACKAGES)
}

/// Installs MySQL, Kafka and the mail catcher, with the Debian packages they need.
///
/// Two processes may call this at once: one waits for the other.
pub fn servers(checkout: &Checkout) -> Result<()> {
    let _lock = checkout.lock("provision")?;
    debian::install(checkout, debian::SERVER_PACKAGES)?;
    std::thread::scope(|scope| {
        let database = scope.spawn(|| mysql::provision(checkout));
        // One after the other: Maven's local repository is not made for two writers.
        let java = java::provision(checkout)
            .and_then(|()| kafka::provision(checkout))
            .and_then(|()| mail::provision(checkout));
        database.join().expect("provisioning MySQL does not panic").and(java)
    })
}

/// Installs the browser that scenarios drive.
pub fn browser(checkout: &Checkout) -> Result<()> {
    let _lock = checkout.lock("provision")?;
    debian::install(checkout, debian::BROWSER_PACKAGES)
}

/// Installs the Debian packages that the local node needs.
pub fn node_packages(checkout: &Checkout) -> Result<()> {
    let _lock = checkout.lock("provision")?;
    debian::install(checkout, debian::NODE_PACKAGES)
}
