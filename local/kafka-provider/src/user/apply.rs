//! Makes a user: its Secret, then its credential, then its rules. Not in one piece, as in Strimzi: a user
//! whose rules are refused has a Secret and a working password.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client, ResourceExt};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use tracing::info;

use super::acl::bindings;
use super::error::UserError;
use super::secret::{kept_password, scram_secret, tls_secret};
use super::status::{authentication, username};
use crate::api::{Kafka, KafkaUser};
use crate::broker::{
    Binding, Connection, create_acls, delete_acls, delete_scram, describe_acls, scram_exists, upsert_scram,
};
use crate::cluster::{Names, policy, read_authority, ready_runs, text, write_secret};

/// Which password each user of each cluster was last given, as a hash (Kafka does not tell), and the brokers that ran then.
///
/// A broker that has started since is given the password again. Kafka 4.3.1 may forget all users at its start: when its
/// metadata log has the removal of a user and no snapshot follows it, `ScramDelta.apply` may drop every user that it
/// reads together with the removal, while the controller, which reads otherwise, still has them.
#[derive(Debug, Default)]
pub struct Given(Mutex<HashMap<(String, String), Gift>>);

#[derive(Debug, PartialEq, Eq)]
struct Gift {
    password: [u8; 32],
    brokers: BTreeSet<String>,
}

pub async fn apply(
    client: &Client,
    connection: &mut Connection,
    names: &Names,
    user: &KafkaUser,
    given: &Given,
) -> Result<(), UserError> {
    let name = user.name_any();
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &names.namespace);
    let existing = secrets.get_opt(&name).await?;
    let kafkas: Api<Kafka> = Api::namespaced(client.clone(), &names.namespace);
    let kafka = kafkas.get(&names.cluster).await?;
    match authentication(user) {
        Some("scram-sha-512") => {
            let password = match password_source(user) {
                Some((secret, key)) => chosen_password(&secrets, &names.namespace, &secret, &key).await?,
                None => kept_password(existing.as_ref()),
            };
            let wanted = scram_secret(user, &names.cluster, &password);
            write_secret(client, existing.as_ref(), wanted).await?;
            let gift = Gift {
                password: Sha256::digest(password.as_bytes()).into(),
                brokers: ready_runs(client, names).await?,
            };
            give(connection, names, &name, &password, gift, given).await?;
        }
        Some("tls") => {
            if name.len() > 64 {
                return Err(UserError::invalid_resource(
                    "Users with TLS client authentication can have a username (name of the KafkaUser custom resource) only up to 64 characters long.",
                ));
            }
            let certificate = secrets.get_opt(&names.clients_ca_cert()).await?;
            let key = secrets.get_opt(&names.clients_ca_key()).await?;
            let authority = read_authority("clients-ca", certificate.as_ref(), key.as_ref());
            let authority = authority.ok_or(UserError::NoAuthority)?;
            let policy = policy(kafka.spec.clients_ca.as_ref());
            let wanted = tls_secret(user, &names.cluster, existing.as_ref(), &authority, policy, Timestamp::now())?;
            write_secret(client, existing.as_ref(), wanted).await?;
            forget(connection, names, &name, given).await?;
        }
        _ => forget(connection, names, &name, given).await?,
    }
    rules(connection, &kafka, user).await
}

/// Takes away what is too much, then adds what lacks. When Kafka refuses an entry the others stay.
async fn rules(connection: &mut Connection, kafka: &Kafka, user: &KafkaUser) -> Result<(), UserError> {
    let authorizes = kafka.spec.kafka.authorization.is_some();
    if !authorizes {
        return match &user.spec.authorization {
            None => Ok(()),
            Some(_) => Err(UserError::invalid_resource(
                "Simple authorization ACL rules are configured but not supported in the Kafka cluster configuration.",
            )),
        };
    }
    let principal = format!("User:{}", username(user));
    let wanted = bindings(&user.spec, &principal)?;
    let found = describe_acls(connection, &principal).await?;
    let surplus: Vec<Binding> = found.iter().filter(|binding| !wanted.contains(binding)).cloned().collect();
    let lacking: Vec<Binding> = wanted.iter().filter(|binding| !found.contains(binding)).cloned().collect();
    delete_acls(connection, &surplus).await?;
    create_acls(connection, &lacking).await?;
    if !surplus.is_empty() || !lacking.is_empty() {
        info!(user = user.name_any(), added = lacking.len(), removed = surplus.len(), "rules changed");
    }
    Ok(())
}

async fn give(
    connection: &mut Connection,
    names: &Names,
    user: &str,
    password: &str,
    gift: Gift,
    given: &Given,
) -> Result<(), UserError> {
    let mut given = given.0.lock().await;
    let key = (names.cluster.clone(), user.to_owned());
    let known = given.get(&key).is_some_and(|before| before.still_holds(&gift));
    if known && scram_exists(connection, user).await? {
        return Ok(());
    }
    upsert_scram(connection, user, password).await?;
    info!(user, "password set");
    given.insert(key, gift);
    Ok(())
}

impl Gift {
    /// The same password, and no broker that has started since. One that has gone since does not matter.
    fn still_holds(&self, now: &Self) -> bool {
        self.password == now.password && now.brokers.is_subset(&self.brokers)
    }
}

/// A user that no longer logs in by password.
async fn forget(connection: &mut Connection, names: &Names, user: &str, given: &Given) -> Result<(), UserError> {
    given.0.lock().await.remove(&(names.cluster.clone(), user.to_owned()));
    if scram_exists(connection, user).await? {
        delete_scram(connection, user).await?;
    }
    Ok(())
}

/// The Secret and key in which someone else keeps the password.
fn password_source(user: &KafkaUser) -> Option<(String, String)> {
    let password = user.spec.authentication.as_ref()?.password.as_ref()?;
    let reference = password.value_from.as_ref()?.secret_key_ref.as_ref()?;
    Some((reference.name.clone(), reference.key.clone()))
}

async fn chosen_password(secrets: &Api<Secret>, namespace: &str, name: &str, key: &str) -> Result<String, UserError> {
    let Some(secret) = secrets.get_opt(name).await? else {
        return Err(UserError::invalid_resource(format!("Secret {name} in namespace {namespace} not found")));
    };
    text(&secret, key).filter(|password| !password.is_empty()).ok_or_else(|| {
        UserError::invalid_resource(format!("Secret {name} in namespace {namespace} does not contain key {key}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_started_anew_is_given_the_password_again() {
        let gift = |password: u8, brokers: &[&str]| Gift {
            password: [password; 32],
            brokers: brokers.iter().map(|&run| run.to_owned()).collect(),
        };
        let before = gift(1, &["a", "b"]);
        assert!(before.still_holds(&gift(1, &["a", "b"])));
        assert!(before.still_holds(&gift(1, &["b"])), "one is away");
        assert!(!before.still_holds(&gift(1, &["a", "c"])), "b is back as c");
        assert!(!before.still_holds(&gift(2, &["a", "b"])), "another password");
    }
}
