//! One ConfigMap for each node. It belongs to the pool, so the cluster's id outlives the Kafka
//! resource as the data on its claims does.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;

use super::config::server_properties;
use super::model::{Cluster, Node};
use super::names::Component;

pub const CLUSTER_ID: &str = "cluster.id";

pub fn config_map(cluster: &Cluster, node: &Node, cluster_id: &str, node_ports: &BTreeMap<String, i32>) -> ConfigMap {
    let pool = cluster.pools.iter().find(|pool| pool.name == node.pool).expect("every node is of a pool");
    let mut metadata = cluster.names.meta(node.pod.clone(), Component::Kafka, &pool.owner);
    let labels = metadata.labels.get_or_insert_default();
    labels.insert("strimzi.io/pod-name".into(), node.pod.clone());
    labels.insert("strimzi.io/pool-name".into(), node.pool.clone());
    let data = [
        (CLUSTER_ID, cluster_id.to_owned()),
        ("metadata.version", cluster.metadata_version.clone()),
        ("log4j2.properties", include_str!("log4j2.properties").to_owned()),
        ("server.config", server_properties(cluster, node, node_ports)),
    ];
    let data = data.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    ConfigMap { metadata, data: Some(data), ..ConfigMap::default() }
}
