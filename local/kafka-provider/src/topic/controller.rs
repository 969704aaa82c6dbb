//! One reconciliation of a KafkaTopic.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use kube::api::{ListParams, Patch, PatchParams};
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::{Controller, watcher};
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

use super::managed::{FINALIZER, is_managed, rival};
use super::plan::{Plan, Wanted, name_of, plan};
use super::status;
use crate::access::{AccessError, connect};
use crate::api::{CLUSTER_LABEL, KafkaTopic, KafkaTopicStatus, is_paused, same_but_time, stamped};
use crate::broker::{
    BrokerError, Connection, alter_topic_configs, create_partitions, create_topic, delete_topic, describe_topic,
    topic_overrides,
};
use crate::cluster::write_status;
use crate::entity::{Entity, cluster_of};
use crate::settings::Settings;

#[derive(Debug, Error)]
pub enum TopicError {
    #[error("Kubernetes refused or did not answer")]
    Kubernetes(#[from] kube::Error),
    #[error("no broker can be asked")]
    Access(#[from] AccessError),
    #[error("a request to Kafka failed")]
    Broker(#[from] BrokerError),
}

struct Context {
    client: Client,
    settings: Settings,
}

/// Serves KafkaTopic resources until `shutdown`.
pub async fn run(client: Client, settings: Settings, shutdown: CancellationToken) {
    let topics: Api<KafkaTopic> = Api::namespaced(client.clone(), &settings.watch_namespace);
    let controller = Controller::new(topics, watcher::Config::default());
    let store = controller.store();
    // A topic that waits for its cluster goes on when the cluster changes.
    let kafkas: Api<crate::api::Kafka> = Api::namespaced(client.clone(), &settings.watch_namespace);
    controller
        .watches(kafkas, watcher::Config::default(), move |kafka| {
            let cluster = kafka.name_any();
            let of_cluster = move |topic: &Arc<KafkaTopic>| topic.labels().get(CLUSTER_LABEL) == Some(&cluster);
            store.state().into_iter().filter(of_cluster).map(|topic| ObjectRef::from_obj(&*topic)).collect::<Vec<_>>()
        })
        .graceful_shutdown_on(shutdown.cancelled_owned())
        .run(reconcile, retry, Arc::new(Context { client, settings }))
        .for_each(|_| std::future::ready(()))
        .await;
}

fn retry(topic: Arc<KafkaTopic>, error: &TopicError, _: Arc<Context>) -> Action {
    warn!(topic = topic.name_any(), error = error as &dyn std::error::Error, "reconciliation failed");
    Action::requeue(Duration::from_secs(3))
}

async fn reconcile(topic: Arc<KafkaTopic>, context: Arc<Context>) -> Result<Action, TopicError> {
    let client = &context.client;
    // Without a cluster, or without topic operator in it, nobody looks at the topic: its deletion hangs.
    let Some(names) = cluster_of(client, &*topic, Entity::TopicOperator).await? else {
        return Ok(Action::await_change());
    };
    let again = Action::requeue(context.settings.reconcile_interval);
    let generation = topic.metadata.generation.unwrap_or_default();
    let namespace = topic.namespace().unwrap_or_default();
    let api: Api<KafkaTopic> = Api::namespaced(client.clone(), &namespace);
    let deleting = topic.metadata.deletion_timestamp.is_some();
    let known = topic.status.as_ref().and_then(|status| status.topic_name.clone());

    if !is_managed(&topic) {
        set_finalizer(&api, &topic, false).await?;
        if !deleting {
            tell(client, &topic, status::unmanaged(generation)).await?;
        }
        return Ok(again);
    }
    if is_paused(&*topic) && !deleting {
        tell(client, &topic, status::paused(generation, known.as_deref())).await?;
        return Ok(again);
    }
    let all = api.list(&ListParams::default().labels(&format!("{CLUSTER_LABEL}={}", names.cluster))).await?.items;
    if let Some(rival) = rival(&topic, &all) {
        set_finalizer(&api, &topic, false).await?;
        if !deleting {
            tell(client, &topic, status::conflict(generation, &namespace, &rival.name_any())).await?;
        }
        return Ok(again);
    }
    if deleting {
        if topic.finalizers().iter().any(|finalizer| finalizer == FINALIZER) {
            let name = known.unwrap_or_else(|| name_of(&topic));
            match delete_topic(&mut connect(client, &names).await?, &name).await {
                // A name that Kafka refuses was never a topic.
                Err(error) if error.is_refusal() => info!(name, %error, "no topic to delete"),
                result => result?,
            }
            set_finalizer(&api, &topic, false).await?;
        }
        return Ok(Action::await_change());
    }
    let mut connection = connect(client, &names).await?;
    set_finalizer(&api, &topic, true).await?;
    if let Some(before) = known.filter(|known| *known != name_of(&topic)) {
        tell(client, &topic, status::renamed(generation, &before)).await?;
        return Ok(again);
    }
    let status = fulfil(&mut connection, &Wanted::of(&topic), generation).await?;
    tell(client, &topic, status).await?;
    Ok(again)
}

/// Makes the topic as wanted, as far as Kafka allows, and gives the status to write. An error is
/// one that trying again may heal.
async fn fulfil(connection: &mut Connection, wanted: &Wanted, generation: i64) -> Result<KafkaTopicStatus, TopicError> {
    let name = wanted.name.as_str();
    let found = match describe_topic(connection, name).await {
        Err(error) if error.is_refusal() => return Ok(status::failed(generation, &error, name, None)),
        result => result?,
    };
    let overrides = match found {
        Some(_) => topic_overrides(connection, name).await?,
        None => Default::default(),
    };
    let plan = plan(wanted, found.as_ref(), &overrides);
    let id = found.map(|found| found.id);
    match act(connection, wanted, &plan).await {
        Err(error) if error.is_refusal() => return Ok(status::failed(generation, &error, name, id)),
        result => result?,
    }
    if let Some(refusal) = plan.refusal {
        return Ok(status::refused(generation, refusal, name, id));
    }
    let id: Uuid = match id {
        Some(id) => id,
        // A new topic is known to every broker within moments; until then the next try finds it.
        None => match describe_topic(connection, name).await? {
            Some(made) => made.id,
            None => return Err(BrokerError::Protocol(format!("topic {name} is not told yet")).into()),
        },
    };
    Ok(status::ready(generation, name, id))
}

async fn act(connection: &mut Connection, wanted: &Wanted, plan: &Plan) -> Result<(), BrokerError> {
    let name = wanted.name.as_str();
    if plan.create {
        info!(topic = name, "creating");
        return create_topic(connection, name, wanted.partitions, wanted.replicas, &wanted.config).await;
    }
    if !plan.config.is_empty() {
        info!(topic = name, changes = ?plan.config, "changing settings");
        alter_topic_configs(connection, name, &plan.config).await?;
    }
    if let Some(count) = plan.grow_to {
        info!(topic = name, count, "adding partitions");
        create_partitions(connection, name, count).await?;
    }
    Ok(())
}

/// Adds or removes our finalizer, guarded by the version that was read.
async fn set_finalizer(api: &Api<KafkaTopic>, topic: &KafkaTopic, wanted: bool) -> Result<(), kube::Error> {
    let mut finalizers = topic.finalizers().to_vec();
    if finalizers.iter().any(|finalizer| finalizer == FINALIZER) == wanted {
        return Ok(());
    }
    finalizers.retain(|finalizer| finalizer != FINALIZER);
    if wanted {
        finalizers.push(FINALIZER.to_owned());
    }
    let version = topic.resource_version();
    let patch = json!({"metadata": {"finalizers": finalizers, "resourceVersion": version}});
    match api.patch(&topic.name_any(), &PatchParams::default(), &Patch::Merge(patch)).await {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        result => result.map(drop),
    }
}

async fn tell(client: &Client, topic: &KafkaTopic, mut status: KafkaTopicStatus) -> Result<(), kube::Error> {
    let before = topic.status.clone().unwrap_or_default();
    let rest = |status: &KafkaTopicStatus| KafkaTopicStatus { conditions: Vec::new(), ..status.clone() };
    if same_but_time(&before.conditions, &status.conditions) && rest(&before) == rest(&status) {
        return Ok(());
    }
    stamped(&mut status.conditions, Timestamp::now());
    write_status(client, topic, &status).await
}
