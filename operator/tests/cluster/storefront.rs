//! The storefront: deployed last, without a secret, and told where the APIs and the operator are.

use std::sync::atomic::Ordering;

use order_pipeline_operator::controller::object::Kind;
use serde_json::json;

use crate::scene::Scene;

const NAME: &str = "shop-storefront";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn it_comes_after_the_apis_and_goes_when_it_is_no_longer_enabled() {
    let scene = Scene::new("storefront").await;
    scene.world.pods.store(false, Ordering::Relaxed);
    let mut pipeline = scene.example();
    pipeline["spec"]["storefront"] = json!({"enabled": true, "replicas": 2});
    scene.kafka().await;
    scene.apply(&pipeline).await.unwrap();
    scene
        .until("the consumer", || async {
            if scene.exists(Kind::Deployment, "shop-order-consumer").await { Ok(()) } else { Err(String::new()) }
        })
        .await;
    assert!(!scene.exists(Kind::Deployment, NAME).await);

    scene.world.pods.store(true, Ordering::Relaxed);
    let resource = scene.until_condition("Ready", "True", "Ready").await;
    let components = resource.status.unwrap().components;
    let component = components.iter().find(|one| one.name == "storefront").unwrap();
    assert_eq!((component.ready, component.desired), (2, 2));
    for kind in [Kind::Service, Kind::PodDisruptionBudget, Kind::ServiceAccount] {
        assert!(scene.exists(kind, NAME).await, "{kind:?}");
    }
    let deployment = scene.api(Kind::Deployment).get(NAME).await.unwrap();
    let pod = &deployment.data["spec"]["template"]["spec"];
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert!(pod["volumes"].is_null(), "no secret is mounted: {}", pod["volumes"]);
    let env = pod["containers"][0]["env"].as_array().unwrap();
    let value = |name: &str| env.iter().find(|one| one["name"] == name).and_then(|one| one["value"].as_str());
    assert_eq!(value("SEARCH_API_URL"), Some(format!("http://shop-search-api.{}.svc", scene.namespace).as_str()));
    let ops = format!("http://operator.test:8080/pipelines/{}/shop/scaling", scene.namespace);
    assert_eq!(value("OPS_URL"), Some(ops.as_str()));
    assert!(!env.iter().any(|one| one["name"].as_str().unwrap().starts_with("DATABASE_")), "{env:?}");

    pipeline["spec"]["storefront"]["enabled"] = json!(false);
    scene.apply(&pipeline).await.unwrap();
    scene
        .until("it is gone", || async {
            if scene.exists(Kind::Deployment, NAME).await { Err(String::new()) } else { Ok(()) }
        })
        .await;
}
