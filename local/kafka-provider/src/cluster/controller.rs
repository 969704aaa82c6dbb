//! One reconciliation of a Kafka resource. It never waits: it takes the step that can be taken now and
//! is called again when a pod or a resource changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::api::DeleteParams;
use kube::runtime::controller::Action;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::{Controller, watcher};
use kube::{Api, Client, Resource, ResourceExt};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::apply::{apply, create, write_secret, write_status};
use super::authorities::{certificate_secret, decide, key_secret, trust_secret};
use super::certificates::{Exchange, SIGNED_BY_GENERATION, node_secret, operator_secret, operators};
use super::config_map::config_map;
use super::model::Cluster;
use super::network_policy::network_policy;
use super::observe::{Observed, observe};
use super::pdb::disruption_budget;
use super::pod::{Inputs, TRUST_GENERATION, claims, pod};
use super::roll::{self, Step};
use super::secrets::{generation, text};
use super::services::services;
use super::validate::{fixed_node_ports, names_of, validate};
use super::{Names, status};
use crate::access::{AccessError, connect};
use crate::api::{CLUSTER_LABEL, Kafka, KafkaNodePool, KafkaStatus, is_paused, same_but_time, stamped};
use crate::broker::under_replicated;
use crate::pki::{Authority, PkiError};
use crate::settings::Settings;

#[derive(Debug, Error)]
pub enum ClusterError {
    #[error("Kubernetes refused or did not answer")]
    Kubernetes(#[from] kube::Error),
    #[error("certificates cannot be made")]
    Pki(#[from] PkiError),
    #[error("an event cannot be written")]
    Event(#[source] kube::Error),
}

struct Context {
    client: Client,
    settings: Settings,
    recorder: Recorder,
}

/// Serves Kafka resources until `shutdown`.
pub async fn run(client: Client, settings: Settings, shutdown: CancellationToken) {
    let namespace = settings.watch_namespace.clone();
    let all = watcher::Config::default();
    let kafkas: Api<Kafka> = Api::namespaced(client.clone(), &namespace);
    let pools: Api<KafkaNodePool> = Api::namespaced(client.clone(), &namespace);
    let pods: Api<Pod> = Api::namespaced(client.clone(), &namespace);
    let reporter = Reporter { controller: "strimzi.io/cluster-operator".into(), instance: None };
    let context = Context { recorder: Recorder::new(client.clone(), reporter), client, settings };
    Controller::new(kafkas, all.clone())
        .watches(pools, all.clone(), |pool| {
            let cluster = pool.labels().get(CLUSTER_LABEL).cloned();
            cluster.map(|cluster| ObjectRef::new(&cluster).within(&pool.namespace().unwrap_or_default()))
        })
        .owns(pods, all.labels("strimzi.io/kind=Kafka"))
        .graceful_shutdown_on(shutdown.cancelled_owned())
        .run(reconcile, retry, Arc::new(context))
        .for_each(|_| std::future::ready(()))
        .await;
}

fn retry(kafka: Arc<Kafka>, error: &ClusterError, _: Arc<Context>) -> Action {
    warn!(kafka = kafka.name_any(), error = error as &dyn std::error::Error, "reconciliation failed");
    Action::requeue(Duration::from_secs(5))
}

async fn reconcile(kafka: Arc<Kafka>, context: Arc<Context>) -> Result<Action, ClusterError> {
    if kafka.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    let again = Action::requeue(context.settings.reconcile_interval);
    let before = kafka.status.clone().unwrap_or_default();
    let generation = kafka.metadata.generation.unwrap_or_default();
    if is_paused(&*kafka) {
        tell(&context, &kafka, status::paused(&before, generation)).await?;
        return Ok(again);
    }
    if kafka.status.is_none() {
        tell(&context, &kafka, status::creating()).await?;
    }
    let names = names_of(&kafka);
    let observed = observe(&context.client, &names).await?;
    let cluster = match validate(&kafka, &observed.pools) {
        Ok(cluster) => cluster,
        Err(fault) => {
            tell(&context, &kafka, status::invalid(&before, generation, fault.reason, &fault.message)).await?;
            return Ok(again);
        }
    };
    let built = build(&context, &cluster, &observed).await?;
    match roll::next(&built.pods, &observed.pods) {
        Step::Done => {
            let ready =
                status::ready(&cluster, generation, &built.cluster_id, &built.authority.certificate, &built.node_ports);
            tell(&context, &kafka, ready).await?;
            // The old certificate of a replaced key goes with a reconciliation of its own.
            let settling = !built.authority.old.is_empty();
            Ok(if settling { Action::requeue(context.settings.reconcile_interval.min(SETTLE)) } else { again })
        }
        step => take(&context, &kafka, &names, &observed, step).await,
    }
}

/// How long a replaced certificate stays trusted after the last pod has its new one.
const SETTLE: Duration = Duration::from_secs(60);

struct Built {
    cluster_id: String,
    authority: Authority,
    node_ports: BTreeMap<String, i32>,
    pods: Vec<Pod>,
}

/// Writes all that pods need, in the order in which they need it, and gives back the pods as they
/// should be.
async fn build(context: &Context, cluster: &Cluster, observed: &Observed) -> Result<Built, ClusterError> {
    let client = &context.client;
    let names = &cluster.names;
    let now = Timestamp::now();
    let cluster_id = observed.cluster_id.clone().unwrap_or_else(random_cluster_id);
    write_pool_statuses(client, cluster, observed, &cluster_id).await?;

    let Trust { authority, bundle: trust, clients_generation } =
        write_authorities(client, cluster, observed, now).await?;
    let mut node_ports = fixed_node_ports(cluster);
    for service in services(cluster, &node_ports) {
        let applied = apply(client, &service).await?;
        node_ports.extend(node_port(&applied).map(|port| (applied.name_any(), port)));
    }
    apply(client, &network_policy(cluster)).await?;
    apply(client, &disruption_budget(cluster)).await?;

    let exchange = exchange(&authority, &observed.pods, cluster.nodes.len());
    for operator in operators(cluster) {
        let existing = observed.secret(&operator.0);
        let wanted = operator_secret(cluster, &operator, &authority, existing, exchange, now)?;
        write_secret(client, existing, wanted).await?;
    }
    let mut pods = Vec::new();
    for node in &cluster.nodes {
        let existing = observed.secret(&node.pod);
        let wanted = node_secret(cluster, node, &authority, existing, exchange, now)?;
        let certificate = text(&wanted, &format!("{}.crt", node.pod)).unwrap_or_default();
        let signed_by = generation(&wanted.metadata, SIGNED_BY_GENERATION);
        write_secret(client, existing, wanted).await?;
        let map = config_map(cluster, node, &cluster_id, &node_ports);
        apply(client, &map).await?;
        for claim in claims(cluster, node) {
            create(client, &claim).await?;
        }
        let inputs = Inputs {
            image: &context.settings.kafka_image,
            cluster_id: &cluster_id,
            config: map.data.as_ref().expect("built with data"),
            certificate: &certificate,
            certificate_generation: signed_by,
            trust: &trust,
            key_generation: authority.key_generation,
            clients_generation,
        };
        pods.push(pod(cluster, node, &inputs));
    }
    info!(cluster = names.cluster, nodes = pods.len(), "reconciled what pods need");
    Ok(Built { cluster_id, authority, node_ports, pods })
}

/// What brokers trust, and who signs their certificates.
struct Trust {
    authority: Authority,
    /// The certificates of both authorities.
    bundle: String,
    clients_generation: u32,
}

/// Makes or renews both authorities and writes their Secrets.
async fn write_authorities(
    client: &Client,
    cluster: &Cluster,
    observed: &Observed,
    now: Timestamp,
) -> Result<Trust, ClusterError> {
    let names = &cluster.names;
    let mut made = Vec::new();
    for (name, certificate_name, key_name, policy) in [
        ("cluster-ca", names.cluster_ca_cert(), names.cluster_ca_key(), cluster.cluster_ca),
        ("clients-ca", names.clients_ca_cert(), names.clients_ca_key(), cluster.clients_ca),
    ] {
        let (certificate, key) = (observed.secret(&certificate_name), observed.secret(&key_name));
        let mut authority = decide(name, certificate, key, policy, now)?;
        if name == "cluster-ca" && settled(&authority, &observed.pods, now) {
            authority.old.clear();
        }
        // The key first: a certificate whose key is lost can only be made anew.
        write_secret(client, key, key_secret(cluster, key_name, &authority)).await?;
        let wanted = certificate_secret(cluster, certificate_name, &authority, certificate)?;
        write_secret(client, certificate, wanted).await?;
        made.push(authority);
    }
    let (Some(clients), Some(authority)) = (made.pop(), made.pop()) else { unreachable!("two were made") };
    let secret = trust_secret(cluster, &authority, &clients);
    write_secret(client, observed.secret(&names.trust_bundle()), secret).await?;
    let bundle = format!("{}{}", authority.bundle(), clients.bundle());
    Ok(Trust { authority, bundle, clients_generation: clients.certificate_generation })
}

/// Certificates by a new key only when every node runs and trusts it.
fn exchange(authority: &Authority, pods: &[Pod], nodes: usize) -> Exchange {
    let current = authority.key_generation;
    let trusts = |pod: &&Pod| generation(&pod.metadata, TRUST_GENERATION) == current && roll::is_ready(pod);
    let trusted = pods.iter().filter(trusts).count() >= nodes;
    if trusted || authority.old.is_empty() { Exchange::Now } else { Exchange::WhenAllTrust }
}

/// True when nobody has a certificate by the old key any more, and that for a while.
fn settled(authority: &Authority, pods: &[Pod], now: Timestamp) -> bool {
    let while_ago = now - SignedDuration::try_from(SETTLE).expect("a minute");
    !pods.is_empty()
        && pods.iter().all(|pod| {
            let started = pod.creation_timestamp().is_some_and(|time| time.0 < while_ago);
            let signed = generation(&pod.metadata, SIGNED_BY_GENERATION) == authority.certificate_generation;
            signed && started && roll::is_ready(pod)
        })
}

async fn take(
    context: &Context,
    kafka: &Kafka,
    names: &Names,
    observed: &Observed,
    step: Step,
) -> Result<Action, ClusterError> {
    let soon = Action::requeue(Duration::from_secs(10));
    match step {
        Step::Create(pods) => {
            for pod in pods {
                info!(pod = pod.name_any(), "creating");
                create(&context.client, &pod).await?;
            }
        }
        Step::Delete { pod, reasons } => {
            if !may_stop(context, names, observed, &pod).await {
                return Ok(Action::requeue(Duration::from_secs(3)));
            }
            info!(pod, ?reasons, "rolling");
            for reason in &reasons {
                announce(context, kafka, &pod, reason).await?;
            }
            let pods: Api<Pod> = Api::namespaced(context.client.clone(), &names.namespace);
            match pods.delete(&pod, &DeleteParams::default()).await {
                Err(kube::Error::Api(status)) if status.is_not_found() => {}
                result => drop(result?),
            }
        }
        Step::Wait(what) => info!(cluster = names.cluster, what, "waiting"),
        Step::Done => {}
    }
    Ok(soon)
}

/// With more than one broker, a ready one is stopped only when all replicas are in sync.
async fn may_stop(context: &Context, names: &Names, observed: &Observed, pod: &str) -> bool {
    let is_down = observed.pods.iter().any(|found| found.name_any() == pod && !roll::is_ready(found));
    if observed.pods.len() < 2 || is_down {
        return true;
    }
    let asked = async { Ok::<_, AccessError>(under_replicated(&mut connect(&context.client, names).await?).await?) };
    match asked.await {
        Ok(0) => true,
        Ok(lacking) => {
            info!(pod, lacking, "waiting until all partitions are in sync");
            false
        }
        Err(error) => {
            warn!(pod, error = &error as &dyn std::error::Error, "cannot ask whether all partitions are in sync");
            false
        }
    }
}

async fn announce(context: &Context, kafka: &Kafka, pod: &str, reason: &str) -> Result<(), ClusterError> {
    let event = Event {
        type_: EventType::Normal,
        reason: reason.to_owned(),
        note: Some(format!("Pod {pod} is restarted")),
        action: "StrimziInitiatedPodRestart".to_owned(),
        secondary: None,
    };
    context.recorder.publish(&event, &kafka.object_ref(&())).await.map_err(ClusterError::Event)
}

async fn tell(context: &Context, kafka: &Kafka, mut status: KafkaStatus) -> Result<(), ClusterError> {
    let before = kafka.status.clone().unwrap_or_default();
    let unchanged = kafka.status.is_some()
        && same_but_time(&before.conditions, &status.conditions)
        && KafkaStatus { conditions: Vec::new(), ..before.clone() }
            == KafkaStatus { conditions: Vec::new(), ..status.clone() };
    if unchanged {
        return Ok(());
    }
    stamped(&mut status.conditions, Timestamp::now());
    Ok(write_status(&context.client, kafka, &status).await?)
}

async fn write_pool_statuses(
    client: &Client,
    cluster: &Cluster,
    observed: &Observed,
    cluster_id: &str,
) -> Result<(), ClusterError> {
    for (pool, found) in cluster.pools.iter().zip(&observed.pools) {
        let status = status::pool_status(cluster, pool, cluster_id);
        if found.status.as_ref() != Some(&status) {
            write_status(client, found, &status).await?;
        }
    }
    Ok(())
}

fn node_port(service: &Service) -> Option<i32> {
    service.spec.as_ref()?.ports.as_ref()?.first()?.node_port
}

/// 16 random bytes in URL-safe base64, as `kafka-storage random-uuid` prints.
fn random_cluster_id() -> String {
    use base64::Engine;
    loop {
        let id = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(uuid::Uuid::new_v4());
        // A leading dash would be taken for an option.
        if !id.starts_with('-') {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_id_is_22_characters() {
        assert_eq!(random_cluster_id().len(), 22);
    }
}
