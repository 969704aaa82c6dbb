//! Who is who in the cluster: certificates and the kubeconfig of every program.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::{NAME, Node};
use crate::certificates::{Authority, Subject, key_pair, write_secret};

/// Programs that log in to the API server: (file, user, group).
const CLIENTS: &[(&str, &str, Option<&str>)] = &[
    ("admin", "admin", Some("system:masters")),
    ("controller-manager", "system:kube-controller-manager", None),
    ("scheduler", "system:kube-scheduler", None),
    ("proxy", "system:kube-proxy", None),
    ("volume-provisioner", "system:volume-provisioner", None),
];

/// The folder of keys and certificates.
pub fn folder(node: &Node) -> PathBuf {
    node.state().join("pki")
}

/// A file of [`folder`] as text, for command lines.
pub fn file(node: &Node, name: &str) -> String {
    folder(node).join(name).display().to_string()
}

/// Makes what is missing, and writes the administrator's kubeconfig to `target/local/kubeconfig`.
pub fn ensure(node: &Node) -> Result<()> {
    let folder = folder(node);
    let authority = Authority::load_or_create(&folder, "ca")?;
    authority
        .issue("apiserver", &Subject { name: "kube-apiserver", serves: &api_names(node), ..Subject::default() })?;
    let user = format!("system:node:{NAME}");
    let serves = [NAME.to_owned(), node.addresses().node.to_string(), "127.0.0.1".to_owned()];
    authority.issue("kubelet", &Subject { name: &user, organization: Some("system:nodes"), serves: &serves })?;
    for (file, name, organization) in CLIENTS {
        authority.issue(file, &Subject { name, organization: *organization, serves: &[] })?;
    }
    // The API server proves itself to aggregated API servers (metrics-server) with another authority,
    // so that no user's certificate is taken for the proxy's.
    Authority::load_or_create(&folder, "front-proxy-ca")?
        .issue("front-proxy", &Subject { name: "front-proxy", ..Subject::default() })?;
    key_pair(&folder, "service-accounts")?;
    for name in CLIENTS.iter().map(|(file, ..)| *file).chain(["kubelet"]) {
        write_secret(&folder.join(format!("{name}.kubeconfig")), &kubeconfig(node, name)?)?;
    }
    write_secret(&node.checkout().local().join("kubeconfig"), &kubeconfig(node, "admin")?)
}

/// Every name and address the API server is called by.
fn api_names(node: &Node) -> Vec<String> {
    let addresses = node.addresses();
    let mut names: Vec<String> = [addresses.node, addresses.api_service()].iter().map(ToString::to_string).collect();
    names.extend(["127.0.0.1", "localhost"].map(str::to_owned));
    let mut service = "kubernetes".to_owned();
    names.push(service.clone());
    for part in ["default", "svc", "cluster", "local"] {
        service = format!("{service}.{part}");
        names.push(service.clone());
    }
    names
}

fn kubeconfig(node: &Node, user: &str) -> Result<String> {
    use serde_json::json;
    let folder = folder(node);
    let pem = |file: &str| -> Result<String> { Ok(base64(&fs::read(folder.join(file))?)) };
    let cluster = format!("order-pipeline-{}", node.checkout().id());
    // JSON is YAML; every client reads it.
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": cluster,
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": user}}],
        "clusters": [{"name": cluster, "cluster": {
            "server": format!("https://{}:6443", node.addresses().node),
            "certificate-authority-data": pem("ca.crt")?,
        }}],
        "users": [{"name": user, "user": {
            "client-certificate-data": pem(&format!("{user}.crt"))?,
            "client-key-data": pem(&format!("{user}.key"))?,
        }}],
    });
    Ok(serde_json::to_string_pretty(&config)?)
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::Checkout;
    use crate::node::Addresses;

    #[test]
    fn the_api_server_answers_to_its_address_and_its_service() -> Result<()> {
        let node =
            Node { checkout: Checkout::find()?, addresses: Addresses::choose(1, &[]).expect("nothing is taken") };
        let names = api_names(&node);
        assert!(names.contains(&node.addresses().node.to_string()));
        assert!(names.contains(&node.addresses().api_service().to_string()));
        assert!(names.contains(&"kubernetes.default.svc.cluster.local".to_owned()));
        Ok(())
    }
}
