//! The local node, reached by what `cargo xtask up` wrote into `target/local/env`.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use orderctl::connect::api::Api;
use orderctl::connect::kafka::librdkafka;
use orderctl::verify::Sources;
use rdkafka::ClientConfig;
use secrecy::SecretString;
use sqlx::MySqlPool;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};

use crate::kubernetes::{kubectl, names, variable};
use crate::order_log::OrderLog;
use crate::patience::{PATIENCE, until};

const TOPIC: &str = order_events::DEFAULT_TOPIC;
const WAIT: &str = "--timeout=300s";

/// The variables of `target/local/env`, taken from our own environment.
pub struct Node {
    namespace: String,
    pipeline: String,
    order_api: String,
    token: SecretString,
    kafka: ClientConfig,
    mysql: MySqlConnectOptions,
}

impl Node {
    /// Fails when a variable is missing and names it.
    pub fn from_env() -> Result<Self> {
        let mysql: MySqlConnectOptions = variable("MYSQL_URL")?.parse().context("MYSQL_URL")?;
        let mut kafka = librdkafka(Path::new(&variable("KAFKA_CLIENT_PROPERTIES")?))?;
        kafka.set("bootstrap.servers", variable("KAFKA_BOOTSTRAP")?);
        Ok(Self {
            namespace: variable("NAMESPACE")?,
            pipeline: variable("PIPELINE")?,
            order_api: variable("ORDER_API_URL")?.trim_end_matches('/').to_owned(),
            token: variable("ADMIN_TOKEN")?.into(),
            kafka,
            mysql: mysql.ssl_mode(MySqlSslMode::VerifyIdentity).ssl_ca(variable("MYSQL_CA")?),
        })
    }

    pub(super) fn order_api(&self) -> String {
        self.order_api.clone()
    }

    pub(super) async fn database(&self) -> Result<MySqlPool> {
        Ok(MySqlPoolOptions::new().max_connections(4).connect_with(self.mysql.clone()).await?)
    }

    pub(super) fn sources(&self) -> Sources {
        Sources { database: self.mysql.clone(), kafka: self.kafka.clone(), topic: TOPIC.to_owned() }
    }

    pub(super) fn admin(&self) -> Result<Api> {
        Ok(Api::new(&self.order_api, Some(self.token.clone()))?)
    }

    /// Rolls order-api; returns when the new one serves alone.
    pub(super) async fn set_producer_mode(&self, mode: &str) -> Result<()> {
        let patch = format!(r#"{{"spec":{{"orders":{{"producer":{{"mode":"{mode}"}}}}}}}}"#);
        let kind = ["patch", "orderpipeline", &self.pipeline, "-n", &self.namespace, "--type=merge", "-p", &patch];
        kubectl(&kind).await?;
        let deployment = format!("deployment/{}-order-api", self.pipeline);
        // The operator needs a moment before the roll-out that is waited for below exists at all.
        until("order-api's new producer mode", async || {
            let path = r#"jsonpath={.spec.template.spec.containers[0].env[?(@.name=="PRODUCER_MODE")].value}"#;
            let found = kubectl(&["get", &deployment, "-n", &self.namespace, "-o", path]).await?;
            ensure!(found.trim() == mode, "it is {found:?} and not {mode}");
            Ok(())
        })
        .await?;
        kubectl(&["rollout", "status", &deployment, "-n", &self.namespace, WAIT]).await.map(drop)
    }

    pub(super) fn order_log(&self) -> OrderLog {
        OrderLog::new(self.kafka.clone(), TOPIC)
    }

    pub(super) async fn kill_consumer(&self) -> Result<()> {
        self.kill_pods(&self.namespace, &self.component("order-consumer")).await
    }

    pub(super) async fn restart_order_api(&self) -> Result<()> {
        let labels = self.component("order-api");
        let old = names(&self.namespace, "pods", &labels).await?;
        self.kill_pods(&self.namespace, &labels).await?;
        // Not by the Deployment: for a moment its numbers are still those of the killed pods.
        until("order-api has new pods", async || {
            let pods = names(&self.namespace, "pods", &labels).await?;
            ensure!(!pods.is_empty() && !pods.iter().any(|pod| old.contains(pod)), "{pods:?} after {old:?}");
            Ok(())
        })
        .await?;
        kubectl(&["wait", "--for=condition=Ready", "pods", "-n", &self.namespace, "-l", &labels, WAIT]).await?;
        let deployment = format!("deployment/{}-order-api", self.pipeline);
        kubectl(&["rollout", "status", &deployment, "-n", &self.namespace, WAIT]).await.map(drop)
    }

    pub(super) async fn take_database_down(&self) -> Result<()> {
        let (namespace, name) = self.stateful_set("mysql").await?;
        kubectl(&["scale", "statefulset", &name, "-n", &namespace, "--replicas=0"]).await?;
        let pod = format!("pod/{name}-0");
        kubectl(&["wait", "--for=delete", &pod, "-n", &namespace, WAIT]).await.map(drop)
    }

    pub(super) async fn bring_database_back(&self) -> Result<()> {
        let (namespace, name) = self.stateful_set("mysql").await?;
        kubectl(&["scale", "statefulset", &name, "-n", &namespace, "--replicas=1"]).await?;
        let set = format!("statefulset/{name}");
        kubectl(&["rollout", "status", &set, "-n", &namespace, WAIT]).await.map(drop)
    }

    /// Strimzi's rule: a broker's pod that is deleted is made anew. Until then Kafka is away.
    pub(super) async fn take_kafka_down(&self) -> Result<()> {
        kubectl(&["delete", "pods", "-A", "-l", "strimzi.io/kind=Kafka", WAIT]).await.map(drop)
    }

    pub(super) async fn bring_kafka_back(&self) -> Result<()> {
        let ready = ["wait", "--for=condition=Ready", "pods", "-A", "-l", "strimzi.io/kind=Kafka", "--timeout=30s"];
        let deadline = Instant::now() + PATIENCE;
        loop {
            // The old pod may go while kubectl waits for it, which kubectl calls an error.
            match kubectl(&ready).await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(error).context("Kafka did not come back"),
                Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
            }
        }
    }

    pub(super) async fn dump(&self) -> String {
        let mut text = String::new();
        for args in [
            vec!["get", "pods", "-A", "-o", "wide"],
            vec!["get", "events", "-A", "--sort-by=.lastTimestamp"],
            vec!["get", "orderpipelines", "-A", "-o", "yaml"],
            vec![
                "logs",
                "-n",
                &self.namespace,
                "-l",
                "app.kubernetes.io/part-of=order-pipeline",
                "--all-containers",
                "--prefix",
                "--tail=40",
            ],
        ] {
            let shown = kubectl(&args).await.unwrap_or_else(|error| format!("{error:#}"));
            text.push_str(&format!("--- kubectl {}\n{shown}\n", args.join(" ")));
        }
        text
    }

    fn component(&self, name: &str) -> String {
        format!("app.kubernetes.io/component={name},app.kubernetes.io/instance={}", self.pipeline)
    }

    /// Without grace: the kubelet sends SIGKILL.
    async fn kill_pods(&self, namespace: &str, labels: &str) -> Result<()> {
        let killed = kubectl(&["delete", "pods", "-n", namespace, "-l", labels, "--grace-period=0", "--force"]).await?;
        if killed.trim().is_empty() || killed.contains("No resources found") {
            bail!("no pods with {labels} in {namespace}");
        }
        Ok(())
    }

    /// Namespace and name of the only StatefulSet of that name.
    async fn stateful_set(&self, name: &str) -> Result<(String, String)> {
        let field = format!("metadata.name={name}");
        let found = kubectl(&[
            "get",
            "statefulsets",
            "-A",
            "--field-selector",
            &field,
            "-o",
            "jsonpath={.items[0].metadata.namespace}",
        ])
        .await?;
        Ok((found.trim().to_owned(), name.to_owned()))
    }
}
