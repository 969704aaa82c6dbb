//! The Secret of a user: what an application mounts.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::{Resource, ResourceExt};

use crate::api::{CLUSTER_LABEL, KafkaUser};
use crate::cluster::{encoded, labels, opaque, text};
use crate::pki::{Authority, Issued, Leaf, PkiError, Policy, is_current, key_store, random_password};

/// With a password for SCRAM.
pub fn scram_secret(user: &KafkaUser, cluster: &str, password: &str) -> Secret {
    let login = format!(
        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"{}\" password=\"{password}\";",
        user.name_any()
    );
    let data = encoded([("password", password.as_bytes().to_vec()), ("sasl.jaas.config", login.into_bytes())]);
    opaque(metadata(user, cluster), data)
}

/// The password that a user's Secret has, or a new one.
pub fn kept_password(existing: Option<&Secret>) -> String {
    let kept = existing.and_then(|secret| text(secret, "password")).filter(|password| !password.is_empty());
    kept.unwrap_or_else(|| random_password(32))
}

/// With a certificate by the clients CA. What is there stays while it is whole, by the current CA and not
/// near its end; without its key store only that is made anew.
pub fn tls_secret(
    user: &KafkaUser,
    cluster: &str,
    existing: Option<&Secret>,
    clients_ca: &Authority,
    policy: Policy,
    now: Timestamp,
) -> Result<Secret, PkiError> {
    let name = user.name_any();
    let part = |key: &str| existing.and_then(|secret| text(secret, key));
    let current = part("user.crt").zip(part("user.key")).filter(|(certificate, _)| {
        part("ca.crt").as_ref() == Some(&clients_ca.certificate)
            && is_current(certificate, &[], policy.renewal_days, now)
    });
    let (issued, kept) = match current {
        Some((certificate, key)) => (Issued { certificate, key }, true),
        None => {
            let leaf = Leaf { common_name: name.clone(), ..Leaf::default() };
            (leaf.issue(clients_ca, policy.validity_days, now)?, false)
        }
    };
    let store = existing.and_then(|secret| secret.data.as_ref()?.get("user.p12").map(|store| store.0.clone()));
    let (store, password) = match (kept, store, part("user.password")) {
        (true, Some(store), Some(password)) => (store, password),
        _ => {
            let password = random_password(32);
            (key_store(&name, &issued, &clients_ca.certificate, &password)?, password)
        }
    };
    let data = encoded([
        ("ca.crt", clients_ca.certificate.clone().into_bytes()),
        ("user.crt", issued.certificate.into_bytes()),
        ("user.key", issued.key.into_bytes()),
        ("user.p12", store),
        ("user.password", password.into_bytes()),
    ]);
    Ok(opaque(metadata(user, cluster), data))
}

fn metadata(user: &KafkaUser, cluster: &str) -> ObjectMeta {
    let name = user.name_any();
    let owner = OwnerReference {
        api_version: KafkaUser::api_version(&()).into_owned(),
        kind: KafkaUser::kind(&()).into_owned(),
        name: name.clone(),
        uid: user.uid().unwrap_or_default(),
        block_owner_deletion: Some(true),
        controller: Some(false),
    };
    ObjectMeta {
        name: Some(name.clone()),
        namespace: user.namespace(),
        labels: Some(labels([
            ("app.kubernetes.io/instance", name.as_str()),
            ("app.kubernetes.io/managed-by", "strimzi-user-operator"),
            ("app.kubernetes.io/name", "strimzi-user-operator"),
            ("app.kubernetes.io/part-of", &format!("strimzi-{name}")),
            (CLUSTER_LABEL, cluster),
            ("strimzi.io/kind", "KafkaUser"),
        ])),
        owner_references: Some(vec![owner]),
        ..ObjectMeta::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::KafkaUserSpec;

    fn now() -> Timestamp {
        "2026-11-22T17:17:03Z".parse().expect("a time")
    }

    fn authority() -> Authority {
        Authority::generate("clients-ca", 0, Policy::default(), now()).expect("a CA")
    }

    fn bob() -> KafkaUser {
        let mut user = KafkaUser::new("bob", KafkaUserSpec::default());
        user.metadata.namespace = Some("kafka".into());
        user
    }

    fn make(existing: Option<&Secret>, authority: &Authority) -> Secret {
        tls_secret(&bob(), "lab", existing, authority, Policy::default(), now()).expect("a Secret")
    }

    #[test]
    fn a_scram_secret_holds_a_ready_line() {
        let secret = scram_secret(&bob(), "lab", "pw");
        assert_eq!(
            text(&secret, "sasl.jaas.config").as_deref(),
            Some("org.apache.kafka.common.security.scram.ScramLoginModule required username=\"bob\" password=\"pw\";")
        );
        assert_eq!(kept_password(Some(&secret)), "pw");
        assert_eq!(kept_password(None).len(), 32);
    }

    #[test]
    fn a_whole_secret_stays_as_it_is() {
        let authority = authority();
        let first = make(None, &authority);
        assert_eq!(make(Some(&first), &authority), first);
    }

    #[test]
    fn without_its_key_store_only_that_is_new() {
        let authority = authority();
        let first = make(None, &authority);
        let mut damaged = first.clone();
        damaged.data.as_mut().expect("data").remove("user.p12");
        let mended = make(Some(&damaged), &authority);
        assert_eq!(text(&mended, "user.crt"), text(&first, "user.crt"));
        assert_ne!(text(&mended, "user.password"), text(&first, "user.password"));
    }

    #[test]
    fn a_renewed_authority_makes_all_new() {
        let authority = authority();
        let first = make(None, &authority);
        let renewed = make(Some(&first), &authority.renewed(Policy::default(), now()).expect("renewed"));
        for key in ["ca.crt", "user.crt", "user.key", "user.password"] {
            assert_ne!(text(&renewed, key), text(&first, key), "{key}");
        }
    }
}
