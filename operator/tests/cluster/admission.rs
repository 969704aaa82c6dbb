//! Invalid resources are refused by the API server, with the name of the field.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn refusals_name_the_field() {
    let scene = Scene::new("admission").await;
    let cases: [(&str, Value, &str); 17] = [
        ("/spec/kafka/external", json!({"bootstrapServers": "broker:9092"}), "spec.kafka: exactly one of"),
        ("/spec/kafka/topic/partitions", json!(0), "spec.kafka.topic.partitions"),
        ("/spec/kafka/topic/retainProcessed", json!("30m"), "spec.kafka.topic.retainProcessed"),
        ("/spec/kafka/strimzi/authentication", json!("plain"), "spec.kafka.strimzi.authentication"),
        ("/spec/kafka/strimzi/cluster", json!("../secrets"), "spec.kafka.strimzi.cluster"),
        ("/spec/database/host", json!(""), "spec.database.host"),
        ("/spec/database/credentialsSecretRef/name", json!("Shop"), "spec.database.credentialsSecretRef.name"),
        ("/spec/database/port", json!(70000), "spec.database.port"),
        ("/spec/database/maxConnections", json!(1), "spec.database.maxConnections"),
        ("/spec/access/trustedProxies", json!(["10.0.0.1"]), "spec.access.trustedProxies"),
        ("/spec/search/replicas", json!(2), "spec.search: only one of"),
        ("/spec/orders/replicas", json!(-1), "spec.orders.replicas"),
        ("/spec/consumer/replicas", json!("3"), "spec.consumer.replicas"),
        ("/spec/consumer/scaling/targets/maxOrderAge", json!("soon"), "spec.consumer.scaling.targets.maxOrderAge"),
        ("/spec/consumer/scaling/minReplicas", json!(7), "spec.consumer.scaling.minReplicas"),
        ("/spec/notifications/smtp/from", json!("nobody"), "spec.notifications.smtp.from"),
        ("/metadata/name", json!("shop-with-a-name-that-is-far-too-long-for-it"), "metadata.name must be"),
    ];
    for (pointer, value, message) in cases {
        let mut pipeline = scene.example();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        pipeline.pointer_mut(parent).unwrap()[field] = value;
        let error = scene.apply(&pipeline).await.expect_err(pointer).to_string();
        assert!(error.contains(message), "{pointer}: {error}");
    }
    let strict = PatchParams::apply("test").validation_strict();
    let mut misspelt = scene.example();
    misspelt["spec"]["databse"] = json!({});
    let error = scene.pipelines().patch("shop", &strict, &Patch::Apply(&misspelt)).await.unwrap_err().to_string();
    assert!(error.contains("databse"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn what_cannot_change_does_not() {
    let scene = Scene::new("immutable").await;
    scene.apply(&scene.example()).await.unwrap();
    for (field, value, message) in [
        ("partitions", json!(6), "spec.kafka.topic.partitions can only grow"),
        ("name", json!("other"), "spec.kafka.topic.name cannot change"),
    ] {
        let mut changed = scene.example();
        changed["spec"]["kafka"]["topic"][field] = value;
        let error = scene.apply(&changed).await.unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let scaled = scene.plane.kubectl(&["-n", &scene.namespace, "scale", "opl/shop", "--replicas=3"]);
    assert!(scaled.is_ok(), "{scaled:?}");
    assert_eq!(scene.pipeline().await.spec.consumer.replicas, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn what_only_the_api_server_can_judge_stalls_with_its_words() {
    let scene = Scene::new("invalid").await;
    scene.ready().await;
    let mut pipeline = scene.example();
    pipeline["spec"]["orders"]["podTemplate"] = json!({"metadata": {"labels": {"team": "not a label!"}}});
    scene.apply(&pipeline).await.unwrap();
    let stalled = scene.until_condition("Stalled", "True", "InvalidSpec").await;
    let conditions = stalled.status.unwrap().conditions;
    let message = &conditions.iter().find(|one| one.type_ == "Stalled").unwrap().message;
    assert!(message.contains("shop-order-api") && message.contains("not a label!"), "{message}");

    pipeline["spec"]["orders"]["podTemplate"] = json!({"spec": {"env": [{"name": "KAFKA_TOPIC", "value": "x"}]}});
    scene.apply(&pipeline).await.unwrap();
    let stalled = scene.until_condition("Stalled", "True", "InvalidSpec").await;
    let conditions = stalled.status.unwrap().conditions;
    let message = &conditions.iter().find(|one| one.type_ == "Stalled").unwrap().message;
    assert!(message.contains("spec.orders.podTemplate.spec.env: KAFKA_TOPIC"), "{message}");

    scene.apply(&scene.example()).await.unwrap();
    scene.until_condition("Ready", "True", "Ready").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn the_examples_are_accepted() {
    let scene = Scene::new("examples").await;
    for file in std::fs::read_dir(crate::api_server::root().join("examples")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let mut example: Value = serde_yaml::from_str(&text).unwrap();
        example["metadata"]["namespace"] = json!(scene.namespace);
        let name = example["metadata"]["name"].as_str().unwrap().to_owned();
        let strict = PatchParams::apply("test").validation_strict();
        scene.pipelines().patch(&name, &strict, &Patch::Apply(&example)).await.unwrap();
    }
}
