//! A Kafka that Strimzi does not run: its Secrets are the resource's own, and nothing is made there.

use std::collections::BTreeMap;

use pipeline_api::{ExternalKafka, KafkaStatus, SaslMechanism, Topic};

use super::connection::only;
use super::{Connection, KafkaAccess, SecretFiles, User};
use crate::controller::component::Component;
use crate::controller::finding::Finding;
use crate::controller::observe::{Observed, SecretData};

/// One name for the files, wherever they come from, so that the pods' environment is the same.
pub(super) fn judge(external: &ExternalKafka, topic: &Topic, observed: &Observed) -> KafkaAccess {
    let connection = connection(external, observed);
    KafkaAccess {
        finding: match &connection {
            Some(_) => Finding::yes("External", "topics and users are in the hands of whoever runs that Kafka"),
            None => Finding::no("WaitingForCredentials", "a Secret under spec.kafka.external is missing or not whole"),
        },
        target: None,
        status: Some(KafkaStatus {
            bootstrap_servers: external.bootstrap_servers.clone(),
            topic_id: None,
            partitions: topic.partitions,
        }),
        connection,
        look_again: false,
    }
}

fn connection(external: &ExternalKafka, observed: &Observed) -> Option<Connection> {
    let ca = match external.tls.as_ref().and_then(|tls| tls.ca_secret_ref.as_ref()) {
        Some(reference) => {
            let key = reference.key_or("ca.crt");
            Some(files(&reference.name, &[key], observed)?)
        }
        None => None,
    };
    let user = if let Some(sasl) = &external.sasl {
        let secret = &sasl.credentials_secret_ref.name;
        let username = observed.secrets.get(secret)?.get("username")?;
        let username = String::from_utf8(username.clone()).ok()?.trim().to_owned();
        User { username: Some(username), credentials: Some(files(secret, &["password"], observed)?) }
    } else if let Some(certificate) = external.tls.as_ref().and_then(|tls| tls.certificate_secret_ref.as_ref()) {
        User { username: None, credentials: Some(files(&certificate.name, &["tls.crt", "tls.key"], observed)?) }
    } else {
        User::default()
    };
    Some(Connection {
        bootstrap_servers: external.bootstrap_servers.clone(),
        protocol: match (external.tls.is_some(), external.sasl.is_some()) {
            (true, true) => "sasl_ssl",
            (true, false) => "ssl",
            (false, true) => "sasl_plaintext",
            (false, false) => "plaintext",
        },
        mechanism: external.sasl.as_ref().map(|sasl| match sasl.mechanism {
            SaslMechanism::ScramSha512 => "SCRAM-SHA-512",
            SaslMechanism::ScramSha256 => "SCRAM-SHA-256",
            SaslMechanism::Plain => "PLAIN",
        }),
        ca,
        users: BTreeMap::from(Component::WITH_KAFKA.map(|component| (component, user.clone()))),
        operator: Some(user),
    })
}

fn files(secret: &str, keys: &[&str], observed: &Observed) -> Option<SecretFiles> {
    let data: SecretData = only(observed.secrets.get(secret)?, |key| keys.contains(&key));
    (data.len() == keys.len()).then(|| SecretFiles { secret: secret.to_owned(), data, copied: false })
}
