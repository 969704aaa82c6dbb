//! Takes from Kafka what belonged to users that are gone. KafkaUsers have no finalizer, so their
//! deletion may have been missed.

use std::collections::BTreeSet;

use kube::api::ListParams;
use kube::{Api, Client};
use tracing::info;

use super::error::UserError;
use super::status::username;
use crate::access::connect;
use crate::api::{CLUSTER_LABEL, KafkaUser};
use crate::broker::{all_acls, delete_acls, delete_scram, scram_users};
use crate::cluster::Names;

/// Removes every credential and rule of a user that has no resource.
pub async fn sweep(client: &Client, names: &Names) -> Result<(), UserError> {
    let mut connection = connect(client, names).await?;
    // Kafka is asked first: a user that is made meanwhile is then among the resources.
    let credentials = scram_users(&mut connection).await?;
    let rules = all_acls(&mut connection).await?;
    let users: Api<KafkaUser> = Api::namespaced(client.clone(), &names.namespace);
    let of_cluster = ListParams::default().labels(&format!("{CLUSTER_LABEL}={}", names.cluster));
    let known: BTreeSet<String> = users.list(&of_cluster).await?.items.iter().map(username).collect();
    for user in credentials.into_iter().filter(|user| !known.contains(user)) {
        info!(user, "removing the password of a user that is gone");
        delete_scram(&mut connection, &user).await?;
    }
    let gone = |principal: &str| principal.strip_prefix("User:").is_some_and(|user| !known.contains(user));
    let orphans: Vec<_> = rules.into_iter().filter(|rule| gone(&rule.principal)).collect();
    if !orphans.is_empty() {
        info!(count = orphans.len(), "removing the rules of users that are gone");
    }
    Ok(delete_acls(&mut connection, &orphans).await?)
}
