//! Takes the node down and leaves nothing behind but its data.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::daemon::Record;
use super::{Node, sandbox};
use crate::step::{output, step};

/// How long pods have to end by themselves. Databases need some of it to write what they hold.
const GRACE: Duration = Duration::from_secs(20);

/// Stops all processes of the node and removes its namespaces, mounts, link and control groups. Objects,
/// volumes and images stay. A node that does not run is no error.
pub fn stop(node: &Node) -> Result<()> {
    if node.run().exists() {
        // The kubelet first, else it starts again what is stopped.
        step("stop the kubelet and its controllers", || {
            for name in ["kubelet", "controller-manager", "scheduler", "volume-provisioner", "kube-proxy"] {
                stop_daemon(node, name, Duration::from_secs(5));
            }
            Ok(())
        })?;
        step("stop the pods", || stop_pods(node))?;
        step("stop the API server, etcd and containerd", || {
            // It would wait for every watch of a client on the host; what it answered is in etcd.
            stop_daemon(node, "kube-apiserver", Duration::from_secs(1));
            for name in ["etcd", "containerd"] {
                stop_daemon(node, name, Duration::from_secs(10));
            }
            kill_rest(node)
        })?;
    }
    sandbox::remove(node)
}

fn stop_daemon(node: &Node, name: &str, grace: Duration) {
    if let Some(record) = Record::read(node, name) {
        record.stop(grace);
    }
}

/// SIGTERM to the first process of every container, then the containers' records go, so that the next
/// start does not find stale ones.
fn stop_pods(node: &Node) -> Result<()> {
    let first_processes = tasks(node);
    for pid in &first_processes {
        let _ = kill(Pid::from_raw(*pid), Signal::SIGTERM);
    }
    let begun = Instant::now();
    while begun.elapsed() < GRACE && first_processes.iter().any(|pid| Path::new(&format!("/proc/{pid}")).exists()) {
        std::thread::sleep(Duration::from_millis(100));
    }
    // Without containerd's answer there is nothing to tidy: what still runs is found below by its place.
    let containers = output(node.ctr().args(["containers", "list", "--quiet"])).unwrap_or_default();
    let containers: Vec<&str> = containers.lines().collect();
    if !containers.is_empty() {
        let _ = output(node.ctr().args(["tasks", "delete", "--force"]).args(&containers));
        let _ = output(node.ctr().args(["containers", "delete"]).args(&containers));
    }
    Ok(())
}

fn tasks(node: &Node) -> Vec<i32> {
    let list = output(node.ctr().args(["tasks", "list"])).unwrap_or_default();
    list.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)?.parse().ok()).collect()
}

/// Kills whatever still lives in the node's network namespace or control groups: nothing else can be
/// there, and nothing of the node can be elsewhere.
fn kill_rest(node: &Node) -> Result<()> {
    let begun = Instant::now();
    loop {
        let rest = processes(node)?;
        if rest.is_empty() {
            return Ok(());
        }
        anyhow::ensure!(begun.elapsed() < Duration::from_secs(60), "processes of the node do not end: {rest:?}");
        for pid in rest {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The ids of all processes of the node.
pub fn processes(node: &Node) -> Result<BTreeSet<i32>> {
    let mut found = BTreeSet::new();
    for group in sandbox::cgroups(node)? {
        collect_group(&group, &mut found);
    }
    if let Ok(own) = fs::metadata(node.run().join("net")) {
        for entry in fs::read_dir("/proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // A process may end while it is looked at.
            if let Ok(theirs) = fs::metadata(format!("/proc/{pid}/ns/net"))
                && (theirs.dev(), theirs.ino()) == (own.dev(), own.ino())
            {
                found.insert(pid);
            }
        }
    }
    Ok(found)
}

fn collect_group(group: &Path, found: &mut BTreeSet<i32>) {
    let processes = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    found.extend(processes.lines().filter_map(|line| line.parse::<i32>().ok()).filter(|pid| *pid > 0));
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            collect_group(&entry.path(), found);
        }
    }
}
