//! Builds the node's programs from local/cluster, one Go module, into `target/local/bin`.
//!
//! What only tests need is built when they ask; it shares most packages with what is there by then.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::checkout::Checkout;
use crate::content;
use crate::step::{Stamp, patiently, run_logged, step};

/// The names that the binary `kube` goes by.
const NAMES: &[&str] = &[
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "kubectl",
    "etcd",
    "volume-provisioner",
];

/// The packages of kube, coredns, pause and helm.
const PACKAGES: &[&str] = &["./kube", "./coredns", "./pause", "helm.sh/helm/v4/cmd/helm"];

/// Gives pods' and nodes' use of CPU and memory to HorizontalPodAutoscalers.
pub const METRICS_SERVER: &str = "sigs.k8s.io/metrics-server/cmd/metrics-server";

/// Builds kube, coredns, pause and helm unless they were built from the same sources.
pub fn build(checkout: &Checkout) -> Result<()> {
    let bin = checkout.bin();
    let title = "build Kubernetes, etcd, CoreDNS and helm (Go; the first time takes minutes)";
    go_build(checkout, title, ".built", PACKAGES)?;
    for name in NAMES {
        let link = bin.join(name);
        if fs::read_link(&link).is_ok_and(|target| target == Path::new("kube")) {
            continue;
        }
        let _ = fs::remove_file(&link);
        symlink("kube", &link)?;
    }
    Ok(())
}

/// Builds one more program of the module, such as [`METRICS_SERVER`], under the last part of its path.
pub fn build_one(checkout: &Checkout, package: &str) -> Result<()> {
    let name = program(package);
    go_build(checkout, &format!("build {name} (Go)"), &format!(".built-{name}"), &[package])
}

fn go_build(checkout: &Checkout, title: &str, stamp: &str, packages: &[&str]) -> Result<()> {
    let module = checkout.path("local/cluster");
    let bin = checkout.bin();
    let mut hash = Sha256::new();
    for source in content::files(&module)? {
        hash.update(fs::read(&source).with_context(|| format!("cannot read {}", source.display()))?);
    }
    let digest: String = hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let stamp = Stamp::new(bin.join(stamp), digest);
    if stamp.is_current() && packages.iter().all(|package| bin.join(program(package)).exists()) {
        return Ok(());
    }
    step(title, || {
        fs::create_dir_all(&bin)?;
        let version = kubernetes_version(&fs::read_to_string(module.join("go.mod"))?)?;
        patiently(|| {
            run_logged(
                Command::new("go")
                    .current_dir(&module)
                    // No cgo: the images that hold these have no C library. A lazy garbage collector makes
                    // the compiler a third faster. A go.work above the checkout is not meant.
                    .envs([("CGO_ENABLED", "0"), ("GOGC", "400"), ("GOWORK", "off")])
                    .args(["build", "-trimpath", "-ldflags", &link_flags(&version)])
                    .arg("-o")
                    .arg(format!("{}/", bin.display()))
                    .args(packages),
                &checkout.log().join("go.log"),
                "see whether `go` is version 1.26.4 or newer and reaches its module proxy (go env GOPROXY)",
            )
        })?;
        stamp.write()
    })
}

/// What `go build` calls the program of a package.
fn program(package: &str) -> &str {
    package.rsplit('/').next().unwrap_or(package)
}

/// `v1.36.4` out of go.mod.
fn kubernetes_version(go_mod: &str) -> Result<String> {
    go_mod
        .lines()
        .find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes "))
        .map(str::to_owned)
        .context("local/cluster/go.mod does not require k8s.io/kubernetes")
}

/// Without these the server says that it is v0.0.0, and charts with a `kubeVersion` refuse it.
fn link_flags(version: &str) -> String {
    let package = "k8s.io/component-base/version";
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    format!(
        "-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor} \
         -X {package}.gitTreeState=clean -X k8s.io/client-go/pkg/version.gitVersion={version}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_comes_from_the_module_file() -> Result<()> {
        let version = kubernetes_version("require (\n\tk8s.io/kubectl v0.36.4\n\tk8s.io/kubernetes v1.36.4\n)")?;
        assert_eq!(version, "v1.36.4");
        assert!(link_flags(&version).contains("gitMinor=36 "));
        Ok(())
    }
}
