//! How the second platform goes: its resource in order, and at last everything, also after a failure.

use std::time::Instant;

use anyhow::{Result, ensure};
use sqlx::AssertSqlSafe;

use super::{PIPELINE, Second};
use crate::kubernetes::{find, helm, kubectl, names};
use crate::patience::PATIENCE;

impl Second {
    /// Deletes the OrderPipeline and looks on until it is gone. Fails when its topics or users went before its pods.
    pub async fn delete(&self) -> Result<()> {
        let topics = self.in_kafka("kafkatopics").await?;
        let users = self.in_kafka("kafkausers").await?;
        ensure!(topics.len() == 2 && users.len() >= 2, "before the deletion: topics {topics:?}, users {users:?}");
        kubectl(&["delete", "orderpipeline", PIPELINE, "-n", &self.name, "--wait=false"]).await?;
        let deadline = Instant::now() + PATIENCE;
        let mut seen_stopping = false;
        while find(&self.name, "orderpipeline", PIPELINE).await?.is_some() {
            // Kafka's side is looked at first: pods that are seen after users were missed were there then, too.
            let (topics_now, users_now) = (self.in_kafka("kafkatopics").await?, self.in_kafka("kafkausers").await?);
            let pods = self.pods().await?;
            let gone = topics_now.len() < topics.len() || users_now.len() < users.len();
            ensure!(!gone || pods.is_empty(), "{pods:?} outlived topics ({topics_now:?}) or users ({users_now:?})");
            seen_stopping |= !pods.is_empty();
            ensure!(Instant::now() < deadline, "not gone after {PATIENCE:?}: pods {pods:?}, users {users_now:?}");
        }
        ensure!(seen_stopping, "nothing was seen of the deletion");
        let (pods, users) = (self.pods().await?, self.in_kafka("kafkausers").await?);
        ensure!(pods.is_empty() && users.is_empty(), "the resource is gone before {pods:?} {users:?}");
        Ok(())
    }

    /// Names of topic or user resources of this pipeline.
    pub async fn in_kafka(&self, kind: &str) -> Result<Vec<String>> {
        let labels = format!("orderpipeline.dev/pipeline-namespace={}", self.name);
        names(&self.kafka_namespace()?, kind, &labels).await
    }

    async fn pods(&self) -> Result<Vec<String>> {
        let labels = format!("orderpipeline.dev/pipeline={PIPELINE},app.kubernetes.io/component");
        names(&self.name, "pods", &labels).await
    }

    /// What a person needs to see after a failure.
    pub async fn dump(&self) -> String {
        let mut text = String::new();
        let operator = format!("deployment/{}-order-pipeline", self.name);
        for what in [
            "get pods,jobs,deployments -o wide",
            "get orderpipelines -o yaml",
            "get events --sort-by=.lastTimestamp -o wide",
            &format!("logs {operator} --tail=60"),
            "logs --selector=app.kubernetes.io/part-of=order-pipeline --tail=20 --prefix",
        ] {
            let args: Vec<&str> = ["-n", &self.name].into_iter().chain(what.split(' ')).collect();
            let shown = kubectl(&args).await.unwrap_or_else(|error| format!("{error:#}"));
            text.push_str(&format!("--- kubectl {}\n{shown}\n", args.join(" ")));
        }
        text
    }

    /// Takes away whatever is there, as far as it goes: the next run must not stumble over this one.
    pub async fn remove(&self) {
        let name = &self.name;
        let schema = self.schema();
        let mut failures = Vec::new();
        let mut done = |what: &str, result: Result<String>| {
            if let Err(error) = result {
                failures.push(format!("{what}: {error:#}"));
            }
        };
        // The operator, if it still runs, removes what is in Kafka's namespace.
        let gone = ["delete", "orderpipeline", PIPELINE, "-n", name, "--ignore-not-found", "--timeout=120s"];
        done("delete the OrderPipeline", kubectl(&gone).await);
        if let Ok(kafka) = self.kafka_namespace() {
            let labels = format!("orderpipeline.dev/pipeline-namespace={name}");
            let left = ["delete", "kafkatopics,kafkausers", "-n", &kafka, "-l", &labels, "--timeout=60s"];
            done("delete topics and users", kubectl(&left).await);
            // The operator's own user, which asks for lag; it stays while any other pipeline uses this Kafka.
            let user = format!("{name}-order-pipeline-operator-{}", self.kafka_cluster());
            done(
                "delete the operator's user",
                kubectl(&["delete", "kafkauser", &user, "-n", &kafka, "--ignore-not-found"]).await,
            );
        }
        done("uninstall", helm(&["uninstall", name, "-n", name, "--no-hooks", "--ignore-not-found"]).await);
        done(
            "delete the namespace",
            kubectl(&["delete", "namespace", name, "--ignore-not-found", "--wait=false"]).await,
        );
        for statement in [format!("DROP DATABASE IF EXISTS {schema}"), format!("DROP USER IF EXISTS '{schema}'@'%'")] {
            let dropped = sqlx::query(AssertSqlSafe(statement)).execute(&self.root).await;
            done("drop the database", dropped.map(|_| String::new()).map_err(Into::into));
        }
        for failure in failures {
            eprintln!("left behind by {name}: {failure}");
        }
    }
}
