//! Two operators as processes: one works, a frozen one is replaced and does no harm when it wakes, a stopped one lets go.

use std::path::Path;
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease;
use kube::ResourceExt;
use kube::api::Api;
use local_servers::{Process, Recipe};

use crate::scene::{PATIENCE, Scene, condition};

fn start(scene: &Scene, name: &str) -> Process {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}.log", scene.namespace));
    let recipe = Recipe::new(name, env!("CARGO_BIN_EXE_order-pipeline-operator"), log)
        .arg("run")
        .env("KUBECONFIG", scene.plane.kubeconfig())
        .env("WATCH_NAMESPACES", &scene.namespace)
        .env("POD_NAMESPACE", &scene.namespace)
        .env("POD_NAME", name)
        // Long enough for a busy machine to renew in.
        .env("LEASE_DURATION", "15s")
        .env("ADMIN_ADDR", "127.0.0.1:0")
        .env("HTTP_ADDR", "127.0.0.1:0");
    Process::start(recipe).unwrap()
}

async fn until_holder(scene: &Scene, name: &str) {
    let leases = Api::<Lease>::namespaced(scene.client.clone(), &scene.namespace);
    scene
        .until(&format!("{name:?} holds the Lease"), || async {
            let lease = leases.get_opt("order-pipeline-operator").await.unwrap();
            let holder = lease.and_then(|lease| lease.spec?.holder_identity).unwrap_or_default();
            if holder.split('_').next() == Some(name) { Ok(()) } else { Err(holder) }
        })
        .await;
}

/// Waits for the end of a process without holding up the runtime.
async fn end(process: &mut Process) -> std::process::ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(status) = process.wait(Duration::ZERO).unwrap() {
            return status;
        }
        assert!(started.elapsed() < PATIENCE, "it does not end; see {}", process.log().display());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs kube: cargo xtask test --integration"]
async fn a_frozen_operator_is_replaced_and_ends_when_it_wakes() {
    let scene = Scene::without_operator("processes").await;
    scene.kafka().await;
    let mut first = start(&scene, "first");
    until_holder(&scene, "first").await;
    let mut second = start(&scene, "second");
    scene.apply(&scene.example()).await.unwrap();
    scene.until_condition("Ready", "True", "Ready").await;

    first.freeze().unwrap();
    until_holder(&scene, "second").await;
    let mut changed = scene.example();
    changed["spec"]["orders"]["replicas"] = 3.into();
    scene.apply(&changed).await.unwrap();
    let ready = scene.until_condition("Ready", "True", "Ready").await;
    assert_eq!(ready.status.unwrap().components[2].desired, 3);

    first.thaw().unwrap();
    assert_eq!(end(&mut first).await.code(), Some(1), "it has lost the Lease and must not go on");
    until_holder(&scene, "second").await;
    let pipeline = scene.pipeline().await;
    assert_eq!(condition(&pipeline, "Ready"), Some(("True", "Ready")), "{}", pipeline.name_any());

    let stopped = tokio::task::block_in_place(|| second.stop(Duration::from_secs(60))).unwrap();
    assert_eq!(stopped.code(), Some(0), "SIGTERM is a clean stop");
    until_holder(&scene, "").await;
}
