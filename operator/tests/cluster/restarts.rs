//! Killed at any point, the operator leaves nothing half done that the next one does not finish.

use std::time::Duration;

use order_pipeline_operator::controller::object::Kind;
use tokio_util::sync::CancellationToken;

use crate::scene::{Scene, condition};

const KINDS: [Kind; 8] = [
    Kind::ServiceAccount,
    Kind::Secret,
    Kind::Service,
    Kind::PodDisruptionBudget,
    Kind::Deployment,
    Kind::Job,
    Kind::KafkaTopic,
    Kind::KafkaUser,
];

async fn inventory(scene: &Scene) -> Vec<String> {
    let mut all = Vec::new();
    for kind in KINDS {
        let names = scene.names(kind).await.into_iter();
        all.extend(names.map(|name| format!("{kind:?} {}", name.replace(&scene.namespace, "NS"))));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn an_operator_that_is_killed_again_and_again_gets_there_too() {
    let quiet = Scene::new("quiet").await;
    quiet.ready().await;
    let expected = inventory(&quiet).await;

    let scene = Scene::without_operator("restarts").await;
    scene.kafka().await;
    scene.apply(&scene.example()).await.unwrap();
    let mut lives = 0;
    loop {
        // Dropped in the middle of whatever it does, at another point each time. Its watches end with `stop`.
        let stop = CancellationToken::new();
        let life = Duration::from_millis(300 + 37 * lives);
        let ended = tokio::time::timeout(life, scene.operator(stop.clone())).await;
        assert!(ended.is_err(), "it ends by nothing but the kill");
        stop.cancel();
        let pipeline = scene.pipeline().await;
        if condition(&pipeline, "Ready") == Some(("True", "Ready")) {
            break;
        }
        lives += 1;
        assert!(lives < 150, "{:#?}", pipeline.status);
    }
    assert!(lives > 2, "it was killed in the middle: {lives} lives");
    assert_eq!(inventory(&scene).await, expected, "no object more, none less, none made twice");
}
