//! server.properties: what the specification says, in Kafka's own words.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::model::{Cluster, Node};
use crate::api::Listener;

pub const CONTROL_PLANE: &str = "CONTROLPLANE-9090";
pub const REPLICATION: &str = "REPLICATION-9091";

/// Where the pod has its certificate and the certificates it trusts.
pub const CERTIFICATES: &str = "/opt/kafka/broker-certs";
pub const TRUST: &str = "/opt/kafka/trust";

/// Settings that the operator makes. Given by the user they are dropped without a word, as in Strimzi.
const FORBIDDEN: [&str; 21] = [
    "listeners",
    "advertised.",
    "broker.",
    "listener.",
    "host.name",
    "port",
    "inter.broker.listener.name",
    "sasl.",
    "ssl.",
    "security.",
    "password.",
    "log.dir",
    "zookeeper.",
    "authorizer.",
    "super.user",
    "node.id",
    "process.roles",
    "controller.",
    "metadata.log.dir",
    "config.providers",
    "cruise.control.",
];

const ALLOWED: [&str; 7] = [
    "sasl.server.max.receive.size",
    "ssl.cipher.suites",
    "ssl.protocol",
    "ssl.enabled.protocols",
    "controller.quorum.election.backoff.max.ms",
    "controller.quorum.election.timeout.ms",
    "controller.quorum.fetch.timeout.ms",
];

/// Settings that must be whole numbers; Strimzi knows the type of every one, we of the usual ones.
const INTEGERS: [(&str, &str); 14] = [
    ("num.partitions", "int"),
    ("default.replication.factor", "int"),
    ("min.insync.replicas", "int"),
    ("offsets.topic.replication.factor", "short"),
    ("offsets.topic.num.partitions", "int"),
    ("transaction.state.log.replication.factor", "short"),
    ("transaction.state.log.min.isr", "int"),
    ("transaction.state.log.num.partitions", "int"),
    ("num.network.threads", "int"),
    ("num.io.threads", "int"),
    ("log.retention.ms", "long"),
    ("log.retention.bytes", "long"),
    ("log.segment.bytes", "int"),
    ("group.initial.rebalance.delay.ms", "int"),
];

/// The user's settings as text, without the forbidden ones. The error is Strimzi's words for a bad one.
pub fn user_config(config: &BTreeMap<String, Value>) -> Result<BTreeMap<String, String>, String> {
    let mut kept = BTreeMap::new();
    for (key, value) in config {
        if is_forbidden(key) {
            continue;
        }
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if let Some((_, kind)) = INTEGERS.iter().find(|(name, _)| name == key)
            && value.parse::<i64>().is_err()
        {
            let article = if *kind == "int" { "an" } else { "a" };
            return Err(format!("{key} has value '{value}' which is not {article} {kind}"));
        }
        kept.insert(key.clone(), value);
    }
    Ok(kept)
}

fn is_forbidden(key: &str) -> bool {
    !ALLOWED.contains(&key) && FORBIDDEN.iter().any(|prefix| key.starts_with(prefix))
}

/// The file of one node. `node_ports` gives the port of each external Service by its name.
pub fn server_properties(cluster: &Cluster, node: &Node, node_ports: &BTreeMap<String, i32>) -> String {
    let mut file = Properties::default();
    file.section("Node ID").set("node.id", node.id);
    kraft(&mut file, cluster, node);
    file.section("Control Plane listener");
    operator_listener(&mut file, node, CONTROL_PLANE);
    if node.is_broker {
        file.section("Replication listener");
        operator_listener(&mut file, node, REPLICATION);
        for listener in &cluster.listeners {
            client_listener(&mut file, node, listener);
        }
    }
    common_listeners(&mut file, cluster, node, node_ports);
    if let Some(users) = &cluster.authorization {
        file.section("Authorization")
            .set("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
            .set("super.users", super_users(cluster, &users.0));
    }
    file.section("Config providers")
        .set("config.providers", "strimzidir")
        .set("config.providers.strimzidir.class", "org.apache.kafka.common.config.provider.DirectoryConfigProvider")
        .set("config.providers.strimzidir.param.allowed.paths", "/opt/kafka");
    file.section("User provided configuration");
    for (key, value) in &cluster.config {
        file.set(key, value);
    }
    file.0
}

fn kraft(file: &mut Properties, cluster: &Cluster, node: &Node) {
    let roles = [("broker", node.is_broker), ("controller", node.is_controller)];
    let roles: Vec<&str> = roles.into_iter().filter(|(_, has)| *has).map(|(role, _)| role).collect();
    let voters: Vec<String> = cluster
        .controllers()
        .map(|controller| format!("{}@{}:9090", controller.id, cluster.names.pod_host(&controller.pod)))
        .collect();
    let log_dirs: Vec<String> = node.disks.iter().map(|disk| node.log_dir(disk)).collect();
    let metadata = node.disks.iter().find(|disk| disk.holds_metadata).map(|disk| node.log_dir(disk));
    file.section("KRaft configuration")
        .set("process.roles", roles.join(","))
        .set("controller.listener.names", CONTROL_PLANE)
        .set("controller.quorum.voters", voters.join(","));
    file.section("KRaft metadata log dir configuration").set("metadata.log.dir", metadata.unwrap_or_default());
    file.section("Kafka message logs configuration").set("log.dirs", log_dirs.join(","));
}

/// The brokers know each other by the cluster CA.
fn operator_listener(file: &mut Properties, node: &Node, identifier: &str) {
    let prefix = format!("listener.name.{}", identifier.to_lowercase());
    key_store(file, node, &prefix);
    file.set(&format!("{prefix}.ssl.truststore.certificates"), format!("${{strimzidir:{TRUST}:cluster-ca.crt}}"))
        .set(&format!("{prefix}.ssl.truststore.type"), "PEM")
        .set(&format!("{prefix}.ssl.client.auth"), "required");
}

fn client_listener(file: &mut Properties, node: &Node, listener: &Listener) {
    let identifier = identifier(listener);
    file.section(&format!("Listener configuration: {identifier}"));
    let prefix = format!("listener.name.{}", identifier.to_lowercase());
    match listener.authentication() {
        "scram-sha-512" => {
            let module = "org.apache.kafka.common.security.scram.ScramLoginModule required ;";
            file.set(&format!("{prefix}.scram-sha-512.sasl.jaas.config"), module)
                .set(&format!("{prefix}.sasl.enabled.mechanisms"), "SCRAM-SHA-512");
        }
        "tls" => {
            let trusted = format!("${{strimzidir:{TRUST}:clients-ca.crt}}");
            file.set(&format!("{prefix}.ssl.client.auth"), "required")
                .set(&format!("{prefix}.ssl.truststore.certificates"), trusted)
                .set(&format!("{prefix}.ssl.truststore.type"), "PEM");
        }
        _ => {}
    }
    if listener.tls {
        key_store(file, node, &prefix);
    }
}

fn key_store(file: &mut Properties, node: &Node, prefix: &str) {
    let secret = |key: &str| format!("${{strimzidir:{CERTIFICATES}:{}.{key}}}", node.pod);
    file.set(&format!("{prefix}.ssl.keystore.certificate.chain"), secret("crt"))
        .set(&format!("{prefix}.ssl.keystore.key"), secret("key"))
        .set(&format!("{prefix}.ssl.keystore.type"), "PEM");
}

fn common_listeners(file: &mut Properties, cluster: &Cluster, node: &Node, node_ports: &BTreeMap<String, i32>) {
    let host = cluster.names.pod_host(&node.pod);
    let mut protocols = vec![format!("{CONTROL_PLANE}:SSL"), format!("{REPLICATION}:SSL")];
    let mut listeners = Vec::new();
    let mut advertised = Vec::new();
    if node.is_controller {
        listeners.push(format!("{CONTROL_PLANE}://0.0.0.0:9090"));
        advertised.push(format!("{CONTROL_PLANE}://{host}:9090"));
    }
    if node.is_broker {
        listeners.push(format!("{REPLICATION}://0.0.0.0:9091"));
        advertised.push(format!("{REPLICATION}://{host}:9091"));
    }
    for listener in &cluster.listeners {
        let identifier = identifier(listener);
        protocols.push(format!("{identifier}:{}", protocol(listener)));
        if node.is_broker {
            listeners.push(format!("{identifier}://0.0.0.0:{}", listener.port));
            let (host, port) = advertised_address(cluster, node, listener, node_ports);
            advertised.push(format!("{identifier}://{host}:{port}"));
        }
    }
    file.section("Common listener configuration")
        .set("listener.security.protocol.map", protocols.join(","))
        .set("listeners", listeners.join(","))
        .set("inter.broker.listener.name", REPLICATION)
        .set("advertised.listeners", advertised.join(","))
        .set("sasl.enabled.mechanisms", "")
        .set("ssl.endpoint.identification.algorithm", "HTTPS");
}

/// Where clients of a listener find this broker.
fn advertised_address(
    cluster: &Cluster,
    node: &Node,
    listener: &Listener,
    node_ports: &BTreeMap<String, i32>,
) -> (String, i32) {
    let given = listener.broker(node.id);
    let host = given.and_then(|broker| broker.advertised_host.clone());
    let port = given.and_then(|broker| broker.advertised_port).or_else(|| {
        let service = cluster.names.external_broker(&node.pool, &listener.name, node.id);
        node_ports.get(&service).copied().filter(|_| listener.is_node_port())
    });
    (host.unwrap_or_else(|| cluster.names.pod_host(&node.pod)), port.unwrap_or(listener.port))
}

fn super_users(cluster: &Cluster, given: &[String]) -> String {
    let name = &cluster.names.cluster;
    let operators = ["kafka", "entity-topic-operator", "entity-user-operator", "kafka-exporter", "cruise-control"];
    let mut users: Vec<String> =
        operators.iter().map(|operator| format!("User:CN={name}-{operator},O=io.strimzi")).collect();
    users.push("User:CN=cluster-operator,O=io.strimzi".to_owned());
    users.extend(given.iter().map(|user| format!("User:{user}")));
    users.join(";")
}

/// The name that Kafka has for a listener, such as `TLS-9093`.
pub fn identifier(listener: &Listener) -> String {
    format!("{}-{}", listener.name.to_uppercase(), listener.port)
}

fn protocol(listener: &Listener) -> &'static str {
    match (listener.authentication(), listener.tls) {
        ("scram-sha-512", true) => "SASL_SSL",
        ("scram-sha-512", false) => "SASL_PLAINTEXT",
        (_, true) => "SSL",
        (_, false) => "PLAINTEXT",
    }
}

#[derive(Default)]
struct Properties(String);

impl Properties {
    fn section(&mut self, title: &str) -> &mut Self {
        let line = "#".repeat(10);
        write!(self.0, "{}{line}\n# {title}\n{line}\n", if self.0.is_empty() { "" } else { "\n" })
            .expect("a String takes everything");
        self
    }

    fn set(&mut self, key: &str, value: impl std::fmt::Display) -> &mut Self {
        writeln!(self.0, "{key}={value}").expect("a String takes everything");
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::example::cluster;
    use super::*;

    #[test]
    fn a_dual_node_with_every_kind_of_listener() {
        let cluster = cluster();
        insta::assert_snapshot!(server_properties(&cluster, &cluster.nodes[0], &BTreeMap::new()));
    }

    #[test]
    fn forbidden_settings_are_dropped_and_allowed_ones_kept() {
        let config = BTreeMap::from([
            ("ssl.keystore.location".to_owned(), json!("/x")),
            ("ssl.cipher.suites".to_owned(), json!("A")),
            ("num.partitions".to_owned(), json!(3)),
        ]);
        let kept = user_config(&config).expect("good");
        assert_eq!(kept.into_keys().collect::<Vec<_>>(), ["num.partitions", "ssl.cipher.suites"]);
    }

    #[test]
    fn a_setting_of_the_wrong_type_is_told() {
        let config = BTreeMap::from([("num.partitions".to_owned(), json!("abc"))]);
        assert_eq!(user_config(&config).expect_err("bad"), "num.partitions has value 'abc' which is not an int");
    }
}
