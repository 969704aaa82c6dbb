//! The chart grants the operator no more than a full life of a resource uses, as the API server's audit log has it.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams};
use order_pipeline_operator::controller::object::Kind;
use serde::Deserialize;
use serde_json::Value;

use crate::chart;
use crate::scene::Scene;

/// `group/resource verb`.
type Rights = BTreeSet<String>;

/// What the audit log cannot show as used.
const UNSEEN: [&str; 2] = [
    // Asked for beside patch when an applied object is new.
    " create",
    // Asked for by the admission plugin OwnerReferencesPermissionEnforcement, where it is on.
    "orderpipelines/finalizers update",
];

fn granted(namespace: &str, kafka_namespace: &str) -> Rights {
    let values = format!("watchNamespaces={{{namespace}}},kafkaNamespaces={{{kafka_namespace}}},crds.install=false");
    let yaml = chart::render(&["-n", namespace, "--set", &values]).unwrap();
    let mut rights = Rights::new();
    for document in serde_yaml::Deserializer::from_str(&yaml) {
        let object = Value::deserialize(document).unwrap();
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        // Those for people, and the Lease, which another test uses.
        if name.ends_with("-view") || name.ends_with("-edit") || name.ends_with("-lease") {
            continue;
        }
        for rule in object["rules"].as_array().into_iter().flatten() {
            let list = |field: &str| -> Vec<String> {
                rule[field].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
            };
            for group in list("apiGroups") {
                for resource in list("resources") {
                    rights.extend(list("verbs").iter().map(|verb| format!("{group}/{resource} {verb}")));
                }
            }
        }
    }
    rights
}

fn used(scene: &Scene) -> Rights {
    let operator = format!("system:serviceaccount:{}:release-order-pipeline", scene.namespace);
    let log = std::fs::read_to_string(scene.plane.audit_log()).unwrap();
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ours = events.filter(|event| event["impersonatedUser"]["username"] == operator.as_str());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    ours.map(|event| {
        let object = &event["objectRef"];
        let sub = object["subresource"].as_str().map(|sub| format!("/{sub}")).unwrap_or_default();
        format!("{}/{}{sub} {}", text(&object["apiGroup"]), text(&object["resource"]), text(&event["verb"]))
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube and helm: cargo xtask test --integration"]
async fn the_chart_grants_what_is_used_and_nothing_else() {
    let scene = Scene::new("rights").await;
    scene.ready().await;
    let mut without_mail = scene.example();
    without_mail["spec"].as_object_mut().unwrap().remove("notifications");
    scene.apply(&without_mail).await.unwrap();
    scene
        .until("the notifier is gone", || async {
            if scene.exists(Kind::Deployment, "shop-notifier").await { Err(String::new()) } else { Ok(()) }
        })
        .await;
    scene.pipelines().delete("shop", &DeleteParams::default()).await.unwrap();
    scene
        .until("the resource is gone", || async {
            let pods = Api::<Pod>::namespaced(scene.client.clone(), &scene.namespace);
            for pod in pods.list(&Default::default()).await.unwrap() {
                let _ = pods.delete(&pod.metadata.name.unwrap(), &DeleteParams::default().grace_period(0)).await;
            }
            let left = scene.pipelines().get_opt("shop").await.unwrap();
            left.map_or(Ok(()), |left| Err(format!("{:?}", left.metadata)))
        })
        .await;

    let granted = granted(&scene.namespace, &scene.kafka_namespace);
    let used = used(&scene);
    let unused: Vec<_> = granted
        .difference(&used)
        .filter(|right| !UNSEEN.iter().any(|unseen| right.ends_with(unseen)))
        // An event is patched only when it comes again.
        .filter(|right| *right != "events.k8s.io/events patch")
        .collect();
    assert!(unused.is_empty(), "granted and not used: {unused:#?}\nused: {used:#?}");
    let denied: Vec<_> = used.difference(&granted).collect();
    assert!(denied.is_empty(), "asked for and not granted: {denied:#?}");
}
