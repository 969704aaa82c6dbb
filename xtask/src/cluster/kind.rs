//! A cluster by `kind`, for machines with Docker. Its nodes are containers whose addresses a Linux host
//! reaches; images go in by `kind load`. Its kubeconfig is a file of its own: the user's stays as it is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use super::Cluster;
use super::current;
use crate::checkout::Checkout;
use crate::images::{self, COMPONENTS, compile_components};
use crate::kubectl::{Kubectl, helm};
use crate::step::{output, run_logged, step};

/// What the local node's Kafka provider follows.
const STRIMZI: &str = "1.2.0";

/// Makes the cluster, installs Strimzi, builds our images and loads them.
pub fn prepare(checkout: &Checkout) -> Result<Cluster> {
    let name = name(checkout);
    let log = checkout.log().join("kind.log");
    let kubeconfig = checkout.local().join("kind.kubeconfig");
    std::fs::create_dir_all(checkout.local())?;
    let there =
        exists(&name).context("--cluster kind needs `kind` and a Docker daemon; without them use --cluster local")?;
    let kind = |args: &[&str]| {
        let mut kind = Command::new("kind");
        kind.args(args).args(["--name", &name]).arg("--kubeconfig").arg(&kubeconfig);
        run_logged(&mut kind, &log, "docker info")
    };
    if there {
        kind(&["export", "kubeconfig"])?;
    } else {
        step("make a kind cluster", || kind(&["create", "cluster", "--wait", "180s"]))?;
    }
    let kubectl = Kubectl::with_kubeconfig(checkout, kubeconfig);
    if kubectl.run(["get", "crd", "kafkas.kafka.strimzi.io"]).is_err() {
        step("install Strimzi", || install_strimzi(checkout, &kubectl))?;
    }
    compile_components(checkout, &[])?;
    let mut images = BTreeMap::new();
    for (component, binary) in COMPONENTS {
        images.insert((*component).to_owned(), load(checkout, &name, component, binary)?);
    }
    Ok(Cluster { images, ..current::with_strimzi(kubectl, None)? })
}

/// By its chart, so that it and the Kafka it runs meet the `restricted` standard, which our namespaces enforce.
fn install_strimzi(checkout: &Checkout, kubectl: &Kubectl) -> Result<()> {
    let container = json!({
        "allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": true,
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    let variables = json!([{"name": "STRIMZI_POD_SECURITY_PROVIDER_CLASS", "value": "restricted"}]);
    let mut install = helm(checkout, kubectl);
    install
        .args(["upgrade", "--install", "strimzi", "strimzi-kafka-operator", "--version", STRIMZI])
        .args(["--repo", "https://strimzi.io/charts/", "--namespace", "kafka", "--create-namespace"])
        .args(["--wait", "--timeout", "300s", "--set-json"])
        .arg(format!("securityContext={container},extraEnvs={variables}"));
    run_logged(&mut install, &checkout.log().join("helm.log"), "kubectl --namespace kafka describe pods")
}

/// Builds the image of a component and hands it to the cluster, unless Docker has it: its tag is of its content.
fn load(checkout: &Checkout, cluster: &str, component: &str, binary: &str) -> Result<String> {
    let log = checkout.log().join("kind.log");
    let recipe = images::component(checkout, None, component, binary);
    let image = format!("order-pipeline/{component}:{}", images::hash(&recipe)?);
    step(&format!("build and load {image}"), || {
        let mut build = Command::new("docker");
        build.args(["build", "--tag", &image, "--file"]).arg(&recipe.containerfile).arg(&recipe.context);
        run_logged(&mut build, &log, "docker info")?;
        let mut load = Command::new("kind");
        run_logged(load.args(["load", "docker-image", &image, "--name", cluster]), &log, "docker info")
    })?;
    Ok(image)
}

/// Removes the cluster that [`prepare`] made, if there is one.
pub fn remove(checkout: &Checkout) -> Result<()> {
    let name = name(checkout);
    let kubeconfig: PathBuf = checkout.local().join("kind.kubeconfig");
    if !exists(&name).unwrap_or(false) {
        return Ok(());
    }
    step("remove the kind cluster", || {
        let mut delete = Command::new("kind");
        delete.args(["delete", "cluster", "--name", &name]).arg("--kubeconfig").arg(&kubeconfig);
        run_logged(&mut delete, &checkout.log().join("kind.log"), "docker info")
    })
}

fn name(checkout: &Checkout) -> String {
    format!("order-pipeline-{}", checkout.id())
}

fn exists(name: &str) -> Result<bool> {
    Ok(output(Command::new("kind").args(["get", "clusters"]))?.lines().any(|cluster| cluster == name))
}
