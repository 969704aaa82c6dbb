//! The mail catcher.

use std::time::Duration;

use anyhow::Result;

use super::Place;

/// Applies it and waits until it takes mail.
pub fn apply(place: &Place<'_>, image: &str) -> Result<()> {
    place.apply("mail.yaml", &[("MAIL_IMAGE", image)])?;
    place.kubectl.rollout("mail", "deployment/mail", Duration::from_secs(600))
}
