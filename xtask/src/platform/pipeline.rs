//! The operator by its chart, and the example resource with the Secrets that it names.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{Place, Secrets, mysql};
use crate::kubectl::helm;
use crate::step::{run_logged, wait_for};

/// Name and namespace of examples/orderpipeline.yaml.
pub const NAME: &str = "shop";
pub const NAMESPACE: &str = "orders";
/// Where its Kafka resource is: the chart gives the operator its rights there.
const KAFKA_NAMESPACE: &str = "kafka";

/// Installs or upgrades the chart. `images`: whole references by component; empty: those below `prefix`, or else the
/// chart's own.
pub fn install_operator(place: &Place<'_>, images: &BTreeMap<String, String>, prefix: Option<&str>) -> Result<()> {
    if place.kubectl.kubeconfig().is_some() {
        forget_broken_off(place)?;
    }
    let mut command = helm(place.checkout, place.kubectl);
    command
        .args(["upgrade", "--install", "order-pipeline"])
        .arg(place.checkout.path("charts/order-pipeline"))
        .args(["--namespace", "order-pipeline-system", "--create-namespace", "--wait", "--timeout", "600s"])
        .arg("--set-json")
        .arg(format!("watchNamespaces={},kafkaNamespaces={}", json!([NAMESPACE]), json!([KAFKA_NAMESPACE])));
    if !images.is_empty() {
        command.arg("--set-json").arg(format!("image.overrides={}", json!(images)));
    }
    if let Some(prefix) = prefix {
        command.arg("--set-json").arg(format!("image.prefix={}", json!(prefix)));
    }
    run_logged(
        &mut command,
        &place.checkout.log().join("helm.log"),
        "kubectl --namespace order-pipeline-system describe pods",
    )
}

/// On a cluster of ours: a helm that was killed leaves its work marked as going on, and every later one refuses. What it
/// made carries the release's name, so the next one takes it over.
fn forget_broken_off(place: &Place<'_>) -> Result<()> {
    let states = "pending-install,pending-upgrade,pending-rollback,uninstalling";
    let labels = format!("owner=helm,name=order-pipeline,status in ({states})");
    place.kubectl.run(["--namespace=order-pipeline-system", "delete", "secrets", "--selector", &labels]).map(drop)
}

/// Applies the Secrets that the example names, then the example and its NodePorts.
pub fn apply(place: &Place<'_>, secrets: &Secrets) -> Result<()> {
    let secret = |name: &str, data: Value| {
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "stringData": data,
        })
    };
    let authority = fs::read_to_string(mysql::authority(place))?;
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [
        secret("shop-database", json!({"username": "shop", "password": secrets.mysql_shop})),
        secret("shop-database-ca", json!({"ca.crt": authority})),
        secret("shop-admin", json!({"token": secrets.admin_token})),
    ]});
    place.kubectl.apply(&list.to_string())?;
    let example = place.checkout.path("examples/orderpipeline.yaml");
    place
        .kubectl
        .apply(&fs::read_to_string(&example).with_context(|| format!("cannot read {}", example.display()))?)?;
    place.apply("node-ports.yaml", &[])
}

/// Waits until the resource is Ready for what its spec says now, with these images.
pub fn wait(place: &Place<'_>, images: &BTreeMap<String, String>, deadline: Duration) -> Result<()> {
    wait_for("the OrderPipeline is Ready", deadline, || {
        let text = place.kubectl.ask(["--namespace", NAMESPACE, "get", "orderpipeline", NAME, "--output=json"])?;
        ready(&serde_json::from_str(&text)?, images)
    })
    .map_err(|error| place.kubectl.with_log(error, "kubectl --namespace orders describe orderpipeline shop"))
}

/// Ready, or what every condition says that is not so. A component that still runs another image than the
/// operator was given is not ready: the operator may not have looked yet.
fn ready(resource: &Value, images: &BTreeMap<String, String>) -> Result<()> {
    let status = &resource["status"];
    for component in status["components"].as_array().into_iter().flatten() {
        let (name, version) = (component["name"].as_str().unwrap_or_default(), component["version"].as_str());
        let tag = images.get(name).and_then(|image| image.rsplit(':').next());
        if tag.is_some() && tag != version {
            bail!("{name} still has version {}", version.unwrap_or("unknown"));
        }
    }
    let conditions = || status["conditions"].as_array().into_iter().flatten();
    let current = status["observedGeneration"] == resource["metadata"]["generation"];
    if current && conditions().any(|condition| condition["type"] == "Ready" && condition["status"] == "True") {
        return Ok(());
    }
    let told: Vec<String> = conditions()
        .filter(|condition| !condition["message"].as_str().unwrap_or_default().is_empty())
        .map(|condition| {
            let text = |name: &str| condition[name].as_str().unwrap_or_default();
            format!("{}={} ({}): {}", text("type"), text("status"), text("reason"), text("message"))
        })
        .collect();
    bail!("its conditions: {}", if told.is_empty() { "none yet".to_owned() } else { told.join("; ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_of_an_older_spec_does_not_count() {
        let mut resource = json!({
            "metadata": {"generation": 2},
            "status": {
                "observedGeneration": 1,
                "conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": "all there"}],
            },
        });
        let none = BTreeMap::new();
        assert!(ready(&resource, &none).is_err_and(|error| error.to_string().contains("all there")));
        resource["status"]["observedGeneration"] = json!(2);
        assert!(ready(&resource, &none).is_ok());
        assert!(ready(&json!({"metadata": {"generation": 1}}), &none).is_err());
    }

    #[test]
    fn a_component_with_an_earlier_image_is_not_ready() {
        let images = BTreeMap::from([("order-api".to_owned(), "localhost/order-pipeline/order-api:new".to_owned())]);
        let with = |version: &str| {
            json!({
                "metadata": {"generation": 1},
                "status": {
                    "observedGeneration": 1,
                    "conditions": [{"type": "Ready", "status": "True"}],
                    "components": [{"name": "order-api", "version": version}],
                },
            })
        };
        assert!(ready(&with("old"), &images).is_err());
        assert!(ready(&with("new"), &images).is_ok());
    }
}
