//! A cluster whose specification is known to be good. What is built from it cannot fail.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use super::names::Names;
use crate::api::{Condition, Listener};
use crate::pki::Policy;

#[derive(Clone, Debug)]
pub struct Cluster {
    pub names: Names,
    /// The Kafka resource, as owner of most objects.
    pub owner: OwnerReference,
    pub nodes: Vec<Node>,
    pub pools: Vec<Pool>,
    pub listeners: Vec<Listener>,
    /// The user's settings, without those that only the operator may make.
    pub config: BTreeMap<String, String>,
    pub authorization: Option<SuperUsers>,
    pub version: String,
    pub metadata_version: String,
    pub cluster_ca: Policy,
    pub clients_ca: Policy,
    pub warnings: Vec<Condition>,
}

/// Principals that may do everything, besides the operators' own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuperUsers(pub Vec<String>);

#[derive(Clone, Debug)]
pub struct Pool {
    pub name: String,
    pub roles: Vec<String>,
    pub node_ids: Vec<i32>,
    pub generation: i64,
    pub owner: OwnerReference,
}

/// One process of Kafka.
#[derive(Clone, Debug)]
pub struct Node {
    pub id: i32,
    pub pool: String,
    pub pod: String,
    pub is_broker: bool,
    pub is_controller: bool,
    pub disks: Vec<Disk>,
    pub xms: String,
    pub xmx: String,
    pub resources: Option<ResourceRequirements>,
}

/// A folder for logs, mounted at `/var/lib/kafka/<mount>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// `data`, or `data-<volume id>` for jbod.
    pub mount: String,
    /// None: lost with the pod.
    pub claim: Option<Claim>,
    pub holds_metadata: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub name: String,
    pub size: String,
    pub class: Option<String>,
    /// Deleted with the Kafka resource.
    pub delete: bool,
}

impl Node {
    pub fn log_dir(&self, disk: &Disk) -> String {
        format!("/var/lib/kafka/{}/kafka-log{}", disk.mount, self.id)
    }
}

impl Cluster {
    pub fn brokers(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.is_broker)
    }

    pub fn controllers(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.is_controller)
    }
}
