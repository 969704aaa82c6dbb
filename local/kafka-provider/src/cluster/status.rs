//! What the Kafka resource and its pools say of themselves.

use std::collections::BTreeMap;

use serde_json::json;

use super::model::{Cluster, Pool};
use crate::api::{Address, Condition, KafkaNodePoolStatus, KafkaStatus, Listener, ListenerStatus, PoolReference};

/// The release that this provider imitates.
const STRIMZI: &str = "1.2.0";

/// A resource that was never looked at.
pub fn creating() -> KafkaStatus {
    let condition = Condition::not_ready("Creating", "Kafka cluster is being deployed");
    KafkaStatus { conditions: vec![condition], ..KafkaStatus::default() }
}

/// Strimzi drops listeners and versions of a paused resource.
pub fn paused(before: &KafkaStatus, generation: i64) -> KafkaStatus {
    KafkaStatus {
        conditions: vec![Condition::paused()],
        observed_generation: generation,
        cluster_id: before.cluster_id.clone(),
        ..KafkaStatus::default()
    }
}

/// A bad specification: what runs goes on, but listeners and pools are no longer told.
pub fn invalid(before: &KafkaStatus, generation: i64, reason: &str, message: &str) -> KafkaStatus {
    KafkaStatus {
        conditions: vec![Condition::not_ready(reason, message)],
        observed_generation: generation,
        listeners: None,
        kafka_node_pools: None,
        ..before.clone()
    }
}

pub fn ready(
    cluster: &Cluster,
    generation: i64,
    cluster_id: &str,
    authority: &str,
    node_ports: &BTreeMap<String, i32>,
) -> KafkaStatus {
    let mut conditions = cluster.warnings.clone();
    conditions.push(Condition::ready());
    let listeners = cluster.listeners.iter().map(|listener| listener_status(cluster, listener, authority, node_ports));
    KafkaStatus {
        conditions,
        observed_generation: generation,
        cluster_id: Some(cluster_id.to_owned()),
        cluster_security: Some(
            json!({"authentication": {"type": "strimzi-mtls"}, "encryption": {"type": "strimzi-tls"}}),
        ),
        kafka_version: Some(cluster.version.clone()),
        kafka_metadata_version: Some(cluster.metadata_version.clone()),
        operator_last_successful_version: Some(STRIMZI.to_owned()),
        kafka_node_pools: Some(cluster.pools.iter().map(|pool| PoolReference { name: pool.name.clone() }).collect()),
        listeners: Some(listeners.collect()),
    }
}

fn listener_status(
    cluster: &Cluster,
    listener: &Listener,
    authority: &str,
    node_ports: &BTreeMap<String, i32>,
) -> ListenerStatus {
    let mut addresses: Vec<Address> = if listener.is_node_port() {
        let port = node_ports.get(&cluster.names.external_bootstrap(&listener.name)).copied().unwrap_or(listener.port);
        let hosts = cluster.brokers().filter_map(|node| listener.broker(node.id)?.advertised_host.clone());
        hosts.map(|host| Address { host, port }).collect()
    } else {
        vec![Address { host: cluster.names.bootstrap_host(), port: listener.port }]
    };
    addresses.dedup();
    let servers: Vec<String> = addresses.iter().map(|address| format!("{}:{}", address.host, address.port)).collect();
    ListenerStatus {
        name: listener.name.clone(),
        addresses,
        bootstrap_servers: servers.join(","),
        certificates: listener.tls.then(|| vec![authority.to_owned()]),
    }
}

pub fn pool_status(cluster: &Cluster, pool: &Pool, cluster_id: &str) -> KafkaNodePoolStatus {
    let name = &cluster.names.cluster;
    KafkaNodePoolStatus {
        conditions: Vec::new(),
        observed_generation: pool.generation,
        cluster_id: Some(cluster_id.to_owned()),
        node_ids: pool.node_ids.clone(),
        replicas: i32::try_from(pool.node_ids.len()).unwrap_or(i32::MAX),
        roles: pool.roles.clone(),
        label_selector: Some(format!(
            "strimzi.io/cluster={name},strimzi.io/name={name}-kafka,strimzi.io/kind=Kafka,strimzi.io/pool-name={}",
            pool.name
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::example::cluster;
    use super::super::validate::fixed_node_ports;
    use super::*;

    fn well() -> KafkaStatus {
        let cluster = cluster();
        ready(&cluster, 3, "ZTOfFV_CQ7ymr_7Kv3bQqw", "<PEM>", &fixed_node_ports(&cluster))
    }

    #[test]
    fn a_ready_cluster_tells_its_listeners() {
        insta::assert_yaml_snapshot!(well());
    }

    #[test]
    fn a_bad_specification_hides_listeners_and_keeps_versions() {
        let status = invalid(&well(), 4, "InvalidResourceException", "why");
        assert_eq!((status.listeners, status.kafka_node_pools), (None, None));
        assert_eq!(status.kafka_version.as_deref(), Some("4.3.1"));
        assert_eq!(status.conditions, [Condition::not_ready("InvalidResourceException", "why")]);
    }

    #[test]
    fn a_paused_one_tells_nothing_but_that() {
        let status = paused(&well(), 4);
        assert_eq!((status.listeners, status.kafka_version), (None, None));
        assert_eq!(status.conditions, [Condition::paused()]);
    }

    #[test]
    fn a_new_one_is_being_made() {
        let status = creating();
        assert_eq!(status.observed_generation, 0);
        assert_eq!(status.conditions[0].reason.as_deref(), Some("Creating"));
    }
}
