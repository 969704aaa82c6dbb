//! Strimzi may be installed after the operator and after the resource.

use order_pipeline_operator::controller::object::Kind;
use serde_json::json;

use crate::api_server::ControlPlane;
use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn it_is_a_condition_holds_up_nothing_else_and_heals_without_restart() {
    // Its control plane has no CRDs of Strimzi; it lives as long as this process.
    let plane: &'static ControlPlane = Box::leak(Box::new(ControlPlane::start("without-strimzi")));
    let scene = Scene::on(plane, "missing").await;
    scene.apply(&scene.example()).await.unwrap();
    scene.until_condition("KafkaReady", "False", "StrimziNotInstalled").await;
    assert!(scene.exists(Kind::Service, "shop-order-api").await, "what needs no Kafka is made");

    // Another resource that needs no Strimzi.
    let mut external = scene.example();
    external["metadata"]["name"] = json!("other");
    external["spec"]["kafka"] = json!({"external": {"bootstrapServers": "broker:9092"}});
    scene.apply(&external).await.unwrap();
    scene
        .until("the other is Ready", || async {
            let other = scene.pipelines().get("other").await.unwrap();
            match crate::scene::condition(&other, "Ready") {
                Some(("True", _)) => Ok(()),
                found => Err(format!("{found:?}")),
            }
        })
        .await;

    plane.install(&["strimzi"]);
    scene.kafka().await;
    scene.until_condition("Ready", "True", "Ready").await;
}
