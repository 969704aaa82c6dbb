//! From the resources to a [`Cluster`], or to the reason and message that Strimzi gives.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Resource, ResourceExt};
use thiserror::Error;

use super::config::user_config;
use super::model::{Claim, Cluster, Disk, Node, Pool, SuperUsers};
use super::names::Names;
use super::node_ids;
use crate::api::{CertificateAuthority, Condition, Kafka, KafkaNodePool, Listener, Volume};
use crate::pki::Policy;

/// The versions whose image this provider has.
pub const VERSION: &str = "4.3.1";
pub const METADATA_VERSION: &str = "4.3-IV0";

/// A specification that cannot be run: goes into the condition `NotReady` as it is.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{reason}: {message}")]
pub struct Invalid {
    pub reason: &'static str,
    pub message: String,
}

impl Invalid {
    pub fn resource(message: impl Into<String>) -> Self {
        Self { reason: "InvalidResourceException", message: message.into() }
    }
}

/// Checks the resource and its pools (sorted by name).
pub fn validate(kafka: &Kafka, pools: &[KafkaNodePool]) -> Result<Cluster, Invalid> {
    let names = Names { cluster: kafka.name_any(), namespace: kafka.namespace().unwrap_or_default() };
    let spec = &kafka.spec.kafka;
    if pools.is_empty() {
        let message = format!("No KafkaNodePools found for Kafka cluster {}", names.cluster);
        return Err(Invalid { reason: "InvalidConfigurationException", message });
    }
    let version = spec.version.clone().unwrap_or_else(|| VERSION.to_owned());
    if version != VERSION {
        let message = format!("Unsupported Kafka.spec.kafka.version: {version}. Supported versions are: [{VERSION}]");
        return Err(Invalid { reason: "UnsupportedKafkaVersionException", message });
    }
    let metadata_version = spec.metadata_version.clone().unwrap_or_else(|| METADATA_VERSION.to_owned());
    let place = format!("{}/{}", names.namespace, names.cluster);
    let config = user_config(&spec.config)
        .map_err(|fault| Invalid::resource(format!("Kafka {place} has invalid spec.kafka.config: {fault}")))?;
    check_listeners(&spec.listeners)?;
    check_roles(&names.cluster, pools)?;

    let ids = node_ids::assign(&pools.iter().map(current_ids).collect::<Vec<_>>());
    let pools_of = pools.iter().zip(ids).map(|(pool, node_ids)| Pool {
        name: pool.name_any(),
        roles: pool.spec.roles.clone(),
        node_ids,
        generation: pool.metadata.generation.unwrap_or_default(),
        owner: owner(pool),
    });
    let built: Vec<Pool> = pools_of.collect();
    let nodes: Vec<Node> = pools.iter().zip(&built).flat_map(|(pool, built)| nodes(&names, pool, built)).collect();
    check_advertised(&spec.listeners, &nodes)?;

    Ok(Cluster {
        owner: owner(kafka),
        warnings: warnings(&nodes),
        nodes,
        pools: built,
        listeners: spec.listeners.clone(),
        config,
        authorization: spec.authorization.as_ref().map(|simple| SuperUsers(simple.super_users.clone())),
        version,
        metadata_version,
        cluster_ca: policy(kafka.spec.cluster_ca.as_ref()),
        clients_ca: policy(kafka.spec.clients_ca.as_ref()),
        names,
    })
}

fn check_listeners(listeners: &[Listener]) -> Result<(), Invalid> {
    let mut faults = Vec::new();
    let unique = |values: BTreeSet<String>| values.len() == listeners.len();
    if !unique(listeners.iter().map(|listener| listener.name.clone()).collect()) {
        faults.push("every listener needs to have a unique name".to_owned());
    }
    if !unique(listeners.iter().map(|listener| listener.port.to_string()).collect()) {
        faults.push("every listener needs to have a unique port number".to_owned());
    }
    for listener in listeners {
        if listener.port < 9092 || [9404, 9999].contains(&listener.port) {
            faults.push(format!("port {} is forbidden and cannot be used", listener.port));
        }
        if listener.authentication() == "tls" && !listener.tls {
            faults.push(format!("listener {} uses tls authentication without TLS encryption", listener.name));
        }
        if !["internal", "nodeport"].contains(&listener.kind.as_str()) {
            faults.push(format!("listener {}: the local Kafka provider has no type {}", listener.name, listener.kind));
        }
        if !["scram-sha-512", "tls", "none"].contains(&listener.authentication()) {
            let kind = listener.authentication();
            faults.push(format!("listener {}: the local Kafka provider has no authentication {kind}", listener.name));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(Invalid::resource(format!("Listener configuration is not valid: [{}]", faults.join(", "))))
}

fn check_roles(cluster: &str, pools: &[KafkaNodePool]) -> Result<(), Invalid> {
    let missing: Vec<String> = ["controller", "broker"]
        .into_iter()
        .filter(|role| !pools.iter().any(|pool| pool.spec.replicas > 0 && pool.spec.roles.iter().any(|has| has == role)))
        .map(|role| {
            format!(
                "At least one KafkaNodePool with the {role} role and at least one replica is required when KRaft mode is enabled"
            )
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Invalid::resource(format!("The Kafka cluster {cluster} is invalid: [{}]", missing.join(", "))))
}

/// Strimzi asks Kubernetes for the node's address; here the specification must tell it.
fn check_advertised(listeners: &[Listener], nodes: &[Node]) -> Result<(), Invalid> {
    for listener in listeners.iter().filter(|listener| listener.is_node_port()) {
        let lacking = nodes
            .iter()
            .filter(|node| node.is_broker)
            .find(|node| listener.broker(node.id).is_none_or(|broker| broker.advertised_host.is_none()));
        if let Some(node) = lacking {
            return Err(Invalid::resource(format!(
                "listener {}: the local Kafka provider needs configuration.brokers[].advertisedHost of broker {}",
                listener.name, node.id
            )));
        }
    }
    Ok(())
}

fn current_ids(pool: &KafkaNodePool) -> (Vec<i32>, usize) {
    let ids = pool.status.as_ref().map(|status| status.node_ids.clone()).unwrap_or_default();
    (ids, usize::try_from(pool.spec.replicas).unwrap_or_default())
}

fn nodes(names: &Names, pool: &KafkaNodePool, built: &Pool) -> Vec<Node> {
    let has = |role: &str| pool.spec.roles.iter().any(|found| found == role);
    let jvm = pool.spec.jvm_options.clone().unwrap_or_default();
    let xmx = jvm.xmx.unwrap_or_else(|| "256m".to_owned());
    let node = |id: &i32| {
        let pod = names.pod(&built.name, *id);
        Node {
            id: *id,
            pool: built.name.clone(),
            disks: disks(pool, &pod),
            pod,
            is_broker: has("broker"),
            is_controller: has("controller"),
            xms: jvm.xms.clone().unwrap_or_else(|| xmx.clone()),
            xmx: xmx.clone(),
            resources: pool.spec.resources.clone(),
        }
    };
    built.node_ids.iter().map(node).collect()
}

fn disks(pool: &KafkaNodePool, pod: &str) -> Vec<Disk> {
    let storage = &pool.spec.storage;
    let volumes: Vec<(String, Volume, String)> = if storage.kind == "jbod" {
        let numbered = storage.volumes.iter().enumerate();
        numbered
            .map(|(index, volume)| {
                let id = volume.id.unwrap_or_else(|| i32::try_from(index).unwrap_or_default());
                (format!("data-{id}"), volume.clone(), volume.kind.clone())
            })
            .collect()
    } else {
        vec![("data".to_owned(), storage.volume.clone(), storage.kind.clone())]
    };
    let shared = volumes.iter().position(|(_, volume, _)| volume.kraft_metadata.is_some()).unwrap_or(0);
    volumes
        .into_iter()
        .enumerate()
        .map(|(index, (mount, volume, kind))| Disk {
            claim: (kind == "persistent-claim").then(|| Claim {
                name: format!("{mount}-{pod}"),
                size: volume.size.unwrap_or_else(|| "1Gi".to_owned()),
                class: volume.class,
                delete: volume.delete_claim,
            }),
            holds_metadata: index == shared,
            mount,
        })
        .collect()
}

fn warnings(nodes: &[Node]) -> Vec<Condition> {
    let alone_and_ephemeral = |role: fn(&Node) -> bool| {
        let mut with_role = nodes.iter().filter(|node| role(node));
        match (with_role.next(), with_role.next()) {
            (Some(node), None) => node.disks.iter().any(|disk| disk.claim.is_none()),
            _ => false,
        }
    };
    let mut found = Vec::new();
    if alone_and_ephemeral(|node| node.is_broker) {
        found.push(Condition::warning(
            "KafkaStorage",
            "A Kafka cluster with a single broker node and ephemeral storage will lose topic messages after any restart or rolling update.",
        ));
    }
    if alone_and_ephemeral(|node| node.is_controller) {
        found.push(Condition::warning(
            "KafkaStorage",
            "A Kafka cluster with a single controller node and ephemeral storage will lose data after any restart or rolling update.",
        ));
    }
    found
}

/// What the resource says of an authority, else Strimzi's defaults.
pub fn policy(authority: Option<&CertificateAuthority>) -> Policy {
    let default = Policy::default();
    authority.map_or(default, |given| Policy {
        validity_days: given.validity_days.unwrap_or(default.validity_days),
        renewal_days: given.renewal_days.unwrap_or(default.renewal_days),
    })
}

/// Strimzi's owners block the deletion and control nothing.
pub fn owner<K: Resource<DynamicType = ()>>(resource: &K) -> OwnerReference {
    OwnerReference {
        api_version: K::api_version(&()).into_owned(),
        kind: K::kind(&()).into_owned(),
        name: resource.name_any(),
        uid: resource.uid().unwrap_or_default(),
        block_owner_deletion: Some(true),
        controller: Some(false),
    }
}

/// What a topic or user operator needs to know of a cluster that may be invalid.
pub fn names_of(kafka: &Kafka) -> Names {
    Names { cluster: kafka.name_any(), namespace: kafka.namespace().unwrap_or_default() }
}

/// Node ports that the specification fixes, by the name of their Service.
pub fn fixed_node_ports(cluster: &Cluster) -> BTreeMap<String, i32> {
    let mut ports = BTreeMap::new();
    for listener in cluster.listeners.iter().filter(|listener| listener.is_node_port()) {
        if let Some(port) = listener.bootstrap().and_then(|bootstrap| bootstrap.node_port) {
            ports.insert(cluster.names.external_bootstrap(&listener.name), port);
        }
        for node in cluster.brokers() {
            if let Some(port) = listener.broker(node.id).and_then(|broker| broker.node_port) {
                ports.insert(cluster.names.external_broker(&node.pool, &listener.name, node.id), port);
            }
        }
    }
    ports
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::super::example::{ephemeral, kafka, listeners, pool, try_cluster};
    use super::*;

    fn fault(spec: Value) -> String {
        try_cluster(spec).expect_err("invalid").to_string()
    }

    fn two(first: i32, second: i32) -> Value {
        json!({"listeners": [
            {"name": "a", "port": first, "type": "internal", "tls": false},
            {"name": "b", "port": second, "type": "internal", "tls": false},
        ]})
    }

    #[rstest]
    #[case(
        json!({"version": "4.1.0"}),
        "UnsupportedKafkaVersionException: Unsupported Kafka.spec.kafka.version: 4.1.0. Supported versions are: [4.3.1]"
    )]
    #[case(
        json!({"config": {"num.partitions": "abc"}}),
        "InvalidResourceException: Kafka kafka/lab has invalid spec.kafka.config: num.partitions has value 'abc' which is not an int"
    )]
    #[case(
        two(9092, 9092),
        "InvalidResourceException: Listener configuration is not valid: [every listener needs to have a unique port number]"
    )]
    #[case(
        two(9091, 9092),
        "InvalidResourceException: Listener configuration is not valid: [port 9091 is forbidden and cannot be used]"
    )]
    fn says_what_is_wrong_as_strimzi_does(#[case] spec: Value, #[case] message: &str) {
        assert_eq!(fault(spec), message);
    }

    #[test]
    fn no_pools_is_told_as_configuration() {
        let error = validate(&kafka(json!({})), &[]).expect_err("invalid");
        assert_eq!(error.reason, "InvalidConfigurationException");
        assert_eq!(error.message, "No KafkaNodePools found for Kafka cluster lab");
    }

    #[test]
    fn a_pool_without_controllers_is_not_enough() {
        let mut brokers = pool(1, ephemeral());
        brokers.spec.roles = vec!["broker".into()];
        let error = validate(&kafka(json!({})), &[brokers]).expect_err("invalid");
        assert!(
            error
                .message
                .starts_with("The Kafka cluster lab is invalid: [At least one KafkaNodePool with the controller role")
        );
    }

    #[test]
    fn an_external_listener_needs_an_address_for_every_broker() {
        let storage = json!({"type": "persistent-claim", "size": "1Gi"});
        let error = validate(&kafka(json!({"listeners": listeners()})), &[pool(2, storage)]).expect_err("invalid");
        assert!(error.message.contains("advertisedHost of broker 1"), "{error}");
    }

    #[test]
    fn warns_of_a_single_node_without_disk() {
        let reasons = |storage: Value| {
            let cluster = validate(&kafka(json!({})), &[pool(1, storage)]).expect("valid");
            cluster.warnings.iter().filter_map(|warning| warning.reason.clone()).collect::<Vec<_>>()
        };
        assert_eq!(reasons(ephemeral()), ["KafkaStorage", "KafkaStorage"]);
        assert!(reasons(json!({"type": "persistent-claim", "size": "1Gi"})).is_empty());
    }

    #[test]
    fn claims_are_named_after_volume_and_pod() {
        let storage = json!({"type": "jbod", "volumes": [{"id": 0, "type": "persistent-claim", "size": "1Gi"}]});
        let cluster = validate(&kafka(json!({})), &[pool(2, storage)]).expect("valid");
        let names: Vec<&str> = cluster
            .nodes
            .iter()
            .flat_map(|node| &node.disks)
            .filter_map(|disk| Some(disk.claim.as_ref()?.name.as_str()))
            .collect();
        assert_eq!(names, ["data-0-lab-dual-0", "data-0-lab-dual-1"]);
    }
}
