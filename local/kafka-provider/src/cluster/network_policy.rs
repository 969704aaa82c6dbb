//! Listeners are open to all, the brokers' own ports to brokers and operators.

use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::model::Cluster;
use super::names::{Component, labels};

pub fn network_policy(cluster: &Cluster) -> NetworkPolicy {
    let name = &cluster.names.cluster;
    let operator = || NetworkPolicyPeer {
        namespace_selector: Some(LabelSelector::default()),
        pod_selector: Some(matching([("strimzi.io/kind", "cluster-operator")])),
        ..NetworkPolicyPeer::default()
    };
    let kafka = || NetworkPolicyPeer {
        pod_selector: Some(LabelSelector { match_labels: Some(cluster.names.selector()), ..LabelSelector::default() }),
        ..NetworkPolicyPeer::default()
    };
    let helpers = ["entity-operator", "kafka-exporter", "cruise-control"].map(|helper| NetworkPolicyPeer {
        pod_selector: Some(matching([("strimzi.io/name", format!("{name}-{helper}").as_str())])),
        ..NetworkPolicyPeer::default()
    });
    let mut replication = vec![operator(), kafka()];
    replication.extend(helpers);
    let mut ingress = vec![
        rule(9090, Some(vec![kafka(), operator()])),
        rule(9091, Some(replication)),
        rule(8443, Some(vec![operator()])),
    ];
    ingress.extend(cluster.listeners.iter().map(|listener| rule(listener.port, None)));

    let spec = NetworkPolicySpec {
        ingress: Some(ingress),
        pod_selector: Some(LabelSelector { match_labels: Some(cluster.names.selector()), ..LabelSelector::default() }),
        policy_types: Some(vec!["Ingress".into()]),
        ..NetworkPolicySpec::default()
    };
    let metadata = cluster.names.meta(format!("{name}-network-policy-kafka"), Component::Kafka, &cluster.owner);
    NetworkPolicy { metadata, spec: Some(spec) }
}

fn rule(port: i32, from: Option<Vec<NetworkPolicyPeer>>) -> NetworkPolicyIngressRule {
    let port = NetworkPolicyPort {
        port: Some(IntOrString::Int(port)),
        protocol: Some("TCP".into()),
        ..NetworkPolicyPort::default()
    };
    NetworkPolicyIngressRule { from, ports: Some(vec![port]) }
}

fn matching<const N: usize>(pairs: [(&str, &str); N]) -> LabelSelector {
    LabelSelector { match_labels: Some(labels(pairs)), ..LabelSelector::default() }
}
