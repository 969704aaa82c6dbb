//! What Kubernetes has of a cluster.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};

use super::config_map::CLUSTER_ID;
use super::names::Names;
use super::roll::is_ready;
use crate::api::{CLUSTER_LABEL, KafkaNodePool};

pub struct Observed {
    /// Sorted by name.
    pub pools: Vec<KafkaNodePool>,
    pub secrets: Vec<Secret>,
    pub pods: Vec<Pod>,
    /// Of an earlier life of the cluster, perhaps.
    pub cluster_id: Option<String>,
}

impl Observed {
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.iter().find(|secret| secret.name_any() == name)
    }
}

pub async fn observe(client: &Client, names: &Names) -> Result<Observed, kube::Error> {
    let namespace = &names.namespace;
    let of_cluster = format!("{CLUSTER_LABEL}={}", names.cluster);
    let of_kafka = format!("{of_cluster},strimzi.io/kind=Kafka");
    let pools: Api<KafkaNodePool> = Api::namespaced(client.clone(), namespace);
    let mut pools = pools.list(&ListParams::default().labels(&of_cluster)).await?.items;
    pools.sort_by_key(ResourceExt::name_any);
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let maps = maps.list(&ListParams::default().labels(&of_kafka)).await?.items;
    let from_map = maps.iter().find_map(|map| map.data.as_ref()?.get(CLUSTER_ID).cloned());
    let from_pool = pools.iter().find_map(|pool| pool.status.as_ref()?.cluster_id.clone());
    Ok(Observed {
        cluster_id: from_pool.or(from_map),
        pools,
        secrets: secrets.list(&ListParams::default().labels(&of_kafka)).await?.items,
        pods: pods.list(&ListParams::default().labels(&of_kafka)).await?.items,
    })
}

/// What tells the runs of the brokers that are ready from their earlier runs: the ids of their containers.
pub async fn ready_runs(client: &Client, names: &Names) -> Result<BTreeSet<String>, kube::Error> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &names.namespace);
    let of_kafka = format!("{CLUSTER_LABEL}={},strimzi.io/kind=Kafka", names.cluster);
    let pods = pods.list(&ListParams::default().labels(&of_kafka)).await?.items;
    let containers = pods
        .iter()
        .filter(|pod| is_ready(pod))
        .flat_map(|pod| pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten()));
    Ok(containers.filter_map(|container| container.container_id.clone()).collect())
}
