//! One reconciliation of a KafkaUser.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::Event;
use kube::runtime::{Controller, WatchStreamExt, watcher};
use kube::{Api, Client, ResourceExt};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::apply::{Given, apply};
use super::error::UserError;
use super::status;
use super::sweep::sweep;
use crate::access::connect;
use crate::api::{CLUSTER_LABEL, Kafka, KafkaUser, KafkaUserStatus, is_paused, same_but_time, stamped};
use crate::cluster::{is_ready, write_status};
use crate::entity::{Entity, cluster_of};
use crate::settings::Settings;

struct Context {
    client: Client,
    settings: Settings,
    given: Given,
}

/// Serves KafkaUser resources until `shutdown`.
pub async fn run(client: Client, settings: Settings, shutdown: CancellationToken) {
    let namespace = settings.watch_namespace.clone();
    let users: Api<KafkaUser> = Api::namespaced(client.clone(), &namespace);
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &namespace);
    let kafkas: Api<Kafka> = Api::namespaced(client.clone(), &namespace);
    let pods: Api<Pod> = Api::namespaced(client.clone(), &namespace);
    let controller = Controller::new(users, watcher::Config::default());
    let store = controller.store();
    let users_of = move |cluster: Option<&str>| {
        let of_cluster = |user: &Arc<KafkaUser>| {
            cluster.is_some() && user.labels().get(CLUSTER_LABEL).map(String::as_str) == cluster
        };
        store.state().into_iter().filter(of_cluster).map(|user| ObjectRef::from_obj(&*user)).collect::<Vec<_>>()
    };
    let users_of_pod = users_of.clone();
    let cleaning = clean_up(client.clone(), settings.clone());
    let serving = controller
        .owns(secrets, watcher::Config::default().labels("strimzi.io/kind=KafkaUser"))
        .watches(kafkas, watcher::Config::default(), move |kafka| users_of(Some(&kafka.name_any())))
        // A broker that started anew is given its users' passwords, see `Given`.
        .watches(pods, watcher::Config::default().labels("strimzi.io/kind=Kafka"), move |pod| {
            users_of_pod(is_ready(&pod).then(|| pod.labels().get(CLUSTER_LABEL)).flatten().map(String::as_str))
        })
        .graceful_shutdown_on(shutdown.cancelled_owned())
        .run(reconcile, retry, Arc::new(Context { client, settings, given: Given::default() }))
        .for_each(|_| std::future::ready(()));
    tokio::select! {
        () = serving => {}
        () = cleaning => {}
    }
}

fn retry(user: Arc<KafkaUser>, error: &UserError, _: Arc<Context>) -> Action {
    warn!(user = user.name_any(), error = error as &dyn std::error::Error, "reconciliation failed");
    Action::requeue(Duration::from_secs(3))
}

async fn reconcile(user: Arc<KafkaUser>, context: Arc<Context>) -> Result<Action, UserError> {
    let client = &context.client;
    if user.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    let Some(names) = cluster_of(client, &*user, Entity::UserOperator).await? else {
        return Ok(Action::await_change());
    };
    let again = Action::requeue(context.settings.reconcile_interval);
    if is_paused(&*user) {
        tell(client, &user, status::paused(&user)).await?;
        return Ok(again);
    }
    let mut connection = connect(client, &names).await?;
    let status = match apply(client, &mut connection, &names, &user, &context.given).await {
        Ok(()) => status::ready(&user),
        Err(error) => match error.refusal() {
            Some(message) => status::not_ready(&user, &message),
            None => return Err(error),
        },
    };
    tell(client, &user, status).await?;
    Ok(again)
}

/// Removes from Kafka what deleted users had: at each deletion, and now and then.
async fn clean_up(client: Client, settings: Settings) {
    let users: Api<KafkaUser> = Api::namespaced(client.clone(), &settings.watch_namespace);
    let mut deletions = std::pin::pin!(watcher(users, watcher::Config::default()).default_backoff().filter_map(
        async |event| match event {
            Ok(Event::Delete(user)) => Some(user.name_any()),
            _ => None,
        }
    ));
    let mut timer = tokio::time::interval(settings.reconcile_interval);
    let kafkas: Api<Kafka> = Api::namespaced(client.clone(), &settings.watch_namespace);
    loop {
        tokio::select! {
            deleted = deletions.next() => if deleted.is_none() { return },
            _ = timer.tick() => {}
        }
        let clusters = kafkas.list(&Default::default()).await.map(|list| list.items).unwrap_or_default();
        for names in clusters.iter().filter_map(crate::entity::users_of) {
            if let Err(error) = sweep(&client, &names).await {
                debug!(cluster = names.cluster, error = &error as &dyn std::error::Error, "not swept");
            }
        }
    }
}

async fn tell(client: &Client, user: &KafkaUser, mut status: KafkaUserStatus) -> Result<(), kube::Error> {
    let before = user.status.clone().unwrap_or_default();
    let rest = |status: &KafkaUserStatus| KafkaUserStatus { conditions: Vec::new(), ..status.clone() };
    if same_but_time(&before.conditions, &status.conditions) && rest(&before) == rest(&status) {
        return Ok(());
    }
    stamped(&mut status.conditions, Timestamp::now());
    write_status(client, user, &status).await
}
