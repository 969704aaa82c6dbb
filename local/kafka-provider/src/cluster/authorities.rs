//! The cluster CA and the clients CA: read from their Secrets, made, renewed or replaced, and written
//! back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;

use super::model::Cluster;
use super::names::{Component, labels};
use super::secrets::{encoded, generation, opaque, text};
use crate::pki::{Authority, PkiError, Policy, trust_store};

pub const CERTIFICATE_GENERATION: &str = "strimzi.io/ca-cert-generation";
pub const KEY_GENERATION: &str = "strimzi.io/ca-key-generation";

/// On the Secret with the certificate: renew it, with the same key.
pub const FORCE_RENEW: &str = "strimzi.io/force-renew";
/// On the Secret with the key: make a new one.
pub const FORCE_REPLACE: &str = "strimzi.io/force-replace";

/// The authority as it should be after this reconciliation.
pub fn decide(
    name: &str,
    certificate: Option<&Secret>,
    key: Option<&Secret>,
    policy: Policy,
    now: Timestamp,
) -> Result<Authority, PkiError> {
    let Some(current) = read(name, certificate, key) else {
        return Authority::generate(name, 0, policy, now);
    };
    if asks(key, FORCE_REPLACE) {
        return current.replaced(policy, now);
    }
    if asks(certificate, FORCE_RENEW) || current.must_renew(policy, now) {
        return current.renewed(policy, now);
    }
    Ok(current)
}

fn asks(secret: Option<&Secret>, annotation: &str) -> bool {
    secret.is_some_and(|secret| secret.annotations().get(annotation).is_some_and(|value| value == "true"))
}

/// None when a Secret or one of its keys is missing.
pub fn read(name: &str, certificate: Option<&Secret>, key: Option<&Secret>) -> Option<Authority> {
    let (certificate, key) = (certificate?, key?);
    let keys = certificate.data.iter().flatten().map(|(key, _)| key);
    let old = keys.filter(|key| key.starts_with("ca-") && key.ends_with(".crt"));
    Some(Authority {
        name: name.to_owned(),
        certificate: text(certificate, "ca.crt")?,
        key: text(key, "ca.key")?,
        certificate_generation: generation(&certificate.metadata, CERTIFICATE_GENERATION),
        key_generation: generation(&key.metadata, KEY_GENERATION),
        password: text(certificate, "ca.password")?,
        old: old.filter_map(|key| Some((key.clone(), text(certificate, key)?))).collect(),
    })
}

/// `<cluster>-…-ca-cert`: what clients read.
pub fn certificate_secret(
    cluster: &Cluster,
    name: String,
    authority: &Authority,
    existing: Option<&Secret>,
) -> Result<Secret, PkiError> {
    let mut data = encoded([
        ("ca.crt", authority.certificate.clone().into_bytes()),
        ("ca.password", authority.password.clone().into_bytes()),
    ]);
    data.extend(authority.old.iter().map(|(key, pem)| (key.clone(), ByteString(pem.clone().into_bytes()))));
    let store = match existing.and_then(|existing| kept_store(existing, &data)) {
        Some(store) => store,
        None => ByteString(trust_store(authority)?),
    };
    data.insert("ca.p12".to_owned(), store);
    let mut metadata = cluster.names.meta(name, Component::CertificateAuthority, &cluster.owner);
    let generation = authority.certificate_generation.to_string();
    metadata.annotations = Some(labels([(CERTIFICATE_GENERATION, generation.as_str())]));
    Ok(opaque(metadata, data))
}

/// A store has a random salt, so it is kept while what it holds is the same.
fn kept_store(existing: &Secret, wanted: &BTreeMap<String, ByteString>) -> Option<ByteString> {
    let mut found = existing.data.clone()?;
    let store = found.remove("ca.p12")?;
    (found == *wanted).then_some(store)
}

/// `<cluster>-…-ca`: the key, which nobody but the operator reads.
pub fn key_secret(cluster: &Cluster, name: String, authority: &Authority) -> Secret {
    let mut metadata = cluster.names.meta(name, Component::CertificateAuthority, &cluster.owner);
    metadata.annotations = Some(labels([(KEY_GENERATION, authority.key_generation.to_string().as_str())]));
    opaque(metadata, encoded([("ca.key", authority.key.clone().into_bytes())]))
}

/// `<cluster>-trustbundle`: what brokers trust, both authorities with their replaced certificates.
pub fn trust_secret(cluster: &Cluster, cluster_ca: &Authority, clients_ca: &Authority) -> Secret {
    let mut metadata = cluster.names.meta(cluster.names.trust_bundle(), Component::TrustBundle, &cluster.owner);
    metadata.annotations = Some(labels([
        ("strimzi.io/cluster-ca-cert-generation", cluster_ca.certificate_generation.to_string().as_str()),
        ("strimzi.io/clients-ca-cert-generation", clients_ca.certificate_generation.to_string().as_str()),
    ]));
    opaque(
        metadata,
        encoded([
            ("cluster-ca.crt", cluster_ca.bundle().into_bytes()),
            ("clients-ca.crt", clients_ca.bundle().into_bytes()),
        ]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T17:17:03Z".parse().expect("a time")
    }

    fn secrets(authority: &Authority) -> (Secret, Secret) {
        let mut certificate = Secret {
            data: Some(encoded([
                ("ca.crt", authority.certificate.clone().into_bytes()),
                ("ca.password", authority.password.clone().into_bytes()),
                ("ca.p12", vec![1]),
            ])),
            ..Secret::default()
        };
        certificate.metadata.annotations = Some(labels([(CERTIFICATE_GENERATION, "0")]));
        let mut key =
            Secret { data: Some(encoded([("ca.key", authority.key.clone().into_bytes())])), ..Secret::default() };
        key.metadata.annotations = Some(labels([(KEY_GENERATION, "0")]));
        (certificate, key)
    }

    #[test]
    fn what_is_there_and_good_stays() {
        let policy = Policy::default();
        let authority = Authority::generate("cluster-ca", 0, policy, now()).expect("a CA");
        let (certificate, key) = secrets(&authority);
        let kept = decide("cluster-ca", Some(&certificate), Some(&key), policy, now()).expect("decided");
        assert_eq!(kept, authority);
    }

    #[test]
    fn annotations_renew_and_replace() {
        let policy = Policy::default();
        let authority = Authority::generate("cluster-ca", 0, policy, now()).expect("a CA");
        let (mut certificate, mut key) = secrets(&authority);
        certificate.annotations_mut().insert(FORCE_RENEW.into(), "true".into());
        let renewed = decide("cluster-ca", Some(&certificate), Some(&key), policy, now()).expect("decided");
        assert_eq!((renewed.certificate_generation, renewed.key_generation), (1, 0));

        key.annotations_mut().insert(FORCE_REPLACE.into(), "true".into());
        let replaced = decide("cluster-ca", Some(&certificate), Some(&key), policy, now()).expect("decided");
        assert_eq!((replaced.certificate_generation, replaced.key_generation), (1, 1));
        assert_eq!(replaced.old.len(), 1);
    }

    #[test]
    fn a_lost_key_makes_a_new_authority() {
        let policy = Policy::default();
        let authority = Authority::generate("cluster-ca", 0, policy, now()).expect("a CA");
        let (certificate, _) = secrets(&authority);
        let made = decide("cluster-ca", Some(&certificate), None, policy, now()).expect("decided");
        assert_ne!(made.key, authority.key);
    }
}
