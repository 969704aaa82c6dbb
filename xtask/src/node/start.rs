//! Brings the node up, or what of it does not run.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Daemon, NAME, Node, control_plane, credentials, sandbox, worker};
use crate::images::Image;
use crate::kubectl::Kubectl;
use crate::step::{output, step, wait_for};

/// For one program. A program that ends is told at once; a busy machine is waited for.
const PATIENCE: Duration = Duration::from_secs(180);

/// Starts what does not run and waits until the node is Ready. `pause` must be built.
pub fn start(node: &Node, pause: &Image) -> Result<()> {
    node.keep_addresses()?;
    sandbox::ensure(node)?;
    credentials::ensure(node)?;
    let kubectl = Kubectl::local(node.checkout());
    step("start containerd, etcd and the API server", || {
        let containerd = worker::containerd(node, pause.reference())?;
        containerd.ensure(node)?;
        control_plane::etcd(node).ensure(node)?;
        let api = control_plane::api_server(node);
        api.ensure(node)?;
        wait_for("containerd answers", PATIENCE, || {
            alive(&containerd, node)?;
            output(node.ctr().arg("version"))
        })?;
        // The kubelet cannot fetch it, and every pod needs it.
        crate::images::import(node, std::slice::from_ref(pause))?;
        wait_for("the API server is ready", PATIENCE, || {
            alive(&api, node)?;
            kubectl.run(["get", "--raw", "/readyz"])
        })
    })?;
    step("start controllers, scheduler, kubelet and kube-proxy", || {
        for daemon in control_plane::controllers(node) {
            daemon.ensure(node)?;
        }
        worker::kube_proxy(node)?.ensure(node)?;
        start_kubelet(node)?;
        wait_for("the node is Ready", PATIENCE, || {
            let ready = kubectl.run([
                "get",
                "node",
                NAME,
                "--output=jsonpath={.status.conditions[?(@.type==\"Ready\")].status}",
            ])?;
            if ready != "True" {
                bail!("kubectl get node says Ready={ready}");
            }
            Ok(())
        })
    })
}

/// containerd answers before its Kubernetes side does, and a kubelet that comes too early ends; so it is
/// started until it answers.
fn start_kubelet(node: &Node) -> Result<()> {
    let kubelet = worker::kubelet(node)?;
    wait_for("the kubelet answers", PATIENCE, || {
        kubelet.ensure(node)?;
        let mut health = node.command(node.checkout().bin().join("kubectl"));
        health.args(["--server=http://127.0.0.1:10248", "get", "--raw", "/healthz"]);
        output(&mut health).with_context(|| format!("see {}", kubelet.log(node).display()))
    })?;
    Ok(())
}

/// Fails at once when a program has ended, with the end of its log.
fn alive(daemon: &Daemon, node: &Node) -> Result<()> {
    if daemon.is_alive(node) {
        return Ok(());
    }
    let log = daemon.log(node);
    let tail = output(Command::new("tail").arg("-n5").arg(&log)).unwrap_or_default();
    bail!("{} has ended:\n{}\n  log: {}", daemon.name, tail.trim_end(), log.display())
}
