//! The pod of one node. Its annotations hold what it was made from, so that a change shows.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Capabilities, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource, PersistentVolumeClaim,
    PersistentVolumeClaimSpec, PersistentVolumeClaimVolumeSource, Pod, PodSecurityContext, PodSpec, Probe,
    ResourceRequirements, SeccompProfile, SecretVolumeSource, SecurityContext, TCPSocketAction, Volume, VolumeMount,
    VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use sha2::{Digest, Sha256};

use super::certificates::SIGNED_BY_GENERATION;
use super::config::{CERTIFICATES, TRUST};
use super::model::{Cluster, Disk, Node};
use super::names::{Component, labels};
use super::services::container_ports;

pub const REVISION: &str = "strimzi.io/revision";
pub const TRUST_GENERATION: &str = "strimzi.io/cluster-ca-key-generation";
pub const CLIENTS_GENERATION: &str = "strimzi.io/clients-ca-cert-generation";
pub const SERVER_CERTIFICATE: &str = "strimzi.io/server-cert-hash";
pub const TRUST_HASH: &str = "orderpipeline.dev/trust-hash";

const CONFIG: &str = "/opt/kafka/config";
const JAVA: &str = "/opt/kafka/jre/bin/java";

/// What a pod is made from besides the model.
#[derive(Clone, Debug)]
pub struct Inputs<'a> {
    pub image: &'a str,
    pub cluster_id: &'a str,
    /// The node's ConfigMap.
    pub config: &'a BTreeMap<String, String>,
    /// The node's certificate chain, and the generation of the CA that signed it.
    pub certificate: &'a str,
    pub certificate_generation: u32,
    /// What it trusts, and the generations of the cluster CA's key and the clients CA's certificate.
    pub trust: &'a str,
    pub key_generation: u32,
    pub clients_generation: u32,
}

pub fn pod(cluster: &Cluster, node: &Node, inputs: &Inputs<'_>) -> Pod {
    let spec = spec(cluster, node, inputs);
    let mut metadata = cluster.names.meta(node.pod.clone(), Component::Kafka, &cluster.owner);
    // Pods of a controller may be drained.
    for owner in metadata.owner_references.iter_mut().flatten() {
        owner.controller = Some(true);
    }
    metadata.labels.get_or_insert_default().extend(labels([
        ("strimzi.io/pod-name", node.pod.as_str()),
        ("strimzi.io/pool-name", &node.pool),
        ("strimzi.io/broker-role", if node.is_broker { "true" } else { "false" }),
        ("strimzi.io/controller-role", if node.is_controller { "true" } else { "false" }),
    ]));
    let certificates = (inputs.certificate, inputs.trust, inputs.key_generation);
    let whole = serde_json::to_string(&(&spec, inputs.config, certificates)).expect("a pod is JSON");
    metadata.annotations = Some(labels([
        (REVISION, hash(&whole).as_str()),
        (SERVER_CERTIFICATE, &hash(inputs.certificate)),
        (TRUST_HASH, &hash(inputs.trust)),
        (SIGNED_BY_GENERATION, &inputs.certificate_generation.to_string()),
        (TRUST_GENERATION, &inputs.key_generation.to_string()),
        (CLIENTS_GENERATION, &inputs.clients_generation.to_string()),
    ]));
    Pod { metadata, spec: Some(spec), ..Pod::default() }
}

/// The claims of a node that are to be there before its pod.
pub fn claims(cluster: &Cluster, node: &Node) -> Vec<PersistentVolumeClaim> {
    let wanted = node.disks.iter().filter_map(|disk| disk.claim.as_ref());
    wanted
        .map(|claim| {
            let mut metadata = cluster.names.meta(claim.name.clone(), Component::Kafka, &cluster.owner);
            if !claim.delete {
                metadata.owner_references = None;
            }
            let requests = BTreeMap::from([("storage".to_owned(), Quantity(claim.size.clone()))]);
            let spec = PersistentVolumeClaimSpec {
                access_modes: Some(vec!["ReadWriteOnce".into()]),
                storage_class_name: claim.class.clone(),
                resources: Some(VolumeResourceRequirements { requests: Some(requests), limits: None }),
                ..PersistentVolumeClaimSpec::default()
            };
            PersistentVolumeClaim { metadata, spec: Some(spec), ..PersistentVolumeClaim::default() }
        })
        .collect()
}

fn spec(cluster: &Cluster, node: &Node, inputs: &Inputs<'_>) -> PodSpec {
    PodSpec {
        // Together they give the pod its name in DNS.
        hostname: Some(node.pod.clone()),
        subdomain: Some(cluster.names.brokers()),
        automount_service_account_token: Some(false),
        // KAFKA_* variables made from Services would be taken for settings.
        enable_service_links: Some(false),
        termination_grace_period_seconds: Some(30),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(65532),
            fs_group: Some(65532),
            seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".into(), ..SeccompProfile::default() }),
            ..PodSecurityContext::default()
        }),
        init_containers: Some(vec![format(node, inputs)]),
        containers: vec![kafka(cluster, node, inputs)],
        volumes: Some(volumes(cluster, node)),
        ..PodSpec::default()
    }
}

/// Makes empty log folders Kafka's. Folders that are formatted stay as they are.
fn format(node: &Node, inputs: &Inputs<'_>) -> Container {
    let arguments = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "--cluster-id", inputs.cluster_id];
    // It runs for a second: the second compiler would cost more than it gives.
    let command = java("-Xmx128m", "-Xms32m")
        .chain(["-XX:TieredStopAtLevel=1".to_owned()])
        .chain(arguments.map(ToOwned::to_owned))
        .chain(["--config".to_owned(), format!("{CONFIG}/server.config")]);
    container("format", node, inputs, command.collect())
}

fn kafka(cluster: &Cluster, node: &Node, inputs: &Inputs<'_>) -> Container {
    let command = java(&format!("-Xmx{}", node.xmx), &format!("-Xms{}", node.xms))
        .chain([format!("-Dlog4j2.configurationFile={CONFIG}/log4j2.properties")])
        .chain(["kafka.Kafka".to_owned(), format!("{CONFIG}/server.config")]);
    let ports = container_ports(cluster, node).into_iter().map(|(name, port)| ContainerPort {
        name: Some(name),
        container_port: port,
        protocol: Some("TCP".into()),
        ..ContainerPort::default()
    });
    let probed = if node.is_broker { "tcp-replication" } else { "tcp-ctrlplane" };
    let probe = Probe {
        tcp_socket: Some(TCPSocketAction { port: IntOrString::String(probed.into()), host: None }),
        ..Probe::default()
    };
    Container {
        ports: Some(ports.collect()),
        readiness_probe: Some(Probe { period_seconds: Some(2), failure_threshold: Some(3), ..probe.clone() }),
        startup_probe: Some(Probe { period_seconds: Some(1), failure_threshold: Some(180), ..probe.clone() }),
        liveness_probe: Some(Probe { period_seconds: Some(10), failure_threshold: Some(6), ..probe }),
        ..container("kafka", node, inputs, command.collect())
    }
}

fn java(most: &str, least: &str) -> impl Iterator<Item = String> + use<> {
    [JAVA, "-cp", "/opt/kafka/libs/*", least, most].map(ToOwned::to_owned).into_iter()
}

fn container(name: &str, node: &Node, inputs: &Inputs<'_>, command: Vec<String>) -> Container {
    Container {
        name: name.to_owned(),
        image: Some(inputs.image.to_owned()),
        image_pull_policy: Some("IfNotPresent".into()),
        command: Some(command),
        resources: Some(node.resources.clone().unwrap_or_else(default_resources)),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".into()]), add: None }),
            ..SecurityContext::default()
        }),
        volume_mounts: Some(mounts(node)),
        ..Container::default()
    }
}

fn default_resources() -> ResourceRequirements {
    let quantities = |pairs: &[(&str, &str)]| {
        Some(pairs.iter().map(|(name, amount)| ((*name).to_owned(), Quantity((*amount).to_owned()))).collect())
    };
    ResourceRequirements {
        requests: quantities(&[("cpu", "100m"), ("memory", "512Mi")]),
        limits: quantities(&[("memory", "1Gi")]),
        claims: None,
    }
}

fn mounts(node: &Node) -> Vec<VolumeMount> {
    let mount = |name: &str, path: String, read_only: bool| VolumeMount {
        name: name.to_owned(),
        mount_path: path,
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    };
    let mut mounts = vec![
        mount("certificates", CERTIFICATES.to_owned(), true),
        mount("trust", TRUST.to_owned(), true),
        mount("config", CONFIG.to_owned(), true),
        mount("tmp", "/tmp".to_owned(), false),
    ];
    let disks = node.disks.iter();
    mounts.extend(disks.map(|disk| mount(&disk.mount, format!("/var/lib/kafka/{}", disk.mount), false)));
    mounts
}

fn volumes(cluster: &Cluster, node: &Node) -> Vec<Volume> {
    let secret = |volume: &str, name: String| Volume {
        name: volume.to_owned(),
        secret: Some(SecretVolumeSource {
            secret_name: Some(name),
            default_mode: Some(0o440),
            ..SecretVolumeSource::default()
        }),
        ..Volume::default()
    };
    let mut volumes = vec![
        secret("certificates", node.pod.clone()),
        secret("trust", cluster.names.trust_bundle()),
        Volume {
            name: "config".into(),
            config_map: Some(ConfigMapVolumeSource { name: node.pod.clone(), ..ConfigMapVolumeSource::default() }),
            ..Volume::default()
        },
        empty("tmp"),
    ];
    volumes.extend(node.disks.iter().map(disk_volume));
    volumes
}

fn disk_volume(disk: &Disk) -> Volume {
    match &disk.claim {
        None => empty(&disk.mount),
        Some(claim) => Volume {
            name: disk.mount.clone(),
            persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
                claim_name: claim.name.clone(),
                read_only: None,
            }),
            ..Volume::default()
        },
    }
}

fn empty(name: &str) -> Volume {
    Volume { name: name.to_owned(), empty_dir: Some(EmptyDirVolumeSource::default()), ..Volume::default() }
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::example::cluster;
    use super::*;

    fn make(certificate: &str, config: &BTreeMap<String, String>) -> Pod {
        let cluster = cluster();
        let inputs = Inputs {
            image: "kafka:test",
            cluster_id: "ZTOfFV_CQ7ymr_7Kv3bQqw",
            config,
            certificate,
            certificate_generation: 0,
            trust: "trusted",
            key_generation: 0,
            clients_generation: 0,
        };
        pod(&cluster, &cluster.nodes[0], &inputs)
    }

    #[test]
    fn a_pod_that_the_restricted_standard_admits() {
        insta::assert_yaml_snapshot!(make("certificate", &BTreeMap::new()));
    }

    #[test]
    fn every_input_changes_the_revision() {
        let revision = |pod: Pod| pod.metadata.annotations.unwrap_or_default().remove(REVISION).expect("a revision");
        let config = BTreeMap::from([("server.config".to_owned(), "a=b".to_owned())]);
        let first = revision(make("certificate", &BTreeMap::new()));
        assert_eq!(first, revision(make("certificate", &BTreeMap::new())));
        assert_ne!(first, revision(make("another", &BTreeMap::new())));
        assert_ne!(first, revision(make("certificate", &config)));
    }
}
