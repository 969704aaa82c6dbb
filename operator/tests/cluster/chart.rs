//! The chart's manifests are accepted by a real API server, for its main ways of use.

use std::path::PathBuf;
use std::process::Command;

use crate::api_server::{root, shared};

fn helm() -> PathBuf {
    std::env::var_os("HELM_BINARY").map_or_else(|| root().join("target/local/bin/helm"), PathBuf::from)
}

/// The chart's manifests, as release `release`.
pub fn render(args: &[&str]) -> Result<String, String> {
    let mut command = Command::new(helm());
    command.args(["template", "release"]).arg(root().join("charts/order-pipeline")).args(args);
    let output = command.output().unwrap();
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
#[ignore = "needs kube and helm: cargo xtask test --integration"]
fn manifests_are_accepted() {
    let plane = shared();
    for args in [
        &["-n", "default"][..],
        &["-n", "default", "--set", "watchAllNamespaces=true"],
        &["-n", "default", "--set", "watchNamespaces={default},kafkaNamespaces={kube-system},replicas=2"],
        &["-n", "default", "--set", "crds.install=false,image.overrides.order-api=x/y:z,uninstallGuard.enabled=false"],
    ] {
        let yaml = render(args).unwrap();
        let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("chart.yaml");
        std::fs::write(&file, yaml).unwrap();
        let file = file.to_string_lossy().into_owned();
        let applied = plane.kubectl(&[
            "apply",
            "--server-side",
            "--force-conflicts",
            "--dry-run=server",
            "--validate=strict",
            "-f",
            &file,
        ]);
        assert!(applied.is_ok(), "{args:?}: {applied:?}");
    }
}

#[test]
#[ignore = "needs helm: cargo xtask test --integration"]
fn a_misspelt_value_is_refused() {
    let error = render(&["--set", "watchNamespace=x"]).unwrap_err();
    assert!(error.contains("watchNamespace"), "{error}");
}
