//! Brings the node up, or what of it does not run.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, bail};

use super::{Daemon, NAME, Node, control_plane, credentials, sandbox, worker};
use crate::images::Image;
use crate::kubectl::Kubectl;
use crate::step::{output, step, wait_for};

/// For one program. A busy machine is waited for.
const PATIENCE: Duration = Duration::from_secs(300);

/// A program that ends is started again this often: on a starved machine one gives up on another. Then it is told.
const RESTARTS: u32 = 3;

/// Starts what does not run and waits until the node is Ready. `pause` must be built.
pub fn start(node: &Node, pause: &Image) -> Result<()> {
    node.keep_addresses()?;
    sandbox::ensure(node)?;
    credentials::ensure(node)?;
    let kubectl = Kubectl::local(node.checkout());
    step("start containerd, etcd and the API server", || {
        let containerd = [worker::containerd(node, pause.reference())?];
        let control_plane = [control_plane::etcd(node), control_plane::api_server(node)];
        for daemon in containerd.iter().chain(&control_plane) {
            daemon.ensure(node)?;
        }
        keep_up(node, "containerd answers", &containerd, || output(node.ctr().arg("version")))?;
        // The kubelet cannot fetch it, and every pod needs it.
        crate::images::import(node, std::slice::from_ref(pause))?;
        keep_up(node, "the API server is ready", &control_plane, || kubectl.ask(["get", "--raw", "/readyz"]))
    })?;
    step("start controllers, scheduler, kubelet and kube-proxy", || {
        let mut daemons = control_plane::controllers(node);
        daemons.push(worker::kube_proxy(node)?);
        for daemon in &daemons {
            daemon.ensure(node)?;
        }
        start_kubelet(node)?;
        keep_up(node, "the node is Ready", &daemons, || {
            let ready = kubectl.ask([
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
        health.args(["--server=http://127.0.0.1:10248", "--request-timeout=20s", "get", "--raw", "/healthz"]);
        output(&mut health).with_context(|| format!("see {}", kubelet.log(node).display()))
    })?;
    Ok(())
}

/// Waits until `check` succeeds, while `daemons` run.
fn keep_up<T>(node: &Node, what: &str, daemons: &[Daemon], check: impl Fn() -> Result<T>) -> Result<T> {
    let mut restarts = 0;
    wait_for(what, PATIENCE, || {
        if let Some(daemon) = daemons.iter().find(|daemon| !daemon.is_alive(node)) {
            if restarts == RESTARTS {
                return Ok(Err(last_words(daemon, node)));
            }
            restarts += 1;
            daemon.ensure(node)?;
        }
        check().map(Ok)
    })?
}

/// That a program has ended, with the end of its log.
fn last_words(daemon: &Daemon, node: &Node) -> Error {
    let log = daemon.log(node);
    let tail = output(Command::new("tail").arg("-n5").arg(&log)).unwrap_or_default();
    anyhow!(
        "{} has ended:\n{}\n  log: {}\n  try: cargo xtask up once more; cargo xtask down --purge makes everything anew",
        daemon.name,
        tail.trim_end(),
        log.display()
    )
}
