//! A rollout goes in stages, and says how far it is.

use std::sync::atomic::Ordering;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, PostParams};
use order_pipeline_operator::controller::object::Kind;
use serde_json::json;

use crate::scene::{Scene, condition};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn topics_then_job_then_consumer_then_the_rest() {
    let scene = Scene::new("rollout").await;
    scene.world.strimzi.store(false, Ordering::Relaxed);
    scene.world.jobs.store(false, Ordering::Relaxed);
    scene.world.pods.store(false, Ordering::Relaxed);
    scene.apply(&scene.example()).await.unwrap();
    let pipeline = scene.until_condition("KafkaReady", "False", "ClusterNotFound").await;
    assert_eq!(condition(&pipeline, "Reconciling"), Some(("True", "ClusterNotFound")));
    assert_eq!(condition(&pipeline, "Stalled"), Some(("False", "Working")));

    scene.kafka().await;
    scene.until_condition("KafkaReady", "False", "WaitingForTopics").await;
    assert_eq!(scene.names(Kind::KafkaTopic).await.len(), 2);
    assert_eq!(scene.names(Kind::KafkaUser).await.len(), 3, "two components and the operator");
    assert_eq!(scene.names(Kind::Job).await, Vec::<String>::new(), "Kafka comes before the migration");

    scene.world.strimzi.store(true, Ordering::Relaxed);
    scene.until_condition("SchemaReady", "False", "Migrating").await;
    assert_eq!(scene.names(Kind::Job).await.len(), 1);
    assert_eq!(scene.names(Kind::Deployment).await, Vec::<String>::new(), "the migration comes before the pods");

    scene.world.jobs.store(true, Ordering::Relaxed);
    scene.until_condition("SchemaReady", "True", "Migrated").await;
    scene
        .until("the consumer", || async {
            if scene.exists(Kind::Deployment, "shop-order-consumer").await { Ok(()) } else { Err(String::new()) }
        })
        .await;
    assert_eq!(scene.names(Kind::Deployment).await, ["shop-order-consumer"], "the consumer comes before the APIs");

    scene.world.pods.store(true, Ordering::Relaxed);
    let pipeline = scene.until_condition("Ready", "True", "Ready").await;
    let status = pipeline.status.unwrap();
    let kafka = status.kafka.unwrap();
    assert_eq!(kafka.bootstrap_servers, format!("kafka-kafka-bootstrap.{}.svc:9093", scene.kafka_namespace));
    assert_eq!((kafka.topic_id.is_some(), kafka.partitions), (true, 12));
    assert_eq!(status.database.unwrap().schema_version, Some(7));
    assert_eq!(status.order_namespace.unwrap().len(), 64);
    let components: Vec<_> = status.components.iter().map(|one| (one.name.as_str(), one.ready, one.desired)).collect();
    let wanted = [("order-consumer", 1), ("search-api", 1), ("order-api", 2), ("notifier", 1), ("storefront", 1)];
    assert_eq!(components, wanted.map(|(name, pods)| (name, pods, pods)));
    for one in &status.conditions {
        assert_eq!(one.observed_generation, pipeline.metadata.generation, "{}", one.type_);
    }
    let scale = scene.plane.kubectl(&["-n", &scene.namespace, "get", "opl", "shop", "-o", "wide"]).unwrap();
    assert!(scale.contains("True") && scale.contains("Ready"), "{scale}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn pods_pass_the_restricted_standard() {
    let scene = Scene::new("restricted").await;
    scene.ready().await;
    let pods = Api::<Pod>::namespaced(scene.client.clone(), &scene.namespace);
    for name in scene.names(Kind::Deployment).await {
        let deployment = scene.api(Kind::Deployment).get(&name).await.unwrap();
        let mut pod = deployment.data["spec"]["template"].clone();
        pod["metadata"]["name"] = json!(name);
        let pod: Pod = serde_json::from_value(pod).unwrap();
        pods.create(&PostParams { dry_run: true, ..PostParams::default() }, &pod).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn a_failed_migration_gates_the_rollout_and_is_tried_again_by_a_new_job() {
    let scene = Scene::new("migration").await;
    scene.world.jobs_fail.store(true, Ordering::Relaxed);
    scene.kafka().await;
    scene.apply(&scene.example()).await.unwrap();
    scene.until_condition("SchemaReady", "False", "MigrationFailed").await;
    // The Job's end may be seen before its pod's.
    scene
        .until("the pod's last words are told", || async {
            let conditions = scene.pipelines().get("shop").await.unwrap().status.unwrap().conditions;
            let message = conditions.iter().find(|one| one.type_ == "DatabaseReady").unwrap().message.clone();
            if message.ends_with("tried again: Access denied for user 'shop'") { Ok(()) } else { Err(message) }
        })
        .await;
    assert_eq!(scene.names(Kind::Deployment).await, Vec::<String>::new());

    scene.world.jobs_fail.store(false, Ordering::Relaxed);
    scene.until_condition("Ready", "True", "Ready").await;
    assert!(scene.names(Kind::Job).await.len() >= 2, "the failed one stays to look at");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn a_new_version_migrates_first_and_leaves_the_old_pods_until_then() {
    let scene = Scene::new("upgrade").await;
    scene.ready().await;
    scene.world.jobs.store(false, Ordering::Relaxed);
    let mut newer = scene.example();
    newer["spec"]["version"] = json!("0.2.0");
    scene.apply(&newer).await.unwrap();
    scene.until_condition("SchemaReady", "False", "Migrating").await;
    let image = |name: &'static str| {
        let api = scene.api(Kind::Deployment);
        async move {
            let deployment = api.get(name).await.unwrap();
            deployment.data["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
        }
    };
    assert_eq!(image("shop-order-consumer").await, "test/order-consumer:0.1.0");
    scene.world.jobs.store(true, Ordering::Relaxed);
    let pipeline = scene.until_condition("Ready", "True", "Ready").await;
    assert_eq!(image("shop-search-api").await, "test/search-api:0.2.0");
    assert_eq!(pipeline.status.unwrap().version.as_deref(), Some("0.2.0"));
}
