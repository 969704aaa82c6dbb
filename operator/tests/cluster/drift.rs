//! What others change is put right, what is no longer wanted goes, and at rest nothing is written.

use kube::api::{Patch, PatchParams};
use order_pipeline_operator::controller::object::Kind;
use serde_json::json;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn edits_and_deletions_are_repaired() {
    let scene = Scene::new("drift").await;
    scene.ready().await;
    let edit = json!({"spec": {"replicas": 5, "template": {"spec": {"enableServiceLinks": true}}},
        "metadata": {"labels": {"someone": "else"}}});
    let deployments = scene.api(Kind::Deployment);
    deployments.patch("shop-order-api", &PatchParams::default(), &Patch::Merge(edit)).await.unwrap();
    scene
        .until("order-api as planned", || async {
            let live = scene.api(Kind::Deployment).get("shop-order-api").await.unwrap();
            let spec = &live.data["spec"];
            let right = spec["replicas"] == 2 && spec["template"]["spec"]["enableServiceLinks"] == false;
            let labels = live.metadata.labels.unwrap_or_default();
            assert_eq!(labels.get("someone").map(String::as_str), Some("else"), "what is not ours is left alone");
            if right { Ok(()) } else { Err(spec.to_string()) }
        })
        .await;

    for (kind, name) in [
        (Kind::Service, "shop-search-api"),
        (Kind::PodDisruptionBudget, "shop-order-consumer"),
        (Kind::ServiceAccount, "shop-notifier"),
        (Kind::Secret, "shop-order-api-kafka"),
        (Kind::Deployment, "shop-order-consumer"),
    ] {
        scene.delete(kind, name).await;
        scene
            .until(name, || async {
                if scene.exists(kind, name).await { Ok(()) } else { Err(format!("{kind:?} is still gone")) }
            })
            .await;
    }
    scene.until_condition("Ready", "True", "Ready").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn a_component_that_is_no_longer_wanted_goes() {
    let scene = Scene::new("prune").await;
    scene.ready().await;
    assert!(scene.exists(Kind::Deployment, "shop-notifier").await);
    let mut without_mail = scene.example();
    without_mail["spec"].as_object_mut().unwrap().remove("notifications");
    scene.apply(&without_mail).await.unwrap();
    for kind in [Kind::Deployment, Kind::PodDisruptionBudget, Kind::ServiceAccount] {
        scene
            .until("the notifier's objects are gone", || async {
                if scene.exists(kind, "shop-notifier").await { Err(format!("{kind:?}")) } else { Ok(()) }
            })
            .await;
    }
    let left = scene.until_condition("Ready", "True", "Ready").await;
    let components: Vec<_> = left.status.unwrap().components.into_iter().map(|component| component.name).collect();
    assert!(components.iter().any(|name| name == "search-api"), "{components:?}");
    assert!(!components.iter().any(|name| name == "notifier"), "{components:?}");
    assert!(scene.exists(Kind::Secret, "shop-order-namespace").await, "it is ours, and never pruned");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn at_rest_nothing_is_written() {
    let scene = Scene::new("rest").await;
    scene.ready().await;
    let passes = |scene: &Scene| {
        let label = order_pipeline_operator::metrics::PassLabels { result: "ok" };
        scene.metrics.passes.get_or_create(&label).get()
    };
    let rest = |scene: &Scene| {
        let (writes, pipeline) = (scene.metrics.writes.get(), scene.pipelines());
        async move { (writes, pipeline.get("shop").await.unwrap().metadata.resource_version) }
    };
    // What was under way when it became Ready may still be written.
    scene
        .until("three passes in a row that write nothing, not even the status", || async {
            let before = rest(&scene).await;
            for _ in 0..3 {
                let done = passes(&scene);
                // A touch that asks for a pass and changes nothing that is wanted.
                let touch = json!({"metadata": {"annotations": {"touched": uuid::Uuid::new_v4().to_string()}}});
                let touch = Patch::Merge(touch);
                scene.api(Kind::Service).patch("shop-order-api", &PatchParams::default(), &touch).await.unwrap();
                let pass = || async { if passes(&scene) > done { Ok(()) } else { Err(format!("{done} passes")) } };
                scene.until("a pass", pass).await;
            }
            let after = rest(&scene).await;
            if before == after { Ok(()) } else { Err(format!("{before:?}, then {after:?}")) }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn a_stop_reaches_the_pods_even_when_kafka_is_gone() {
    let scene = Scene::new("suspend").await;
    scene.ready().await;
    let kafka = kube::api::Api::<kube::api::DynamicObject>::namespaced_with(
        scene.client.clone(),
        &scene.kafka_namespace,
        &order_pipeline_operator::strimzi::kafka(),
    );
    kafka.delete("kafka", &Default::default()).await.unwrap();
    scene.until_condition("KafkaReady", "False", "ClusterNotFound").await;
    let mut suspended = scene.example();
    suspended["spec"]["suspend"] = json!({"intake": "Refuse"});
    suspended["spec"]["version"] = json!("0.2.0");
    scene.apply(&suspended).await.unwrap();
    for (name, replicas) in
        [("shop-order-consumer", 0), ("shop-notifier", 0), ("shop-order-api", 0), ("shop-search-api", 1)]
    {
        scene
            .until(name, || async {
                let live = scene.api(Kind::Deployment).get(name).await.unwrap();
                let found = &live.data["spec"]["replicas"];
                if *found == replicas { Ok(()) } else { Err(found.to_string()) }
            })
            .await;
    }
    let live = scene.api(Kind::Deployment).get("shop-order-api").await.unwrap();
    let image = live.data["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap();
    assert!(image.ends_with(":0.1.0"), "a new template waits: {image}");

    scene.kafka().await;
    scene.apply(&scene.example()).await.unwrap();
    scene.until_condition("Ready", "True", "Ready").await;
}
