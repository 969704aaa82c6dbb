//! Certificates that the cluster CA signs: of brokers, and of the operators that talk to them.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;

use super::model::{Cluster, Node};
use super::names::{Component, labels};
use super::secrets::{encoded, generation, opaque, text};
use crate::pki::{Authority, Leaf, PkiError, is_current};

pub const SIGNED_BY_GENERATION: &str = "strimzi.io/cluster-ca-cert-generation";

/// Whether certificates of a replaced CA key may be exchanged yet: only when every pod trusts the new
/// one, or the pods would not know each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    Now,
    WhenAllTrust,
}

/// `<pod>`: key and certificate chain of a broker or controller.
pub fn node_secret(
    cluster: &Cluster,
    node: &Node,
    authority: &Authority,
    existing: Option<&Secret>,
    exchange: Exchange,
    now: Timestamp,
) -> Result<Secret, PkiError> {
    let leaf = Leaf {
        common_name: format!("{}-kafka", cluster.names.cluster),
        organization: Some("io.strimzi".into()),
        names: names(cluster, node),
    };
    secret(cluster, &node.pod, &node.pod, &leaf, authority, existing, exchange, now)
}

/// The operators' own certificates: the Secret's name, the prefix of its keys, the common name.
pub fn operators(cluster: &Cluster) -> Vec<(String, &'static str, String)> {
    let name = &cluster.names.cluster;
    vec![
        (cluster.names.operator_certificate(), "cluster-operator", "cluster-operator".to_owned()),
        (format!("{name}-entity-topic-operator-certs"), "entity-operator", format!("{name}-entity-topic-operator")),
        (format!("{name}-entity-user-operator-certs"), "entity-operator", format!("{name}-entity-user-operator")),
    ]
}

pub fn operator_secret(
    cluster: &Cluster,
    (name, key, common_name): &(String, &'static str, String),
    authority: &Authority,
    existing: Option<&Secret>,
    exchange: Exchange,
    now: Timestamp,
) -> Result<Secret, PkiError> {
    let leaf = Leaf { common_name: common_name.clone(), organization: Some("io.strimzi".into()), names: Vec::new() };
    secret(cluster, name, key, &leaf, authority, existing, exchange, now)
}

#[expect(clippy::too_many_arguments, reason = "one private place that the two kinds of Secret share")]
fn secret(
    cluster: &Cluster,
    name: &str,
    key: &str,
    leaf: &Leaf,
    authority: &Authority,
    existing: Option<&Secret>,
    exchange: Exchange,
    now: Timestamp,
) -> Result<Secret, PkiError> {
    let (certificate_key, key_key) = (format!("{key}.crt"), format!("{key}.key"));
    let current = existing.and_then(|existing| {
        let chain = text(existing, &certificate_key)?;
        let private = text(existing, &key_key)?;
        let signed = chain.ends_with(&authority.certificate) || exchange == Exchange::WhenAllTrust;
        let good = signed && is_current(&chain, &leaf.names, cluster.cluster_ca.renewal_days, now);
        good.then(|| (chain, private, generation(&existing.metadata, SIGNED_BY_GENERATION)))
    });
    let (chain, private, generation) = match current {
        Some(current) => current,
        None => {
            let issued = leaf.issue(authority, cluster.cluster_ca.validity_days, now)?;
            let chain = format!("{}{}", issued.certificate, authority.certificate);
            (chain, issued.key, authority.certificate_generation)
        }
    };
    let mut metadata = cluster.names.meta(name.to_owned(), Component::Kafka, &cluster.owner);
    metadata.annotations = Some(labels([(SIGNED_BY_GENERATION, generation.to_string().as_str())]));
    let data = [(certificate_key.as_str(), chain.into_bytes()), (key_key.as_str(), private.into_bytes())];
    Ok(opaque(metadata, encoded(data)))
}

/// Every name under which a client may look for this node.
pub fn names(cluster: &Cluster, node: &Node) -> Vec<String> {
    let names = &cluster.names;
    let namespace = &names.namespace;
    let host = names.pod_host(&node.pod);
    let mut found = vec![host.clone(), format!("{host}.cluster.local")];
    for service in [names.bootstrap(), names.brokers()] {
        found.extend([
            service.clone(),
            format!("{service}.{namespace}"),
            format!("{service}.{namespace}.svc"),
            format!("{service}.{namespace}.svc.cluster.local"),
        ]);
    }
    for listener in &cluster.listeners {
        found.extend(listener.bootstrap().into_iter().flat_map(|bootstrap| bootstrap.alternative_names.clone()));
        found.extend(listener.broker(node.id).and_then(|broker| broker.advertised_host.clone()));
        if listener.is_node_port() {
            let service = names.external_bootstrap(&listener.name);
            found.extend([format!("{service}.{namespace}.svc"), service]);
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::super::example::cluster;
    use super::*;
    use crate::pki::Policy;

    fn now() -> Timestamp {
        "2026-11-22T17:17:03Z".parse().expect("a time")
    }

    #[test]
    fn a_broker_is_known_by_all_its_names() {
        let cluster = cluster();
        insta::assert_yaml_snapshot!(names(&cluster, &cluster.nodes[0]));
    }

    #[test]
    fn a_certificate_is_kept_until_its_authority_changes() {
        let cluster = cluster();
        let node = &cluster.nodes[0];
        let policy = Policy::default();
        let authority = Authority::generate("cluster-ca", 0, policy, now()).expect("a CA");
        let make = |authority: &Authority, existing: Option<&Secret>, exchange| {
            node_secret(&cluster, node, authority, existing, exchange, now()).expect("a Secret")
        };
        let first = make(&authority, None, Exchange::Now);
        assert_eq!(make(&authority, Some(&first), Exchange::Now), first);

        let renewed = authority.renewed(policy, now()).expect("renewed");
        assert_ne!(make(&renewed, Some(&first), Exchange::Now), first);

        let replaced = authority.replaced(policy, now()).expect("replaced");
        assert_eq!(make(&replaced, Some(&first), Exchange::WhenAllTrust), first, "not before every pod trusts it");
        let exchanged = make(&replaced, Some(&first), Exchange::Now);
        assert_eq!(generation(&exchanged.metadata, SIGNED_BY_GENERATION), 1);
    }
}
