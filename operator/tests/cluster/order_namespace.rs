//! The order namespace is made once; when it is lost, a person decides.

use kube::api::{Patch, PatchParams};
use order_pipeline_operator::controller::names::NEW_ORDER_NAMESPACE;
use order_pipeline_operator::controller::object::Kind;
use serde_json::json;

use crate::scene::{Scene, condition};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn a_lost_one_stalls_until_it_is_restored_or_given_up() {
    let scene = Scene::new("namespace").await;
    let pipeline = scene.ready().await;
    let hash = pipeline.status.unwrap().order_namespace.unwrap();
    let kept = scene.api(Kind::Secret).get("shop-order-namespace").await.unwrap();
    assert!(kept.metadata.owner_references.is_none());

    scene.delete(Kind::Secret, "shop-order-namespace").await;
    let pipeline = scene.until_condition("Stalled", "True", "OrderNamespaceLost").await;
    assert_eq!(condition(&pipeline, "Reconciling"), Some(("False", "Settled")));
    assert!(!scene.exists(Kind::Secret, "shop-order-namespace").await, "nothing is made anew");
    assert_eq!(scene.api(Kind::Deployment).get("shop-order-api").await.unwrap().data["spec"]["replicas"], 2);

    let mut other = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop-order-namespace"}});
    other["stringData"] = json!({"namespace": uuid::Uuid::new_v4().to_string()});
    let force = PatchParams::apply("person").force();
    scene.api(Kind::Secret).patch("shop-order-namespace", &force, &Patch::Apply(&other)).await.unwrap();
    scene
        .until("a wrong one is not taken", || async {
            let pipeline = scene.pipeline().await;
            let conditions = pipeline.status.unwrap().conditions;
            let stalled = conditions.iter().find(|one| one.type_ == "Stalled").unwrap();
            if stalled.message.contains("not the one") { Ok(()) } else { Err(stalled.message.clone()) }
        })
        .await;

    other["stringData"] = json!(null);
    other["data"] = kept.data["data"].clone();
    scene.api(Kind::Secret).patch("shop-order-namespace", &force, &Patch::Apply(&other)).await.unwrap();
    let pipeline = scene.until_condition("Ready", "True", "Ready").await;
    assert_eq!(pipeline.status.unwrap().order_namespace.as_ref(), Some(&hash));

    scene.delete(Kind::Secret, "shop-order-namespace").await;
    scene.until_condition("Stalled", "True", "OrderNamespaceLost").await;
    let consent = json!({"metadata": {"annotations": {NEW_ORDER_NAMESPACE: "I know"}}});
    scene.pipelines().patch("shop", &PatchParams::default(), &Patch::Merge(consent)).await.unwrap();
    let pipeline = scene.until_condition("Ready", "True", "Ready").await;
    assert_ne!(pipeline.status.unwrap().order_namespace, Some(hash));
    scene
        .until("the consent was for one time", || async {
            let annotations = scene.pipeline().await.metadata.annotations.unwrap_or_default();
            if annotations.contains_key(NEW_ORDER_NAMESPACE) { Err(String::new()) } else { Ok(()) }
        })
        .await;
}
