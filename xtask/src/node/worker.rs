//! containerd, kubelet and kube-proxy, with the files that configure them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use super::{Daemon, NAME, Node, credentials};

/// containerd, with pods on point-to-point links: packets between pods are routed, so kube-proxy's
/// rewriting of service addresses is seen on the way back too. (On a bridge it is not, unless the kernel
/// has br_netfilter.)
pub fn containerd(node: &Node, pause_image: &str) -> Result<Daemon> {
    let cni = node.state().join("cni");
    fs::create_dir_all(&cni)?;
    let network = json!({
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [
            {
                "type": "ptp",
                "ipMasq": false,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": node.addresses().pods.to_string()}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                    "dataDir": node.run().join("addresses"),
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": true}},
        ],
    });
    write_json(&cni.join("10-pods.conflist"), &network)?;
    let config = node.state().join("containerd.toml");
    fs::write(&config, containerd_config(node, &cni, pause_image))?;
    Ok(Daemon {
        name: "containerd",
        program: PathBuf::from("/usr/bin/containerd"),
        arguments: vec![format!("--config={}", config.display())],
        files: vec![config],
    })
}

fn containerd_config(node: &Node, cni: &Path, pause_image: &str) -> String {
    let cri = "io.containerd.grpc.v1.cri";
    format!(
        r#"version = 2
root = "{root}"
state = "{state}"
[grpc]
  address = "{socket}"
[plugins."{cri}"]
  sandbox_image = "{pause_image}"
  # runc may not lower oom_score_adj where CAP_SYS_RESOURCE is missing, as in many containers and VMs.
  restrict_oom_score_adj = true
  [plugins."{cri}".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{cni}"
  [plugins."{cri}".containerd]
    snapshotter = "overlayfs"
  [plugins."{cri}".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
"#,
        root = node.state().join("containerd").display(),
        state = node.run().join("containerd").display(),
        socket = node.containerd_socket().display(),
        cni = cni.display(),
    )
}

/// The kubelet. It runs pods on cgroup v1 and v2 alike.
pub fn kubelet(node: &Node) -> Result<Daemon> {
    let state = node.state();
    // Pods that keep the node's resolver ask nobody: the cluster's names are all there is.
    let resolver = state.join("resolv.conf");
    fs::write(&resolver, format!("nameserver {}\n", node.addresses().dns_service()))?;
    let pki = |name: &str| credentials::file(node, name);
    let config = json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": false,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": format!("/{}", node.cgroup()),
        "cgroupsPerQOS": true,
        "enforceNodeAllocatable": [],
        "containerRuntimeEndpoint": format!("unix://{}", node.containerd_socket().display()),
        "clusterDNS": [node.addresses().dns_service().to_string()],
        "clusterDomain": "cluster.local",
        "resolvConf": resolver,
        "authentication": {
            "anonymous": {"enabled": false},
            "webhook": {"enabled": true},
            "x509": {"clientCAFile": pki("ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": pki("kubelet.crt"),
        "tlsPrivateKeyFile": pki("kubelet.key"),
        "failSwapOn": false,
        "oomScoreAdj": 0,
        "evictionHard": {
            "memory.available": "200Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
        },
        // Images come from this checkout's builds, no registry could give them back.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "makeIPTablesUtilChains": false,
        "maxPods": 110,
        "volumePluginDir": state.join("volume-plugins"),
        "podLogsDir": node.checkout().log().join("pods"),
        // Changes of Secrets and ConfigMaps reach pods within seconds, as developers expect.
        "syncFrequency": "10s",
        "nodeStatusReportFrequency": "1m",
    });
    let file = state.join("kubelet.json");
    write_json(&file, &config)?;
    Ok(Daemon {
        name: "kubelet",
        program: node.checkout().bin().join("kubelet"),
        arguments: vec![
            format!("--config={}", file.display()),
            format!("--kubeconfig={}", pki("kubelet.kubeconfig")),
            format!("--root-dir={}", state.join("kubelet").display()),
            format!("--cert-dir={}", credentials::folder(node).display()),
            format!("--hostname-override={NAME}"),
            format!("--node-ip={}", node.addresses().node),
        ],
        files: vec![file, credentials::folder(node).join("kubelet.crt")],
    })
}

/// kube-proxy with nftables: service addresses and NodePorts.
pub fn kube_proxy(node: &Node) -> Result<Daemon> {
    let config = json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "bindAddress": node.addresses().node.to_string(),
        "clientConnection": {"kubeconfig": credentials::file(node, "proxy.kubeconfig")},
        "clusterCIDR": node.addresses().pods.to_string(),
        "hostnameOverride": NAME,
        "oomScoreAdj": 0,
        // The kernel's limits are the host's; a network namespace may not change them.
        "conntrack": {"maxPerCore": 0, "min": 0},
    });
    let file = node.state().join("kube-proxy.json");
    write_json(&file, &config)?;
    Ok(Daemon {
        name: "kube-proxy",
        program: node.checkout().bin().join("kube-proxy"),
        arguments: vec![format!("--config={}", file.display())],
        files: vec![file],
    })
}

/// Leaves a file alone that is as it should be: kube-proxy ends when somebody writes to its configuration.
fn write_json(path: &Path, value: &Value) -> Result<()> {
    let text = serde_json::to_vec_pretty(value)?;
    if fs::read(path).is_ok_and(|found| found == text) {
        return Ok(());
    }
    Ok(fs::write(path, text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_as_it_should_be_is_not_written() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("x.json");
        write_json(&file, &json!({"a": 1}))?;
        let before = fs::metadata(&file)?.modified()?;
        fs::File::open(&file)?.set_modified(before - std::time::Duration::from_secs(60))?;
        let old = fs::metadata(&file)?.modified()?;
        write_json(&file, &json!({"a": 1}))?;
        assert_eq!(fs::metadata(&file)?.modified()?, old);
        write_json(&file, &json!({"a": 2}))?;
        assert_ne!(fs::metadata(&file)?.modified()?, old);
        Ok(())
    }
}
