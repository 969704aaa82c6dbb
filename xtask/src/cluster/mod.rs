//! The cluster that `up` puts the platform on: the local node, the user's own, or one made by kind.

mod current;
mod kind;
mod local;

use std::collections::BTreeMap;
use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

pub use current::Given;
pub use kind::remove as remove_kind;
pub use local::{Until, With};

use crate::checkout::Checkout;
use crate::images::{self, Image};
use crate::kubectl::Kubectl;
use crate::node::{self, Node};

/// Which cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// A node of this checkout's own, made from package registries alone.
    Local,
    /// The current context of kubectl. Strimzi runs in it, and it can pull or has the images.
    Current,
    /// A cluster made by `kind`, where Docker is.
    Kind,
}

/// A cluster with all that the platform needs: images, Strimzi's resources and who fulfils them.
pub struct Cluster {
    pub kubectl: Kubectl,
    /// Where NodePorts are reached.
    pub node_address: IpAddr,
    /// Whole references by component, for the operator's chart. Empty: the chart's own.
    pub images: BTreeMap<String, String>,
    /// Where the cluster pulls them from when [`Self::images`] is empty. None: where the chart says.
    pub image_prefix: Option<String>,
    pub mysql_image: String,
    pub mail_image: String,
    /// The local node with all images that it needs now.
    node: Option<(Node, Vec<Image>)>,
}

impl Cluster {
    /// Adds to a failure what of the local node does not run any more.
    pub fn explain<T>(&self, result: Result<T>) -> Result<T> {
        match self.node.as_ref().and_then(|(node, _)| node::ended(node)) {
            Some(ended) => result.context(ended),
            None => result,
        }
    }

    /// Removes images that nothing runs any more. To be called when the new ones run.
    pub fn tidy(&self) -> Result<()> {
        self.node.as_ref().map_or(Ok(()), |(node, images)| images::prune(node, images))
    }
}

/// Makes or finds it. None when only a part was asked for and that is done.
pub fn prepare(
    checkout: &Checkout,
    target: Target,
    until: Until,
    with: &[With],
    given: &Given,
) -> Result<Option<Cluster>> {
    let only_local = target != Target::Local && (until != Until::Order || !with.is_empty());
    ensure!(!only_local, "--until and --with are for the local node; another cluster has what its owner gave it");
    let only_current = target != Target::Current && *given != Given::default();
    ensure!(!only_current, "--image-prefix and --node-address are for --cluster current");
    match target {
        Target::Local => local::prepare(checkout, until, with),
        Target::Current => current::prepare(checkout, given).map(Some),
        Target::Kind => kind::prepare(checkout).map(Some),
    }
}

/// The address of the first node that a cluster reports.
fn first_node_address(kubectl: &Kubectl) -> Result<IpAddr> {
    let path = "--output=jsonpath={.items[0].status.addresses[?(@.type==\"InternalIP\")].address}";
    let text = kubectl.run(["get", "nodes", path])?;
    text.split_whitespace()
        .next()
        .unwrap_or_default()
        .parse()
        .with_context(|| format!("no address of a node: {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_named_as_the_manual_says() {
        let names: Vec<String> = Target::value_variants()
            .iter()
            .filter_map(|target| Some(target.to_possible_value()?.get_name().to_owned()))
            .collect();
        assert_eq!(names, ["local", "current", "kind"]);
    }
}
