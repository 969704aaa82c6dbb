//! A HorizontalPodAutoscaler takes a Deployment's number over without a moment in which nobody keeps it.

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Api, Patch, PatchParams};
use order_pipeline_operator::MANAGER;
use order_pipeline_operator::controller::object::Kind;
use serde_json::{Value, json};

use crate::scene::Scene;

const NAME: &str = "shop-order-api";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn the_number_is_handed_over_once_the_autoscaler_has_written_it() {
    let scene = Scene::new("autoscaling").await;
    scene.ready().await;
    let deployments = Api::<Deployment>::namespaced(scene.client.clone(), &scene.namespace);
    let replicas = || async { deployments.get(NAME).await.unwrap().spec.unwrap().replicas.unwrap() };
    assert_eq!(replicas().await, 2, "by number first");

    let mut pipeline = scene.example();
    let orders = pipeline["spec"]["orders"].as_object_mut().unwrap();
    orders.remove("replicas");
    orders.insert("autoscaling".into(), json!({"min": 1, "max": 5, "cpuPercent": 60}));
    scene.apply(&pipeline).await.unwrap();
    let autoscaler = scene
        .until("the autoscaler", || async {
            scene.api(Kind::HorizontalPodAutoscaler).get_opt(NAME).await.unwrap().ok_or_else(String::new)
        })
        .await;
    assert_eq!(autoscaler.data["spec"]["minReplicas"], 1);
    assert_eq!(autoscaler.data["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"], 60);
    scene.until_condition("AutoscalersActive", "Unknown", "NotLookedYet").await;
    assert_eq!(replicas().await, 2, "what runs is kept until the autoscaler says otherwise");

    // More pods that there may be mean smaller pools: until that is rolled out a pass may write what it saw before.
    scene.until_condition("Ready", "True", "Ready").await;

    // As its controller does it.
    let params = PatchParams { field_manager: Some("kube-controller-manager".into()), ..PatchParams::default() };
    let scale = Patch::Merge(json!({"spec": {"replicas": 4}}));
    deployments.patch_scale(NAME, &params, &scale).await.unwrap();
    pipeline["spec"]["orders"]["podTemplate"] = json!({"spec": {"env": [{"name": "RUST_LOG", "value": "debug"}]}});
    scene.apply(&pipeline).await.unwrap();
    let deployment = scene
        .until("the new template, and the autoscaler's number", || async {
            let deployment = deployments.get(NAME).await.unwrap();
            let spec = deployment.spec.clone().unwrap();
            if spec.replicas != Some(4) {
                // A pass that had begun before; the autoscaler writes its number again every 15 s.
                deployments.patch_scale(NAME, &params, &scale).await.unwrap();
            }
            let text = serde_json::to_string(&spec).unwrap();
            if text.contains("RUST_LOG") && spec.replicas == Some(4) { Ok(deployment) } else { Err(text) }
        })
        .await;
    let owned = owned_by_operator(&deployment);
    assert_eq!(deployment.spec.unwrap().replicas, Some(4), "the autoscaler's number stays");
    assert!(owned["f:spec"].get("f:template").is_some() && owned["f:spec"].get("f:replicas").is_none(), "{owned}");

    // And back by number.
    scene.apply(&scene.example()).await.unwrap();
    scene
        .until("two again, and no autoscaler", || async {
            let gone = !scene.exists(Kind::HorizontalPodAutoscaler, NAME).await;
            let now = replicas().await;
            if gone && now == 2 { Ok(()) } else { Err(format!("{now} replicas, autoscaler gone: {gone}")) }
        })
        .await;
}

/// The fields that the operator's apply owns.
fn owned_by_operator(deployment: &Deployment) -> Value {
    let fields = deployment.metadata.managed_fields.as_deref().unwrap_or_default();
    let ours = fields.iter().filter(|entry| entry.manager.as_deref() == Some(MANAGER));
    let ours: Vec<_> = ours.filter(|entry| entry.operation.as_deref() == Some("Apply")).collect();
    assert_eq!(ours.len(), 1);
    serde_json::to_value(&ours[0].fields_v1).unwrap()
}
