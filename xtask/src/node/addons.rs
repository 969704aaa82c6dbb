//! What a cluster needs besides the node's programs: names (CoreDNS) and a StorageClass; metrics when asked for.

use std::fs;
use std::time::Duration;

use anyhow::Result;
use base64::Engine as _;
use serde_json::json;

use super::{NAME, Node, credentials};
use crate::certificates::{Authority, Subject};
use crate::images::Image;
use crate::kubectl::Kubectl;
use crate::step::{step, wait_for};

/// Applies local/node/*.yaml and waits until CoreDNS answers.
pub fn apply(node: &Node, coredns: &Image) -> Result<()> {
    let kubectl = Kubectl::local(node.checkout());
    step("start CoreDNS and storage", || {
        for file in ["storage.yaml", "coredns.yaml"] {
            let text = fs::read_to_string(node.checkout().path("local/node").join(file))?
                .replace("${DNS_ADDRESS}", &node.addresses().dns_service().to_string())
                .replace("${COREDNS_IMAGE}", coredns.reference());
            kubectl.apply(&text)?;
        }
        kubectl.rollout("kube-system", "deployment/coredns", Duration::from_secs(300))
    })
}

/// Applies local/node/metrics-server.yaml and waits until the API server hands metrics on.
pub fn apply_metrics_server(node: &Node, image: &Image) -> Result<()> {
    let kubectl = Kubectl::local(node.checkout());
    let folder = credentials::folder(node);
    let names = ["metrics-server.kube-system.svc".to_owned()];
    Authority::load_or_create(&folder, "metrics-server-ca")?
        .issue("metrics-server", &Subject { name: "metrics-server", serves: &names, ..Subject::default() })?;
    let read = |name: &str| fs::read_to_string(folder.join(name));
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": "metrics-server-tls", "namespace": "kube-system"},
        "stringData": {"tls.crt": read("metrics-server.crt")?, "tls.key": read("metrics-server.key")?},
    });
    let authority = base64::engine::general_purpose::STANDARD.encode(read("metrics-server-ca.crt")?);
    step("start metrics-server", || {
        kubectl.apply(&secret.to_string())?;
        let text = fs::read_to_string(node.checkout().path("local/node/metrics-server.yaml"))?
            .replace("${METRICS_SERVER_CA}", &authority)
            .replace("${METRICS_SERVER_IMAGE}", image.reference());
        kubectl.apply(&text)?;
        kubectl.rollout("kube-system", "deployment/metrics-server", Duration::from_secs(300))?;
        wait_for("metrics of the node", Duration::from_secs(300), || {
            kubectl.ask(["get", "--raw", &format!("/apis/metrics.k8s.io/v1beta1/nodes/{NAME}")])
        })?;
        Ok(())
    })
}
