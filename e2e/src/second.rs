//! A second platform beside the one that `up` made: an operator, a database and an OrderPipeline of its own in a
//! namespace of its own, on the same Kafka and MySQL. What ends a platform is tried on it.

mod teardown;

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use orderctl::verify::Sources;
use serde_json::{Value, json};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{AssertSqlSafe, MySqlPool};
use uuid::Uuid;

use crate::catalogue::Catalogue;
use crate::kubernetes::{apply, find, helm, kubectl, names, variable};
use crate::load::{Load, Shoppers};
use crate::order_log::OrderLog;
use crate::patience::until;
use crate::platform::{Node, Platform};

const PIPELINE: &str = "second";
const ROLLOUT: &str = "--timeout=300s";

/// The second platform. Its namespace, release, topic and database have one name.
pub struct Second {
    name: String,
    /// Of the first one's resource: Kafka and database are the same.
    spec: Value,
    /// Of the first one's release: which images there are.
    image: Value,
    /// Host of NodePorts.
    host: String,
    root: MySqlPool,
    sources: Sources,
}

impl Second {
    /// Looks at the first platform. Nothing is made yet.
    pub async fn plan() -> Result<Self> {
        let sources = Platform::Node(Node::from_env()?).sources();
        let first = find(&variable("NAMESPACE")?, "orderpipeline", &variable("PIPELINE")?).await?;
        let releases: Value =
            serde_json::from_str(&helm(&["list", "-A", "-o", "json", "--filter", "^order-pipeline$"]).await?)?;
        let namespace = releases[0]["namespace"].as_str().context("no release order-pipeline: cargo xtask up")?;
        let values = helm(&["get", "values", "order-pipeline", "-n", namespace, "-o", "json"]).await?;
        let values: Value = serde_json::from_str(&values)?;
        let id = Uuid::new_v4().simple().to_string();
        let root = MySqlPoolOptions::new().max_connections(2).connect_with(sources.database.clone()).await?;
        let url = variable("ORDER_API_URL")?;
        let host = url.split("//").nth(1).and_then(|rest| rest.split(':').next());
        Ok(Self {
            name: format!("second-{}", &id[..8]),
            spec: first.context("the first platform is missing: cargo xtask up")?["spec"].clone(),
            image: values["image"].clone(),
            host: host.context("ORDER_API_URL has no host")?.to_owned(),
            root,
            sources,
        })
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.name
    }

    /// Makes database, Secrets and operator.
    pub async fn install(&self) -> Result<()> {
        let (name, schema) = (&self.name, self.schema());
        let password = Uuid::new_v4().simple().to_string();
        for statement in [
            format!("CREATE DATABASE {schema}"),
            format!("CREATE USER '{schema}'@'%' IDENTIFIED BY '{password}' REQUIRE SSL"),
            format!("GRANT ALL ON {schema}.* TO '{schema}'@'%'"),
        ] {
            sqlx::query(AssertSqlSafe(statement)).execute(&self.root).await?;
        }
        let authority = std::fs::read_to_string(std::env::var("MYSQL_CA").context("MYSQL_CA is not set")?)?;
        apply(&[json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
        })])
        .await?;
        apply(&[
            secret(name, "database", &json!({"username": schema, "password": password})),
            secret(name, "database-ca", &json!({"ca.crt": authority})),
            json!({
                "apiVersion": "v1", "kind": "Service",
                "metadata": {"name": "order-api-node", "namespace": name},
                "spec": {
                    "type": "NodePort",
                    "selector": {"app.kubernetes.io/instance": PIPELINE, "app.kubernetes.io/component": "order-api"},
                    "ports": [{"name": "http", "port": 8080, "targetPort": "http"}],
                },
            }),
        ])
        .await?;
        let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/order-pipeline");
        let kafka = self.kafka_namespace()?;
        let values = format!(
            "watchNamespaces={},kafkaNamespaces={},image={},crds={}",
            json!([name]),
            json!([kafka]),
            self.image,
            json!({"install": false}),
        );
        let chart = chart.display().to_string();
        helm(&["install", name, &chart, "-n", name, "--set-json", &values, "--wait", ROLLOUT]).await.map(drop)
    }

    /// Applies the OrderPipeline, small, and waits until it is Ready.
    pub async fn start(&self, deletion_policy: &str) -> Result<()> {
        let (name, first) = (&self.name, &self.spec);
        apply(&[json!({
            "apiVersion": "orderpipeline.dev/v1alpha1", "kind": "OrderPipeline",
            "metadata": {"name": PIPELINE, "namespace": name},
            "spec": {
                "kafka": {
                    "strimzi": first["kafka"]["strimzi"],
                    "topic": {"name": name, "partitions": 2, "replicas": 1, "deletionPolicy": deletion_policy},
                },
                "database": {
                    "host": first["database"]["host"],
                    "port": first["database"]["port"],
                    "name": self.schema(),
                    "credentialsSecretRef": {"name": "database"},
                    "tls": {"mode": "Required", "caSecretRef": {"name": "database-ca", "key": "ca.crt"}},
                    "maxConnections": 60,
                },
                "search": {"replicas": 1},
                "orders": {"replicas": 1},
                "consumer": {"replicas": 1},
            },
        })])
        .await?;
        until("the second OrderPipeline is Ready", async || self.ready().await).await
    }

    /// Fails with its conditions unless it is Ready.
    pub async fn ready(&self) -> Result<()> {
        let found = find(&self.name, "orderpipeline", PIPELINE).await?.context("there is no OrderPipeline")?;
        let conditions = found["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let current = found["status"]["observedGeneration"] == found["metadata"]["generation"];
        let ready = conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "True");
        ensure!(current && ready, "its conditions: {}", Value::Array(conditions));
        Ok(())
    }

    /// Has `count` orders accepted and waits until the consumer has written them all.
    pub async fn order(&self, count: usize) -> Result<()> {
        let database = self.database().await?;
        let run = format!("run-{}", &Uuid::new_v4().simple().to_string()[..12]);
        let catalogue = Catalogue::make(&database, &run).await.context("putting products on sale")?;
        let service = find(&self.name, "service", "order-api-node").await?.context("no Service order-api-node")?;
        let port = service["spec"]["ports"][0]["nodePort"].as_u64().context("it has no NodePort yet")?;
        let load = Load { orders: count, clients: 2, spread: None };
        let shoppers = Shoppers::start(&format!("http://{}:{port}", self.host), &run, &catalogue, load)?;
        // They stay until all their orders are accepted.
        shoppers.finish().await?;
        until("the consumer has written the orders", async || {
            let sql = "SELECT COUNT(*) FROM orders WHERE customer_email LIKE ?";
            let written: i64 = sqlx::query_scalar(sql).bind(format!("{run}-%")).fetch_one(&database).await?;
            ensure!(written == i64::try_from(count)?, "{written} of {count} orders are written");
            Ok(())
        })
        .await
    }

    /// Orders in its database.
    pub async fn orders(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM orders").fetch_one(&self.database().await?).await?)
    }

    /// Records in its topic, or None when Kafka has no such topic.
    pub async fn records(&self) -> Result<Option<i64>> {
        match OrderLog::new(self.sources.kafka.clone(), &self.name).ends().await {
            Ok(ends) => Ok(Some(ends.values().sum())),
            Err(error) if error.to_string().ends_with("does not exist") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits until Kafka has no such topic: its brokers hear of it a moment after the resource is gone.
    pub async fn topic_gone(&self) -> Result<()> {
        until("Kafka has no such topic", async || {
            let left = self.records().await?;
            ensure!(left.is_none(), "it has {left:?} records");
            Ok(())
        })
        .await
    }

    /// Tries to uninstall its operator, which must fail, and gives back what the guard's Job said.
    pub async fn refused_uninstall(&self) -> Result<String> {
        let job = format!("{}-order-pipeline-uninstall-check", self.name);
        match helm(&["uninstall", &self.name, "-n", &self.name, ROLLOUT]).await {
            Ok(said) => bail!("helm uninstalled the operator under an OrderPipeline: {said}"),
            Err(error) => ensure!(format!("{error:#}").contains(&job), "helm failed for another reason: {error:#}"),
        }
        let labels = format!("batch.kubernetes.io/job-name={job}");
        let text = kubectl(&["get", "pods", "-n", &self.name, "-l", &labels, "-o", "json"]).await?;
        let pods: Value = serde_json::from_str(&text)?;
        let phase = &pods["items"][0]["status"]["phase"];
        ensure!(phase == "Failed", "the guard's Job has no failed pod: {text}");
        kubectl(&["logs", "-n", &self.name, &format!("job/{job}")]).await
    }

    /// Brings the release back, as the chart's README says, after a refusal.
    pub async fn roll_back(&self) -> Result<()> {
        helm(&["rollback", &self.name, "1", "-n", &self.name, "--wait", ROLLOUT]).await?;
        let status = helm(&["status", &self.name, "-n", &self.name, "-o", "json"]).await?;
        let status: Value = serde_json::from_str(&status)?;
        ensure!(status["info"]["status"] == "deployed", "the release is {}", status["info"]["status"]);
        Ok(())
    }

    /// Uninstalls its operator. Fails when something of the release is left in the cluster.
    pub async fn uninstall(&self) -> Result<()> {
        helm(&["uninstall", &self.name, "-n", &self.name, "--wait", ROLLOUT]).await?;
        let labels = format!("app.kubernetes.io/instance={}", self.name);
        until("nothing of the release is left", async || {
            let kinds = "deployments,pods,jobs,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings";
            let left = names(&self.name, kinds, &labels).await?;
            let kafka = names(&self.kafka_namespace()?, "roles,rolebindings", &labels).await?;
            ensure!(left.is_empty() && kafka.is_empty(), "{left:?} {kafka:?}");
            Ok(())
        })
        .await
    }

    async fn database(&self) -> Result<MySqlPool> {
        let options = self.sources.database.clone().database(&self.schema());
        Ok(MySqlPoolOptions::new().max_connections(2).connect_with(options).await?)
    }

    fn schema(&self) -> String {
        self.name.replace('-', "_")
    }

    fn kafka_cluster(&self) -> &str {
        self.spec["kafka"]["strimzi"]["cluster"].as_str().unwrap_or_default()
    }

    fn kafka_namespace(&self) -> Result<String> {
        let namespace = self.spec["kafka"]["strimzi"]["namespace"].as_str();
        Ok(namespace.context("the first platform's Kafka has no namespace")?.to_owned())
    }
}

fn secret(namespace: &str, name: &str, data: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": data,
    })
}
