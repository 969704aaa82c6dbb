//! The API server goes away and comes back: nothing is made anew, nothing is said that is not so.

use kube::api::{Patch, PatchParams};
use order_pipeline_operator::controller::object::Kind;
use serde_json::json;

use crate::api_server::ControlPlane;
use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn a_killed_api_server_changes_nothing_that_runs() {
    let plane: &'static ControlPlane = Box::leak(Box::new(ControlPlane::start("outage")));
    plane.install(&["strimzi"]);
    let scene = Scene::on(plane, "outage").await;
    scene.ready().await;
    let identities = || async {
        let mut all = Vec::new();
        for kind in [Kind::Deployment, Kind::Job, Kind::Service, Kind::Secret] {
            for name in scene.names(kind).await {
                let object = scene.api(kind).get(&name).await.unwrap();
                all.push((kind, name, object.metadata.uid, object.metadata.generation));
            }
        }
        all
    };
    let before = identities().await;
    let said = scene.pipeline().await;

    tokio::task::block_in_place(|| plane.kill_server());
    tokio::task::block_in_place(|| plane.start_server());

    assert_eq!(identities().await, before);
    let edit = json!({"spec": {"replicas": 9}});
    let deployments = scene.api(Kind::Deployment);
    // Not search-api: its number is the autoscaler's.
    deployments.patch("shop-order-api", &PatchParams::default(), &Patch::Merge(edit)).await.unwrap();
    scene
        .until("the operator works again", || async {
            let live = scene.api(Kind::Deployment).get("shop-order-api").await.unwrap();
            if live.data["spec"]["replicas"] == 2 { Ok(()) } else { Err(live.data["spec"]["replicas"].to_string()) }
        })
        .await;
    let now = scene.until_condition("Ready", "True", "Ready").await;
    assert_eq!(now.status.unwrap().order_namespace, said.status.unwrap().order_namespace);
    let uids = |all: Vec<(Kind, String, Option<String>, Option<i64>)>| -> Vec<_> {
        all.into_iter().map(|(_, name, uid, _)| (name, uid)).collect()
    };
    assert_eq!(uids(identities().await), uids(before), "no object was made anew");
}
