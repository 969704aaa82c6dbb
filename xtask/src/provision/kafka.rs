//! Apache Kafka's jars.

use anyhow::Result;

use super::maven;
use crate::checkout::Checkout;

/// Puts Kafka's jars into `target/local/kafka/libs`.
pub fn provision(checkout: &Checkout) -> Result<()> {
    let libs = checkout.local().join("kafka/libs");
    maven::copy_dependencies(checkout, "fetch Kafka", "local/kafka/pom.xml", &libs)
}
