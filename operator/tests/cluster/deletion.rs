//! Deletion goes in order: pods, then topics and users, then the resource.

use std::sync::atomic::Ordering;

use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{Api, DeleteParams, PostParams};
use order_pipeline_operator::controller::object::Kind;
use order_pipeline_operator::uninstall::{self, UninstallCheckArgs};
use serde_json::json;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn pods_before_topics_before_the_resource() {
    let scene = Scene::new("deletion").await;
    scene.ready().await;
    // A pod that takes its time to stop; no Deployment controller removes it here.
    let deployment = scene.api(Kind::Deployment).get("shop-order-consumer").await.unwrap();
    let mut pod = deployment.data["spec"]["template"].clone();
    pod["metadata"]["name"] = json!("stops-slowly");
    let pod: Pod = serde_json::from_value(pod).unwrap();
    let pods = Api::<Pod>::namespaced(scene.client.clone(), &scene.namespace);
    pods.create(&PostParams::default(), &pod).await.unwrap();

    scene.pipelines().delete("shop", &DeleteParams::default()).await.unwrap();
    scene
        .until("Deployments are gone", || async {
            let left = scene.names(Kind::Deployment).await;
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
        })
        .await;
    assert_eq!(scene.names(Kind::KafkaTopic).await.len(), 2, "the pod is still there");
    assert_eq!(scene.names(Kind::KafkaUser).await.len(), 3, "the pod is still there");

    for name in pods.list(&Default::default()).await.unwrap().iter().filter_map(|pod| pod.metadata.name.clone()) {
        // The garbage collector may be quicker.
        let _ = pods.delete(&name, &DeleteParams::default().grace_period(0)).await;
    }
    scene
        .until("the resource is gone", || async {
            let left = scene.pipelines().get_opt("shop").await.unwrap();
            left.map_or(Ok(()), |left| Err(format!("{:?}", left.metadata)))
        })
        .await;
    assert_eq!(scene.names(Kind::KafkaTopic).await, Vec::<String>::new(), "deletionPolicy is Delete");
    assert_eq!(scene.names(Kind::KafkaUser).await, Vec::<String>::new());
    assert!(scene.exists(Kind::Secret, "shop-order-namespace").await, "a re-created pipeline needs it");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn retained_topics_stay_and_a_recreated_resource_takes_them_over() {
    let scene = Scene::new("retain").await;
    scene.kafka().await;
    let mut pipeline = scene.example();
    pipeline["spec"]["kafka"]["topic"]["deletionPolicy"] = json!("Retain");
    scene.apply(&pipeline).await.unwrap();
    let first = scene.until_condition("Ready", "True", "Ready").await;
    scene.pipelines().delete("shop", &DeleteParams::default()).await.unwrap();
    scene
        .until("the resource is gone", || async {
            let pods = Api::<Pod>::namespaced(scene.client.clone(), &scene.namespace);
            for pod in pods.list(&Default::default()).await.unwrap() {
                let _ = pods.delete(&pod.metadata.name.unwrap(), &DeleteParams::default().grace_period(0)).await;
            }
            let left = scene.pipelines().get_opt("shop").await.unwrap();
            if left.is_none() { Ok(()) } else { Err(String::new()) }
        })
        .await;
    assert_eq!(scene.names(Kind::KafkaTopic).await.len(), 2);

    scene.apply(&pipeline).await.unwrap();
    let second = scene.until_condition("Ready", "True", "Ready").await;
    assert_ne!(first.metadata.uid, second.metadata.uid);
    let namespaces = [first, second].map(|pipeline| pipeline.status.unwrap().order_namespace);
    assert_eq!(namespaces[0], namespaces[1], "retries of shoppers still find their orders");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn a_namespace_with_a_pipeline_in_it_goes_even_when_kafka_is_gone() {
    let scene = Scene::new("terminating").await;
    scene.ready().await;
    scene.world.strimzi.store(false, Ordering::Relaxed);
    scene.world.jobs.store(false, Ordering::Relaxed);
    let kafka = Api::<kube::api::DynamicObject>::namespaced_with(
        scene.client.clone(),
        &scene.kafka_namespace,
        &order_pipeline_operator::strimzi::kafka(),
    );
    kafka.delete("kafka", &DeleteParams::default()).await.unwrap();
    // No topic operator runs any more: without its finalizer the topics can go at once.
    scene.world.strimzi.store(true, Ordering::Relaxed);
    let namespaces = Api::<Namespace>::all(scene.client.clone());
    namespaces.delete(&scene.namespace, &DeleteParams::default()).await.unwrap();
    scene
        .until("the namespace is gone", || async {
            match namespaces.get_opt(&scene.namespace).await.unwrap() {
                None => Ok(()),
                Some(namespace) => Err(format!("{:?}", namespace.status)),
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn the_chart_is_not_uninstalled_under_a_resource() {
    let scene = Scene::new("uninstall").await;
    let check = |force: bool| {
        let args = UninstallCheckArgs { watch_namespaces: vec![scene.namespace.clone()], force };
        let client = scene.operator_client.clone();
        async move { uninstall::check(client, &args).await }
    };
    check(false).await.unwrap();
    scene.apply(&scene.example()).await.unwrap();
    let refusal = check(false).await.unwrap_err().to_string();
    assert!(refusal.contains(&format!("{}/shop", scene.namespace)), "{refusal}");
    check(true).await.unwrap();
}
