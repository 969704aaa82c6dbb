//! What the rest of a cluster would do: Deployments get pods, Jobs succeed or fail, Strimzi answers. Each can be held.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use order_pipeline_operator::controller::object::Kind;
use serde_json::{Value, json};

const PERIOD: Duration = Duration::from_millis(100);

pub struct StandIn {
    client: Client,
    namespace: String,
    kafka_namespace: String,
    /// Strimzi works.
    pub strimzi: AtomicBool,
    /// Jobs end; else they run for ever.
    pub jobs: AtomicBool,
    /// Jobs that end do so badly.
    pub jobs_fail: AtomicBool,
    /// Pods of Deployments become ready.
    pub pods: AtomicBool,
}

impl StandIn {
    pub fn new(client: Client, namespace: String, kafka_namespace: String) -> Self {
        Self {
            client,
            namespace,
            kafka_namespace,
            strimzi: true.into(),
            jobs: true.into(),
            jobs_fail: false.into(),
            pods: true.into(),
        }
    }

    /// Works until dropped. An error (a CRD that is not there, an object that has just gone) is met again next time.
    pub async fn run(self: std::sync::Arc<Self>) {
        loop {
            if self.strimzi.load(Ordering::Relaxed) {
                let _ = self.answer_for_strimzi().await;
            }
            if self.jobs.load(Ordering::Relaxed) {
                let _ = self.end_jobs().await;
            }
            if self.pods.load(Ordering::Relaxed) {
                let _ = self.run_deployments().await;
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    fn api(&self, kind: Kind) -> Api<DynamicObject> {
        let namespace = match kind {
            Kind::KafkaTopic | Kind::KafkaUser => &self.kafka_namespace,
            _ => &self.namespace,
        };
        Api::namespaced_with(self.client.clone(), namespace, &kind.api_resource())
    }

    async fn answer_for_strimzi(&self) -> Result<(), kube::Error> {
        let finalizer = "strimzi.io/topic-operator";
        let topics = self.api(Kind::KafkaTopic);
        for topic in topics.list(&ListParams::default()).await? {
            let name = topic.name_any();
            if topic.metadata.deletion_timestamp.is_some() {
                let patch = json!({"metadata": {"finalizers": null}});
                topics.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await?;
                continue;
            }
            if topic.finalizers().is_empty() {
                let patch = json!({"metadata": {"finalizers": [finalizer]}});
                topics.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await?;
            }
            let more = json!({"topicName": topic.data["spec"]["topicName"], "topicId": format!("id-of-{name}")});
            self.ready(Kind::KafkaTopic, &topic, more).await?;
        }
        for user in self.api(Kind::KafkaUser).list(&ListParams::default()).await? {
            let name = user.name_any();
            self.secret(&name, json!({"password": "generated", "sasl.jaas.config": "line"}), Some(&user)).await?;
            self.ready(Kind::KafkaUser, &user, json!({"username": name, "secret": name})).await?;
        }
        self.secret("kafka-cluster-ca-cert", json!({"ca.crt": "PEM", "ca.password": "x"}), None).await
    }

    async fn ready(&self, kind: Kind, object: &DynamicObject, more: Value) -> Result<(), kube::Error> {
        let generation = object.metadata.generation;
        if object.data["status"]["observedGeneration"].as_i64() == generation {
            return Ok(());
        }
        let condition = json!({"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"});
        let mut status = json!({"observedGeneration": generation, "conditions": [condition]});
        status.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.status(kind, &object.name_any(), status).await
    }

    async fn status(&self, kind: Kind, name: &str, status: Value) -> Result<(), kube::Error> {
        let patch = Patch::Merge(json!({"status": status}));
        self.api(kind).patch_status(name, &PatchParams::default(), &patch).await.map(|_| ())
    }

    async fn secret(&self, name: &str, data: Value, owner: Option<&DynamicObject>) -> Result<(), kube::Error> {
        let api = Api::<Secret>::namespaced(self.client.clone(), &self.kafka_namespace);
        if api.get_opt(name).await?.is_some() {
            return Ok(());
        }
        let owners: Vec<_> = owner.iter().map(|owner| {
            json!({"apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaUser", "name": owner.name_any(), "uid": owner.metadata.uid})
        }).collect();
        let metadata = json!({"name": name, "labels": {"strimzi.io/cluster": "kafka"}, "ownerReferences": owners});
        let secret = serde_json::from_value(json!({"metadata": metadata, "stringData": data})).unwrap();
        api.create(&PostParams::default(), &secret).await.map(|_| ())
    }

    /// A Job's pod is made for real, so that Pod Security admission judges it.
    async fn end_jobs(&self) -> Result<(), kube::Error> {
        let pods = Api::<Pod>::namespaced(self.client.clone(), &self.namespace);
        for job in self.api(Kind::Job).list(&ListParams::default()).await? {
            let name = job.name_any();
            if !job.data["status"]["conditions"].is_null() || job.metadata.deletion_timestamp.is_some() {
                continue;
            }
            let failed = self.jobs_fail.load(Ordering::Relaxed);
            let mut pod = job.data["spec"]["template"].clone();
            pod["metadata"]["name"] = name.clone().into();
            pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] = name.clone().into();
            pod["metadata"]["ownerReferences"] =
                json!([{"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": job.metadata.uid}]);
            let pod: Pod = serde_json::from_value(pod).unwrap();
            match pods.create(&PostParams::default(), &pod).await {
                Err(kube::Error::Api(status)) if status.code != 409 => panic!("a Job's pod is refused: {status:?}"),
                _ => {}
            }
            let message =
                if failed { r#"{"error":"Access denied for user 'shop'"}"# } else { r#"{"schemaVersion":7}"# };
            let code = i32::from(failed);
            let terminated = json!({"exitCode": code, "message": message});
            let container = json!({"name": "migrator", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                "state": {"terminated": terminated}});
            let status = json!({"status": {"phase": if failed { "Failed" } else { "Succeeded" },
                "containerStatuses": [container]}});
            pods.patch_status(&name, &PatchParams::default(), &Patch::Merge(status)).await?;
            let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            let end = |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": now, "reason": "x"});
            let conditions = if failed {
                json!([end("FailureTarget"), end("Failed")])
            } else {
                json!([end("SuccessCriteriaMet"), end("Complete")])
            };
            let mut status = json!({"startTime": now, "conditions": conditions});
            if failed {
                status["failed"] = 1.into();
            } else {
                status["succeeded"] = 1.into();
                status["completionTime"] = now.into();
            }
            self.status(Kind::Job, &name, status).await?;
        }
        Ok(())
    }

    async fn run_deployments(&self) -> Result<(), kube::Error> {
        for deployment in self.api(Kind::Deployment).list(&ListParams::default()).await? {
            let generation = deployment.metadata.generation;
            let replicas = &deployment.data["spec"]["replicas"];
            let status = &deployment.data["status"];
            if status["observedGeneration"].as_i64() == generation
                && status["replicas"].as_i64().unwrap_or(0) == replicas.as_i64().unwrap_or(0)
            {
                continue;
            }
            let status = json!({"observedGeneration": generation, "replicas": replicas, "updatedReplicas": replicas,
                "readyReplicas": replicas, "availableReplicas": replicas});
            self.status(Kind::Deployment, &deployment.name_any(), status).await?;
        }
        Ok(())
    }
}
