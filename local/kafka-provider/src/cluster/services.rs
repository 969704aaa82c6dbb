//! How clients and brokers find each other.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::model::{Cluster, Node};
use super::names::{Component, labels};
use crate::api::Listener;

/// All Services of the cluster. `node_ports` fixes ports by the name of their Service.
pub fn services(cluster: &Cluster, node_ports: &BTreeMap<String, i32>) -> Vec<Service> {
    let mut services = vec![bootstrap(cluster), brokers(cluster)];
    for listener in cluster.listeners.iter().filter(|listener| listener.is_node_port()) {
        let name = cluster.names.external_bootstrap(&listener.name);
        services.push(node_port(cluster, listener, name, ("strimzi.io/broker-role", "true"), node_ports));
        for node in cluster.brokers() {
            let name = cluster.names.external_broker(&node.pool, &listener.name, node.id);
            services.push(node_port(cluster, listener, name, ("strimzi.io/pod-name", &node.pod), node_ports));
        }
    }
    services
}

/// What a pod listens on: name and port.
pub fn container_ports(cluster: &Cluster, node: &Node) -> Vec<(String, i32)> {
    let mut ports = Vec::new();
    if node.is_controller {
        ports.push(("tcp-ctrlplane".to_owned(), 9090));
    }
    if node.is_broker {
        ports.push(("tcp-replication".to_owned(), 9091));
        ports.extend(cluster.listeners.iter().map(|listener| (port_name(listener), listener.port)));
    }
    ports
}

/// Strimzi kept the names of its first two listeners.
fn port_name(listener: &Listener) -> String {
    match (listener.name.as_str(), listener.port) {
        ("plain", 9092) => "tcp-clients".to_owned(),
        ("tls", 9093) => "tcp-clientstls".to_owned(),
        (name, _) => format!("tcp-{name}"),
    }
}

fn internal_ports(cluster: &Cluster) -> impl Iterator<Item = (String, i32)> {
    let internal = cluster.listeners.iter().filter(|listener| !listener.is_node_port());
    internal.map(|listener| (port_name(listener), listener.port))
}

fn bootstrap(cluster: &Cluster) -> Service {
    let mut metadata = cluster.names.meta(cluster.names.bootstrap(), Component::Kafka, &cluster.owner);
    metadata.annotations = Some(labels([("strimzi.io/discovery", discovery(cluster).as_str())]));
    metadata.labels.get_or_insert_default().insert("strimzi.io/discovery".into(), "true".into());
    let ports = [("tcp-replication".to_owned(), 9091)].into_iter().chain(internal_ports(cluster));
    let mut selector = cluster.names.selector();
    selector.insert("strimzi.io/broker-role".into(), "true".into());
    let spec = ServiceSpec {
        type_: Some("ClusterIP".into()),
        ports: Some(ports.map(|(name, port)| service_port(name, port)).collect()),
        selector: Some(selector),
        ..ServiceSpec::default()
    };
    Service { metadata, spec: Some(spec), ..Service::default() }
}

fn brokers(cluster: &Cluster) -> Service {
    let fixed = [("tcp-ctrlplane", 9090), ("tcp-replication", 9091), ("tcp-kafkaagent", 8443)];
    let ports = fixed.into_iter().map(|(name, port)| (name.to_owned(), port)).chain(internal_ports(cluster));
    let spec = ServiceSpec {
        type_: Some("ClusterIP".into()),
        cluster_ip: Some("None".into()),
        // Brokers must find each other before they are ready.
        publish_not_ready_addresses: Some(true),
        ports: Some(ports.map(|(name, port)| service_port(name, port)).collect()),
        selector: Some(cluster.names.selector()),
        ..ServiceSpec::default()
    };
    let metadata = cluster.names.meta(cluster.names.brokers(), Component::Kafka, &cluster.owner);
    Service { metadata, spec: Some(spec), ..Service::default() }
}

fn node_port(
    cluster: &Cluster,
    listener: &Listener,
    name: String,
    select: (&str, &str),
    node_ports: &BTreeMap<String, i32>,
) -> Service {
    let mut port = service_port(port_name(listener), listener.port);
    port.node_port = node_ports.get(&name).copied();
    let mut selector = cluster.names.selector();
    selector.insert(select.0.to_owned(), select.1.to_owned());
    let spec = ServiceSpec {
        type_: Some("NodePort".into()),
        ports: Some(vec![port]),
        selector: Some(selector),
        ..ServiceSpec::default()
    };
    let metadata = cluster.names.meta(name, Component::Kafka, &cluster.owner);
    Service { metadata, spec: Some(spec), ..Service::default() }
}

fn service_port(name: String, port: i32) -> ServicePort {
    ServicePort {
        target_port: Some(IntOrString::String(name.clone())),
        name: Some(name),
        port,
        protocol: Some("TCP".into()),
        ..ServicePort::default()
    }
}

/// The annotation by which tools find Kafka, in the very spacing that Strimzi writes.
fn discovery(cluster: &Cluster) -> String {
    let internal = cluster.listeners.iter().filter(|listener| !listener.is_node_port());
    let entries: Vec<String> = internal
        .map(|listener| {
            format!(
                "{{\n  \"port\" : {},\n  \"tls\" : {},\n  \"protocol\" : \"kafka\",\n  \"auth\" : \"{}\"\n}}",
                listener.port,
                listener.tls,
                listener.authentication()
            )
        })
        .collect();
    format!("[ {} ]", entries.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::example::cluster;
    use super::super::validate::fixed_node_ports;
    use super::*;

    #[test]
    fn services_as_strimzi_makes_them() {
        let cluster = cluster();
        insta::assert_yaml_snapshot!(services(&cluster, &fixed_node_ports(&cluster)));
    }
}
