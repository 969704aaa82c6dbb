//! Missing Secrets heal by watch, and changed credentials reach the pods.

use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, DeleteParams};
use order_pipeline_operator::controller::names::INPUTS_HASH;
use order_pipeline_operator::controller::object::Kind;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn a_missing_secret_is_named_and_heals_when_it_appears() {
    let scene = Scene::new("secret").await;
    scene.delete(Kind::Secret, "shop-database").await;
    scene.kafka().await;
    scene.apply(&scene.example()).await.unwrap();
    let pipeline = scene.until_condition("DatabaseReady", "False", "SecretNotFound").await;
    let conditions = pipeline.status.unwrap().conditions;
    let ready = conditions.iter().find(|one| one.type_ == "DatabaseReady").unwrap();
    assert!(ready.message.contains("spec.database.credentialsSecretRef"), "{}", ready.message);
    assert!(ready.message.contains("shop-database"), "{}", ready.message);

    scene.secret("shop-database", &[("username", "shop")]).await;
    let pipeline = scene.until_condition("DatabaseReady", "False", "SecretKeyMissing").await;
    let conditions = pipeline.status.unwrap().conditions;
    let ready = conditions.iter().find(|one| one.type_ == "DatabaseReady").unwrap();
    assert!(ready.message.contains("password"), "{}", ready.message);

    scene.secret("shop-database", &[("username", "shop"), ("password", "p")]).await;
    scene.until_condition("Ready", "True", "Ready").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn a_new_kafka_password_rolls_its_component_only() {
    let scene = Scene::new("password").await;
    scene.ready().await;
    let hash = |name: &'static str| {
        let api = scene.api(Kind::Deployment);
        async move {
            let live = api.get(name).await.unwrap();
            live.data["spec"]["template"]["metadata"]["annotations"][INPUTS_HASH].as_str().unwrap().to_owned()
        }
    };
    let (consumer, api) = (hash("shop-order-consumer").await, hash("shop-order-api").await);
    // Strimzi makes a deleted Secret anew with another password, and its KafkaUser does not change.
    let secrets = Api::<Secret>::namespaced(scene.client.clone(), &scene.kafka_namespace);
    let name = format!("{}-shop-order-consumer", scene.namespace);
    let mut secret = secrets.get(&name).await.unwrap();
    let password = k8s_openapi::ByteString(b"another".to_vec());
    secret.data.as_mut().unwrap().insert("password".into(), password);
    secrets.replace(&name, &Default::default(), &secret).await.unwrap();
    scene
        .until("the consumer rolls", || async {
            if hash("shop-order-consumer").await == consumer { Err(String::new()) } else { Ok(()) }
        })
        .await;
    assert_eq!(hash("shop-order-api").await, api);
    let own = Api::<Secret>::namespaced(scene.client.clone(), &scene.namespace);
    let copy = own.get("shop-order-consumer-kafka").await.unwrap().data.unwrap();
    assert_eq!(copy.keys().collect::<Vec<_>>(), ["password"], "a copy holds only what is used");
    own.delete("shop-admin", &DeleteParams::default()).await.unwrap();
    scene.until_condition("Ready", "False", "SecretNotFound").await;
}
