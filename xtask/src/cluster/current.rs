//! The cluster of the user's current context.

use std::collections::BTreeMap;
use std::net::IpAddr;

use anyhow::{Context, Result};

use super::{Cluster, first_node_address};
use crate::checkout::Checkout;
use crate::kubectl::Kubectl;

/// MySQL's own image and GreenMail's, where a registry is at hand.
pub const MYSQL_IMAGE: &str = "mysql:9.7";
pub const MAIL_IMAGE: &str = "greenmail/standalone:2.1.3";

/// What `up` cannot know of a cluster that it did not make.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct Given {
    /// With --cluster current: where the cluster pulls our images from, such as registry.example/order-pipeline. No
    /// image is built or loaded there.
    #[arg(long, value_name = "PREFIX")]
    image_prefix: Option<String>,

    /// With --cluster current: the address at which its NodePorts are reached from here. Default: the first node's own.
    #[arg(long, value_name = "IP")]
    node_address: Option<IpAddr>,
}

/// Checks that the context answers and knows Strimzi's resources.
pub fn prepare(checkout: &Checkout, given: &Given) -> Result<Cluster> {
    let kubectl = Kubectl::current(checkout);
    let context = kubectl.run(["config", "current-context"]).context("kubectl has no current context")?;
    println!("  the cluster of context {}", context.trim());
    println!(
        "  no image is built or loaded there: it must have or pull {}/<component> in the chart's version, {MYSQL_IMAGE} \
         and {MAIL_IMAGE}; --image-prefix names another place for ours",
        given.image_prefix.as_deref().unwrap_or("order-pipeline")
    );
    let cluster = with_strimzi(kubectl, given.node_address)?;
    println!("  its NodePorts must be reachable from here at {}; --node-address names another", cluster.node_address);
    Ok(Cluster { image_prefix: given.image_prefix.clone(), ..cluster })
}

/// A cluster that has Strimzi, with images as public registries name them.
pub fn with_strimzi(kubectl: Kubectl, node_address: Option<IpAddr>) -> Result<Cluster> {
    kubectl.run(["get", "namespaces", "--output=name"]).context("the cluster does not answer")?;
    kubectl
        .run(["get", "crd", "kafkas.kafka.strimzi.io"])
        .context("the cluster has no Strimzi: https://strimzi.io/quickstarts tells how to install it")?;
    let node_address = match node_address {
        Some(address) => address,
        None => first_node_address(&kubectl)?,
    };
    Ok(Cluster {
        node_address,
        kubectl,
        images: BTreeMap::new(),
        image_prefix: None,
        mysql_image: MYSQL_IMAGE.to_owned(),
        mail_image: MAIL_IMAGE.to_owned(),
        node: None,
    })
}
