//! Of two operators one works, and the other takes over.

use std::time::Duration;

use order_pipeline_operator::config::LeaseArgs;
use order_pipeline_operator::leader::Leader;
use tokio_util::sync::CancellationToken;

use crate::scene::{PATIENCE, Scene};

fn args(scene: &Scene, pod: &str) -> LeaseArgs {
    LeaseArgs {
        lease_name: "order-pipeline-operator".into(),
        lease_namespace: scene.namespace.clone(),
        pod_name: pod.into(),
        // Long enough for a busy machine to renew in.
        lease_duration: Duration::from_secs(15),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn the_second_waits_takes_over_and_the_first_notices() {
    let scene = Scene::new("leader").await;
    let never = CancellationToken::new();
    let mut first = Leader::new(scene.operator_client.clone(), &args(&scene, "first"));
    let mut second = Leader::new(scene.operator_client.clone(), &args(&scene, "second"));
    assert!(first.acquire(&never).await);

    {
        let keep = first.keep();
        tokio::pin!(keep);
        let wait = tokio::time::timeout(Duration::from_secs(20), second.acquire(&never));
        tokio::select! {
            lost = &mut keep => panic!("{lost}"),
            waited = wait => assert!(waited.is_err(), "the second must not work while the first renews"),
        }
    }
    // The first is frozen: its Lease runs out, the second works, and the first learns that it has lost.
    let taken = tokio::time::timeout(PATIENCE, second.acquire(&never)).await;
    assert_eq!(taken, Ok(true));
    tokio::time::timeout(PATIENCE, first.keep()).await.expect("the first gives up");

    // A released Lease is taken at once.
    second.release().await;
    let mut third = Leader::new(scene.operator_client.clone(), &args(&scene, "third"));
    let taken = tokio::time::timeout(PATIENCE, third.acquire(&never)).await;
    assert_eq!(taken, Ok(true));
}
