//! How pods connect to a Kafka of Strimzi.

use std::collections::BTreeMap;

use pipeline_api::{OrderPipeline, StrimziAuthentication, StrimziKafka};

use super::{Connection, SecretFiles, User, listener};
use crate::controller::component::Component;
use crate::controller::names::Names;
use crate::controller::observe::{Observed, ObservedUser, SecretData};
use crate::strimzi::{Kafka, Listener};

/// How pods connect, as soon as all of it is known. A source that is gone leaves the copy that was made of it.
pub(super) fn connection(
    pipeline: &OrderPipeline,
    cluster: &Kafka,
    spec: &StrimziKafka,
    namespace: &str,
    names: &Names,
    observed: &Observed,
) -> Option<Connection> {
    let listener = listener(cluster, spec, "").ok()?;
    let scram = spec.authentication == StrimziAuthentication::ScramSha512;
    let ca = if listener.tls {
        // In the middle of a replaced CA key `ca.crt` is the new one while brokers still show the old one's
        // certificate: every *.crt counts.
        let source = observed.kafka.cluster_ca.as_ref().map(|data| only(data, |key| key.ends_with(".crt")));
        Some(copied(names.kafka_ca(), source, &[], observed)?)
    } else {
        None
    };
    let mut users = BTreeMap::new();
    for component in Component::WITH_KAFKA {
        let user = observed.kafka.users.get(&component);
        let wanted = credentials(scram);
        let source = user.and_then(|user| user.secret.as_ref()).map(|data| only(data, |key| wanted.contains(&key)));
        let credentials = Some(copied(names.kafka_credentials(component), source, wanted, observed)?);
        let username = scram.then(|| names.kafka_user(component));
        users.insert(component, User { username, credentials });
    }
    Some(Connection {
        bootstrap_servers: bootstrap(pipeline, cluster, spec, namespace, listener),
        protocol: match (listener.tls, scram) {
            (true, true) => "sasl_ssl",
            (true, false) => "ssl",
            (false, _) => "sasl_plaintext",
        },
        mechanism: scram.then_some("SCRAM-SHA-512"),
        ca,
        users,
        operator: operator(spec, observed),
    })
}

/// The operator's own user: its Secret is read where Strimzi wrote it.
fn operator(spec: &StrimziKafka, observed: &Observed) -> Option<User> {
    let scram = spec.authentication == StrimziAuthentication::ScramSha512;
    let wanted = credentials(scram);
    let ObservedUser { user, secret } = &observed.kafka.operator_user;
    let name = user.found()?.metadata.name.clone()?;
    let data = only(secret.as_ref()?, |key| wanted.contains(&key));
    let whole = data.len() == wanted.len();
    let files = SecretFiles { secret: name.clone(), data, copied: false };
    whole.then(|| User { username: scram.then_some(name), credentials: Some(files) })
}

/// Keys of a KafkaUser's Secret that a client needs.
fn credentials(scram: bool) -> &'static [&'static str] {
    if scram { &["password"] } else { &["user.crt", "user.key"] }
}

/// A NotReady or paused cluster loses its addresses while the brokers run on: then the last known, then the fixed name.
fn bootstrap(
    pipeline: &OrderPipeline,
    cluster: &Kafka,
    spec: &StrimziKafka,
    namespace: &str,
    listener: &Listener,
) -> String {
    let listeners = cluster.status.as_ref().map(|status| status.listeners.as_slice()).unwrap_or_default();
    let reported = listeners.iter().find(|one| one.name == spec.listener).and_then(|one| one.bootstrap_servers.clone());
    let fixed = format!("{}-kafka-bootstrap.{namespace}.svc:{}", spec.cluster, listener.port);
    let last = pipeline.status.as_ref().and_then(|status| Some(status.kafka.as_ref()?.bootstrap_servers.clone()));
    // The last known belongs to this cluster and listener only when it has the same host and port.
    let last = last.filter(|last| {
        last.starts_with(&format!("{}-", spec.cluster)) && last.ends_with(&format!(":{}", listener.port))
    });
    reported.or(last).unwrap_or(fixed)
}

pub(super) fn only(data: &SecretData, wanted: impl Fn(&str) -> bool) -> SecretData {
    data.iter().filter(|(key, _)| wanted(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The source, or else the copy of it that we have; either only when it is whole.
fn copied(secret: String, source: Option<SecretData>, keys: &[&str], observed: &Observed) -> Option<SecretFiles> {
    let whole = |data: &SecretData| !data.is_empty() && keys.iter().all(|key| data.contains_key(*key));
    let copy = observed.secrets.get(&secret).cloned();
    let data = source.filter(whole).or(copy.filter(whole))?;
    Some(SecretFiles { secret, data, copied: true })
}
