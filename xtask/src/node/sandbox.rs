//! The node's place on this machine: network namespace, mount namespace, link to the host, control groups.
//!
//! Both namespaces are bound to files, so that they outlive any one process: the node's programs may be
//! restarted and find the pods' mounts as they were.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use super::Node;
use crate::step::{output, wait_for};

/// The name of the link's end inside the node.
const UPLINK: &str = "uplink";

/// Folders that containerd, CNI and the kubelet write to at fixed paths. In the node's mount namespace
/// each is a file system in memory, so the host's own (or another node's) stay as they are.
const PRIVATE_FOLDERS: &[&str] =
    &["/run/netns", "/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers"];

/// Makes what is missing of the node's place. Does nothing when all is there.
pub fn ensure(node: &Node) -> Result<()> {
    let run = node.run();
    fs::create_dir_all(&run).with_context(|| format!("cannot make {} (the node needs root)", run.display()))?;
    fs::write(run.join("checkout"), node.checkout().root().as_os_str().as_encoded_bytes())?;
    if !is_mounted(&run)? {
        // A namespace can only be bound to a file on a mount that is not shared with it.
        mount(Some(&run), &run, None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
        mount(None::<&str>, &run, None::<&str>, MsFlags::MS_PRIVATE, None::<&str>)?;
    }
    ensure_network(node)?;
    ensure_mounts(node)?;
    ensure_cgroups(node)
}

/// Removes all of it. What is already gone is no error.
pub fn remove(node: &Node) -> Result<()> {
    let run = node.run();
    // The namespaces end with their last process and their file; the pods' mounts go with them.
    for file in ["mnt", "net"] {
        while umount2(&run.join(file), MntFlags::MNT_DETACH).is_ok() {}
    }
    let _ = output(Command::new("ip").args(["link", "delete", &node.device()]));
    let made = fs::read_to_string(run.join("made-folders")).unwrap_or_default();
    while umount2(&run, MntFlags::MNT_DETACH).is_ok() {}
    if run.exists() {
        fs::remove_dir_all(&run).with_context(|| format!("cannot remove {}", run.display()))?;
    }
    for folder in made.lines() {
        let _ = fs::remove_dir(folder);
    }
    for group in cgroups(node)? {
        // The kernel calls a group busy for a moment after its last process has ended.
        wait_for("the end of the node's control groups", Duration::from_secs(60), || remove_cgroup(&group))?;
    }
    Ok(())
}

/// The node's control group in each hierarchy of this machine (one with cgroup v2, many with v1).
pub fn cgroups(node: &Node) -> Result<Vec<PathBuf>> {
    let root = Path::new("/sys/fs/cgroup");
    if root.join("cgroup.controllers").exists() {
        return Ok(vec![root.join(node.cgroup())]);
    }
    let mut groups = Vec::new();
    for hierarchy in fs::read_dir(root).context("no control groups at /sys/fs/cgroup")? {
        let hierarchy = hierarchy?.path();
        // cpu and cpuacct may be links to one folder.
        if hierarchy.join("cgroup.procs").exists() && !hierarchy.is_symlink() {
            groups.push(hierarchy.join(node.cgroup()));
        }
    }
    Ok(groups)
}

fn ensure_network(node: &Node) -> Result<()> {
    let net = node.run().join("net");
    if !is_mounted(&net)? {
        fs::write(&net, "")?;
        output(Command::new("unshare").arg(format!("--net={}", net.display())).arg("true"))?;
    }
    let inside = |arguments: &str| {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", net.display())).args(arguments.split(' '));
        output(&mut command)
    };
    // The route is the last thing that is made.
    if inside("ip route show default").is_ok_and(|route| !route.is_empty()) {
        return Ok(());
    }
    let (device, addresses) = (node.device(), node.addresses());
    let peer = device.replacen("op-", "opn", 1);
    let _ = output(Command::new("ip").args(["link", "delete", &device]));
    let host = |arguments: &str| output(Command::new("ip").args(arguments.split(' ')));
    host(&format!("link add {device} type veth peer name {peer}"))?;
    host(&format!("link set {peer} netns {}", net.display()))?;
    host(&format!("address add {}/30 dev {device}", addresses.host))?;
    host(&format!("link set {device} up"))?;
    inside("ip link set lo up")?;
    inside(&format!("ip link set {peer} name {UPLINK}"))?;
    inside(&format!("ip address add {}/30 dev {UPLINK}", addresses.node))?;
    inside(&format!("ip link set {UPLINK} up"))?;
    let mut forward = Command::new("nsenter");
    forward.arg(format!("--net={}", net.display())).args(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
    output(&mut forward)?;
    // kube-proxy and the kubelet want a default route; the host forwards nothing for the node.
    inside(&format!("ip route add default via {}", addresses.host))?;
    Ok(())
}

fn ensure_mounts(node: &Node) -> Result<()> {
    let mnt = node.run().join("mnt");
    if is_mounted(&mnt)? {
        return Ok(());
    }
    fs::write(&mnt, "")?;
    let mut made = String::new();
    for folder in PRIVATE_FOLDERS {
        if !Path::new(folder).exists() {
            fs::create_dir_all(folder)?;
            made += &format!("{folder}\n");
        }
    }
    fs::write(node.run().join("made-folders"), made)?;
    output(Command::new("unshare").arg(format!("--mount={}", mnt.display())).args([
        "--propagation",
        "private",
        "true",
    ]))?;
    // The kubelet hands mounts on to containers, so inside (and only there) they are shared.
    output(node.command("mount").args(["--make-rshared", "/"]))?;
    for folder in PRIVATE_FOLDERS {
        output(node.command("mount").args(["-t", "tmpfs", "order-pipeline", folder]))?;
    }
    Ok(())
}

fn ensure_cgroups(node: &Node) -> Result<()> {
    // With cgroup v2 a group has only what the group above hands down, and systemd hands down what it needs itself.
    // The kubelet names what it lacks.
    let root = Path::new("/sys/fs/cgroup");
    for controller in fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default().split_whitespace() {
        let _ = fs::write(root.join("cgroup.subtree_control"), format!("+{controller}"));
    }
    for group in cgroups(node)? {
        fs::create_dir_all(&group).with_context(|| format!("cannot make the control group {}", group.display()))?;
    }
    Ok(())
}

/// Removes a control group with all below it, deepest first: the kernel wants it so.
fn remove_cgroup(group: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(group) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            remove_cgroup(&path)?;
        }
    }
    fs::remove_dir(group).with_context(|| format!("cannot remove the control group {}", group.display()))
}

fn is_mounted(path: &Path) -> Result<bool> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    Ok(mounts.lines().any(|line| line.split(' ').nth(4).is_some_and(|point| Path::new(point) == path)))
}
