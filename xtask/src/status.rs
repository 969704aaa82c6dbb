//! `cargo xtask status`: what of the local cluster runs, and whose it is.

use std::fmt::{self, Write as _};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::checkout::Checkout;
use crate::kubectl::Kubectl;
use crate::node::{self, Node};

/// What `status` is told.
#[derive(Args)]
pub struct StatusArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    checkout: String,
    id: String,
    /// False also when some programs run, but not all.
    running: bool,
    node: String,
    device: String,
    kubeconfig: String,
    programs: Vec<Program>,
    /// None: the API server did not tell.
    pods: Option<Vec<Pod>>,
    /// Nodes of other checkouts on this machine.
    others: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Program {
    name: &'static str,
    /// None: it does not run.
    pid: Option<i32>,
    log: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Pod {
    namespace: String,
    name: String,
    ready: bool,
    state: String,
    restarts: u64,
}

/// Runs it. A cluster that does not run is a fact, no error.
pub fn run(checkout: &Checkout, args: &StatusArgs) -> Result<()> {
    let status = observe(&Node::of(checkout)?)?;
    let text = if args.json { serde_json::to_string_pretty(&status)? + "\n" } else { told(&status)? };
    match io::stdout().write_all(text.as_bytes()) {
        // `status | head` has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

fn observe(node: &Node) -> Result<Status> {
    let checkout = node.checkout();
    let programs: Vec<Program> = node::PROGRAMS
        .iter()
        .map(|&name| Program {
            name,
            pid: node::running(node, name),
            log: node.log().join(format!("{name}.log")).display().to_string(),
        })
        .collect();
    let running = programs.iter().all(|program| program.pid.is_some());
    let pods = if running { pods(&Kubectl::local(checkout)).ok() } else { None };
    Ok(Status {
        checkout: checkout.root().display().to_string(),
        id: checkout.id(),
        running,
        node: node.addresses().node.to_string(),
        device: node.device(),
        kubeconfig: checkout.local().join("kubeconfig").display().to_string(),
        programs,
        pods,
        others: others(&node.run()),
    })
}

fn pods(kubectl: &Kubectl) -> Result<Vec<Pod>> {
    let list: Value = serde_json::from_str(&kubectl.run([
        "get",
        "pods",
        "--all-namespaces",
        "--output=json",
        "--request-timeout=5s",
    ])?)?;
    Ok(list["items"].as_array().into_iter().flatten().map(pod).collect())
}

fn pod(object: &Value) -> Pod {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let containers = || object["status"]["containerStatuses"].as_array().into_iter().flatten();
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    let waiting = containers().find_map(|container| container["state"]["waiting"]["reason"].as_str());
    Pod {
        namespace: text(&object["metadata"]["namespace"]),
        name: text(&object["metadata"]["name"]),
        ready: conditions.into_iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True"),
        state: waiting.map_or_else(|| text(&object["status"]["phase"]), str::to_owned),
        restarts: containers().filter_map(|container| container["restartCount"].as_u64()).sum(),
    }
}

/// The checkouts that have a node here, but not the one whose folder is `own`.
fn others(own: &Path) -> Vec<String> {
    let folders = fs::read_dir("/run").into_iter().flatten().flatten().map(|entry| entry.path());
    folders
        .filter(|path| {
            path != own && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("order-pipeline-"))
        })
        .filter_map(|path| fs::read_to_string(path.join("checkout")).ok())
        .collect()
}

fn told(status: &Status) -> Result<String, fmt::Error> {
    let mut text = String::new();
    let state = if status.running { "runs" } else { "does not run" };
    writeln!(text, "The node of {} {state}.", status.checkout)?;
    if status.programs.iter().any(|program| program.pid.is_some()) {
        writeln!(text, "\n{:<20} {:>8}  log", "program", "pid")?;
        for program in &status.programs {
            let pid = program.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
            writeln!(text, "{:<20} {pid:>8}  {}", program.name, program.log)?;
        }
    }
    if status.running && status.pods.is_none() {
        writeln!(text, "\nThe API server does not tell its pods; its log is above.")?;
    }
    if let Some(pods) = &status.pods {
        writeln!(text, "\n{:<22} {:<44} {:<6} {:<18} restarts", "namespace", "pod", "ready", "state")?;
        for pod in pods {
            writeln!(
                text,
                "{:<22} {:<44} {:<6} {:<18} {}",
                pod.namespace, pod.name, pod.ready, pod.state, pod.restarts
            )?;
        }
    }
    if status.running {
        writeln!(text, "\naddress {} on {}; export KUBECONFIG={}", status.node, status.device, status.kubeconfig)?;
    } else {
        writeln!(text, "Start it: cargo xtask up")?;
    }
    for other in &status.others {
        writeln!(text, "Another checkout has a node on this machine: {other}")?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_is_told_with_its_reason() {
        let object = serde_json::json!({
            "metadata": {"namespace": "shop", "name": "notifier-0"},
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "False"}],
                "containerStatuses": [{"restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}],
            },
        });
        let told = pod(&object);
        assert_eq!((told.ready, told.state.as_str(), told.restarts), (false, "CrashLoopBackOff", 3));
    }
}
