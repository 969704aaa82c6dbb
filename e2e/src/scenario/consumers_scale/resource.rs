//! The OrderPipeline on the node, as far as its consumers are concerned.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::kubernetes::{find, kubectl, variable};
use crate::patience::until;

/// Name and namespace of the resource, and its admin token.
pub(super) struct Resource {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) token: String,
}

impl Resource {
    /// From the variables of `target/local/env`.
    pub(super) fn from_env() -> Result<Self> {
        Ok(Self { namespace: variable("NAMESPACE")?, name: variable("PIPELINE")?, token: variable("ADMIN_TOKEN")? })
    }

    /// One consumer, held small; waits until it runs so. Gives back how they were.
    pub(super) async fn hold_consumer_small(&self) -> Result<Value> {
        let before = self.get().await?["spec"]["consumer"].clone();
        self.put(&json!({
            "replicas": 1,
            // Little CPU, and few orders in each transaction: one consumer can do some dozens a second.
            "batchSize": 5,
            "resources": {
                "requests": {"cpu": "10m", "memory": "32Mi"},
                "limits": {"cpu": "30m", "memory": "256Mi"},
            },
            "scaling": {
                "mode": "Auto",
                "minReplicas": 1,
                "maxReplicas": 6,
                "assumedCapacity": 40,
                "scaleDownAfter": "10s",
                "targets": {"maxOrderAge": "30s", "drainAfterBurst": "2m"},
            },
        }))
        .await?;
        until("one small consumer", async || {
            let deployment = self.deployment().await?;
            let (spec, status) = (&deployment["spec"], &deployment["status"]);
            let small = &spec["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"];
            ensure!(small == "30m", "its CPU limit is {small}");
            let seen = status["observedGeneration"] == deployment["metadata"]["generation"];
            let numbers =
                [&spec["replicas"], &status["replicas"], &status["updatedReplicas"], &status["readyReplicas"]];
            ensure!(seen && numbers.iter().all(|number| **number == 1), "its numbers of pods are {numbers:?}");
            Ok(())
        })
        .await?;
        Ok(before)
    }

    /// From now on the operator says how many.
    pub(super) async fn release(&self) -> Result<()> {
        let patch = r#"[{"op": "remove", "path": "/spec/consumer/replicas"}]"#;
        let args = ["patch", "orderpipeline", &self.name, "-n", &self.namespace, "--type=json", "-p", patch];
        kubectl(&args).await.map(drop)
    }

    /// As it was before; nobody waits for it.
    pub(super) async fn put_back(&self, consumer: &Value) -> Result<()> {
        self.put(consumer).await
    }

    /// Consumers that are ready.
    pub(super) async fn consumers(&self) -> Result<i64> {
        Ok(self.deployment().await?["status"]["readyReplicas"].as_i64().unwrap_or(0))
    }

    async fn put(&self, consumer: &Value) -> Result<()> {
        let patch = json!([{"op": "replace", "path": "/spec/consumer", "value": consumer}]).to_string();
        let args = ["patch", "orderpipeline", &self.name, "-n", &self.namespace, "--type=json", "-p", &patch];
        kubectl(&args).await.map(drop)
    }

    async fn get(&self) -> Result<Value> {
        find(&self.namespace, "orderpipeline", &self.name).await?.context("there is no OrderPipeline")
    }

    async fn deployment(&self) -> Result<Value> {
        let name = format!("{}-order-consumer", self.name);
        find(&self.namespace, "deployment", &name).await?.context("order-consumer has no Deployment")
    }
}
