//! GreenMail, the mail catcher.

use anyhow::Result;

use super::maven;
use crate::checkout::Checkout;

/// Puts GreenMail's jars into `target/local/mail/libs`.
pub fn provision(checkout: &Checkout) -> Result<()> {
    let libs = checkout.local().join("mail/libs");
    maven::copy_dependencies(checkout, "fetch the mail catcher", "local/mail/pom.xml", &libs)
}
