//! One test's world: namespaces of its own, an operator in this process that watches them, and the stand-in.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use order_pipeline_operator::config::{ImageArgs, Settings};
use order_pipeline_operator::controller::object::Kind;
use order_pipeline_operator::controller::{self, Context};
use order_pipeline_operator::metrics::Metrics;
use order_pipeline_operator::sampling::Board;
use order_pipeline_operator::strimzi;
use order_pipeline_operator::watches::Watches;
use pipeline_api::OrderPipeline;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::api_server::{ControlPlane, shared};
use crate::stand_in::StandIn;

pub const PATIENCE: Duration = Duration::from_secs(120);

pub struct Scene {
    pub client: Client,
    /// With the rights that the chart gives the operator.
    pub operator_client: Client,
    pub plane: &'static ControlPlane,
    pub namespace: String,
    pub kafka_namespace: String,
    pub world: Arc<StandIn>,
    pub metrics: Metrics,
    pub board: Arc<Board>,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl Scene {
    /// Namespaces (the pipeline's enforces the restricted Pod Security Standard), the Secrets that people provide, a
    /// Kafka that consents, and an operator.
    pub async fn new(name: &str) -> Self {
        Self::on(shared(), name).await
    }

    pub async fn on(plane: &'static ControlPlane, name: &str) -> Self {
        let scene = Self::unattended(plane, name).await;
        tokio::spawn(scene.operator(scene.stop.clone()));
        scene
    }

    /// Without an operator.
    pub async fn without_operator(name: &str) -> Self {
        Self::unattended(shared(), name).await
    }

    async fn unattended(plane: &'static ControlPlane, name: &str) -> Self {
        let client = plane.client().await;
        let id = &uuid::Uuid::new_v4().simple().to_string()[..6];
        let (namespace, kafka_namespace) = (format!("{name}-{id}"), format!("{name}-{id}-kafka"));
        let stop = CancellationToken::new();
        let world = Arc::new(StandIn::new(client.clone(), namespace.clone(), kafka_namespace.clone()));
        let operator = format!("system:serviceaccount:{namespace}:release-order-pipeline");
        let scene = Self {
            client,
            operator_client: plane.client_as(Some(operator)).await,
            plane,
            namespace,
            kafka_namespace,
            world,
            metrics: Metrics::register(&mut prometheus_client::registry::Registry::default()),
            board: Arc::default(),
            _guard: stop.clone().drop_guard(),
            stop,
        };
        scene.make_namespace(&scene.namespace, "restricted").await;
        scene.make_namespace(&scene.kafka_namespace, "privileged").await;
        scene.plane.grant(&scene.namespace, &scene.kafka_namespace);
        scene.secret("shop-database", &[("username", "shop"), ("password", "p")]).await;
        scene.secret("shop-database-ca", &[("ca.crt", "PEM")]).await;
        scene.secret("shop-admin", &[("token", "t")]).await;
        tokio::spawn(scene.stop.clone().run_until_cancelled_owned(scene.world.clone().run()));
        scene
    }

    /// An operator that watches this scene until `stop`.
    pub fn operator(&self, stop: CancellationToken) -> impl Future<Output = ()> + Send + use<> {
        let images = ImageArgs { image_prefix: "test".into(), ..ImageArgs::default() };
        let settings = Settings {
            watch_namespaces: vec![self.namespace.clone()],
            kafka_namespaces: Vec::new(),
            images,
            operator_namespace: self.namespace.clone(),
            ops_url: Some("http://operator.test:8080".into()),
        };
        let client = self.operator_client.clone();
        let watches = Watches::new(client.clone(), stop.clone());
        let context = Context::new(client, settings, self.metrics.clone(), "test", watches, self.board.clone());
        let namespace = self.namespace.clone();
        async move { controller::run(Arc::new(context), Some(&namespace), stop.cancelled_owned()).await }
    }

    async fn make_namespace(&self, name: &str, level: &str) {
        let labels = json!({"pod-security.kubernetes.io/enforce": level});
        let namespace = json!({"metadata": {"name": name, "labels": labels}});
        let namespace: Namespace = serde_json::from_value(namespace).unwrap();
        Api::all(self.client.clone()).create(&PostParams::default(), &namespace).await.unwrap();
    }

    pub async fn secret(&self, name: &str, entries: &[(&str, &str)]) {
        let data: serde_json::Map<_, _> =
            entries.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect();
        let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data});
        let api = Api::<Secret>::namespaced(self.client.clone(), &self.namespace);
        api.patch(name, &PatchParams::apply("test").force(), &Patch::Apply(body)).await.unwrap();
    }

    /// The Kafka resource, with a consent for this scene.
    pub async fn kafka(&self) {
        let body = json!({
            "apiVersion": "kafka.strimzi.io/v1",
            "kind": "Kafka",
            "metadata": {"name": "kafka", "annotations": {"orderpipeline.dev/allow-from": self.namespace}},
            "spec": {
                "entityOperator": {"topicOperator": {}, "userOperator": {}},
                "kafka": {
                    "authorization": {"type": "simple"},
                    "listeners": [{"name": "tls", "port": 9093, "type": "internal", "tls": true,
                        "authentication": {"type": "scram-sha-512"}}],
                },
            },
        });
        let api = Api::<DynamicObject>::namespaced_with(self.client.clone(), &self.kafka_namespace, &strimzi::kafka());
        api.patch("kafka", &PatchParams::apply("test").force(), &Patch::Apply(body)).await.unwrap();
    }

    /// The example, in this scene's namespaces.
    pub fn example(&self) -> Value {
        let text = include_str!("../../../examples/orderpipeline.yaml");
        let mut pipeline: Value = serde_yaml::from_str(text).unwrap();
        pipeline["metadata"]["namespace"] = self.namespace.clone().into();
        pipeline["spec"]["kafka"]["strimzi"]["namespace"] = self.kafka_namespace.clone().into();
        pipeline
    }

    pub fn pipelines(&self) -> Api<OrderPipeline> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub async fn apply(&self, pipeline: &Value) -> Result<OrderPipeline, kube::Error> {
        let name = pipeline["metadata"]["name"].as_str().unwrap();
        self.pipelines().patch(name, &PatchParams::apply("test").force(), &Patch::Apply(pipeline)).await
    }

    /// Applies the example and waits until it is Ready.
    pub async fn ready(&self) -> OrderPipeline {
        self.kafka().await;
        self.apply(&self.example()).await.unwrap();
        self.until_condition("Ready", "True", "Ready").await
    }

    pub async fn pipeline(&self) -> OrderPipeline {
        self.pipelines().get("shop").await.unwrap()
    }

    /// Waits for a condition of the present generation.
    pub async fn until_condition(&self, kind: &str, status: &str, reason: &str) -> OrderPipeline {
        let what = format!("{kind}={status} ({reason})");
        self.until(&what, || async {
            let pipeline = self.pipelines().get("shop").await.unwrap();
            let found = condition(&pipeline, kind).is_some_and(|(is, why)| is == status && why == reason);
            let state = pipeline.status.clone().unwrap_or_default();
            let current = state.observed_generation == pipeline.metadata.generation;
            if found && current { Ok(pipeline) } else { Err(format!("{:#?}", state.conditions)) }
        })
        .await
    }

    /// Waits until `check` gives a value; its last error tells why it did not.
    pub async fn until<T, F, Fut>(&self, what: &str, check: F) -> T
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, String>>,
    {
        let started = Instant::now();
        loop {
            match check().await {
                Ok(value) => return value,
                Err(last) => assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}; {last}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub fn api(&self, kind: Kind) -> Api<DynamicObject> {
        let namespace = match kind {
            Kind::KafkaTopic | Kind::KafkaUser => &self.kafka_namespace,
            _ => &self.namespace,
        };
        Api::namespaced_with(self.client.clone(), namespace, &kind.api_resource())
    }

    pub async fn names(&self, kind: Kind) -> Vec<String> {
        let all = self.api(kind).list(&ListParams::default()).await.unwrap();
        all.iter().map(ResourceExt::name_any).collect()
    }

    pub async fn exists(&self, kind: Kind, name: &str) -> bool {
        self.api(kind).get_opt(name).await.unwrap().is_some()
    }

    pub async fn delete(&self, kind: Kind, name: &str) {
        self.api(kind).delete(name, &DeleteParams::default()).await.unwrap();
    }
}

/// Status and reason of a condition.
pub fn condition<'a>(pipeline: &'a OrderPipeline, kind: &str) -> Option<(&'a str, &'a str)> {
    let conditions = &pipeline.status.as_ref()?.conditions;
    conditions.iter().find(|one| one.type_ == kind).map(|one| (one.status.as_str(), one.reason.as_str()))
}
