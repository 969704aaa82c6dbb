//! What a rollout makes, in which order, and what it leaves alone.

use std::collections::BTreeMap;

use order_pipeline_operator::controller::component::Component;
use order_pipeline_operator::controller::object::{Kind, Object};
use order_pipeline_operator::controller::observe::{Observed, ObservedKafka, ObservedPod};
use order_pipeline_operator::controller::plan::Plan;
use serde_json::{Value, json};

use crate::scene::{example, fresh, plan_of, secret, settle, settled, with_kafka};

fn names(plan: &Plan) -> Vec<String> {
    plan.apply.iter().map(|object| format!("{:?} {}/{}", object.kind, object.namespace(), object.name())).collect()
}

fn yaml(plan: &Plan, kinds: &[Kind]) -> String {
    // Hashes of the migrations and of templates that hold them change with every migration.
    let objects = plan.apply.iter().filter(|object| kinds.contains(&object.kind));
    let text: Vec<_> = objects.map(|object| serde_yaml::to_string(&object.body).unwrap()).collect();
    text.join("---\n")
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({filters => vec![(r"migrate-[0-9a-f]{8}-", "migrate-HASH-"), (r"(dev/migration: '?)[0-9a-f]{8}'?", "${1}HASH"), (r":0\.1\.0", ":VERSION"), (r"template-hash: .*", "template-hash: HASH")]}, {
        insta::assert_snapshot!(name.to_owned(), text);
    });
}

#[test]
fn first_pass_makes_topics_users_and_the_order_namespace_but_no_pods() {
    let plan = plan_of(&example(), &fresh());
    assert_eq!(plan.create.as_ref().unwrap().name(), "shop-order-namespace");
    insta::assert_yaml_snapshot!("first_pass", names(&plan));
    snapshot("kafka", &yaml(&plan, &[Kind::KafkaTopic, Kind::KafkaUser]));
}

#[test]
fn stages_open_one_after_the_other() {
    let pipeline = example();
    let mut observed = with_kafka();
    let deployments = |plan: &Plan| -> Vec<String> {
        let all = plan.apply.iter().filter(|object| matches!(object.kind, Kind::Deployment | Kind::Job));
        all.map(|object| object.name().to_owned()).collect()
    };
    let first = plan_of(&pipeline, &observed);
    assert!(deployments(&first).iter().all(|name| name.starts_with("shop-migrate-")), "{:?}", deployments(&first));
    assert_eq!(first.held.len(), 5);
    settle(&mut observed, &first);

    let second = plan_of(&pipeline, &observed);
    assert_eq!(deployments(&second), ["shop-order-consumer"]);
    settle(&mut observed, &second);

    let third = plan_of(&pipeline, &observed);
    assert_eq!(deployments(&third), ["shop-order-consumer", "shop-search-api", "shop-order-api", "shop-notifier"]);
    settle(&mut observed, &third);

    let third = plan_of(&pipeline, &observed);
    assert_eq!(deployments(&third).last().unwrap(), "shop-storefront");
    assert!(third.held.is_empty() && third.prune.is_empty());
    snapshot("job", &yaml(&first, &[Kind::Job]));
    snapshot("deployments", &yaml(&third, &[Kind::Deployment]));
    let rest = [Kind::Secret, Kind::Service, Kind::ServiceAccount, Kind::PodDisruptionBudget];
    snapshot("rest", &yaml(&third, &rest));

    settle(&mut observed, &third);
    let again = plan_of(&pipeline, &observed);
    let changes: Vec<_> = again
        .apply
        .iter()
        .filter(|object| !matches!(object.kind, Kind::KafkaTopic | Kind::KafkaUser))
        .filter(|object| !observed.live(object).is_some_and(|live| live.satisfies(object)))
        .map(Object::name)
        .collect();
    assert_eq!(changes, Vec::<&str>::new(), "a plan that was applied changes nothing");
}

#[test]
fn what_runs_is_neither_rolled_nor_stopped_by_a_closed_gate() {
    let pipeline = example();
    let mut observed = settled(&pipeline);
    observed.kafka = ObservedKafka::default();
    // The copies stay known.
    for child in observed.children.iter().filter(|child| child.kind == Kind::Secret) {
        let data: BTreeMap<String, k8s_openapi::ByteString> =
            serde_json::from_value(child.body["data"].clone()).unwrap();
        observed.secrets.insert(child.name().into(), data.into_iter().map(|(key, value)| (key, value.0)).collect());
    }
    let plan = plan_of(&pipeline, &observed);
    assert!(plan.prune.is_empty(), "{:?}", plan.prune);

    // A new template waits; the number of pods does not.
    let mut changed = pipeline.clone();
    changed.spec.version = Some("0.2.0".into());
    let plan = plan_of(&changed, &observed);
    assert!(plan.apply.iter().all(|object| object.kind != Kind::Deployment && object.kind != Kind::Job));
    assert!(plan.prune.iter().all(|(kind, _)| *kind == Kind::Job), "{:?}", plan.prune);
}

#[test]
fn a_migration_whose_pod_cannot_start_is_replaced_when_what_was_wrong_is_mended() {
    let mut pipeline = example();
    let mut observed = with_kafka();
    let migrations = |plan: &Plan| -> Vec<String> {
        let jobs = plan.apply.iter().filter(|object| object.kind == Kind::Job);
        jobs.map(|object| object.name().to_owned()).collect()
    };
    let mut job = plan_of(&pipeline, &observed).apply.into_iter().find(|object| object.kind == Kind::Job).unwrap();
    let first = job.name().to_owned();
    job.body["status"] = Value::Null;
    observed.children.push(job);
    let trouble = Some("ImagePullBackOff: no pull access".to_owned());
    observed.pods = vec![ObservedPod { job: Some(first.clone()), trouble, ..ObservedPod::default() }];
    let plan = plan_of(&pipeline, &observed);
    assert_eq!((migrations(&plan), plan.prune), (vec![], vec![]), "it may start yet");

    pipeline.spec.images.pull_secrets = vec![serde_json::from_value(json!({"name": "registry"})).unwrap()];
    let plan = plan_of(&pipeline, &observed);
    assert_eq!(migrations(&plan), [first.replace("-1", "-2")]);
    assert_eq!(plan.prune, [(Kind::Job, first.clone())]);

    observed.pods[0].trouble = None;
    let plan = plan_of(&pipeline, &observed);
    assert_eq!((migrations(&plan), plan.prune), (vec![], vec![]), "one that works is left alone");
}

#[test]
fn suspend_stops_the_work_while_a_gate_is_closed() {
    let mut pipeline = example();
    let mut observed = settled(&pipeline);
    observed.secrets.remove("shop-admin");
    pipeline.spec.suspend = Some(pipeline_api::Suspend { intake: pipeline_api::Intake::Queue });
    let plan = plan_of(&pipeline, &observed);
    let replicas = |name: &str| {
        let object = plan.apply.iter().find(|object| object.kind == Kind::Deployment && object.name() == name);
        object.map(|object| object.body["spec"]["replicas"].as_i64().unwrap())
    };
    assert_eq!(replicas("shop-order-consumer"), Some(0));
    assert_eq!(replicas("shop-notifier"), Some(0));
    assert_eq!(replicas("shop-order-api"), Some(2));

    // Without a way to Kafka there is no template to apply, but still a number.
    observed.kafka = ObservedKafka::default();
    let plan = plan_of(&pipeline, &observed);
    assert_eq!(plan.scale, [("shop-order-consumer".to_owned(), 0)]);
}

#[test]
fn a_changed_kafka_password_rolls_and_a_changed_database_password_does_not() {
    let pipeline = example();
    let observed = settled(&pipeline);
    let template = |observed: &Observed, name: &str| {
        let plan = plan_of(&pipeline, observed);
        let object = plan.apply.into_iter().find(|object| object.kind == Kind::Deployment && object.name() == name);
        object.unwrap().body["spec"]["template"].clone()
    };
    let mut database = observed.clone();
    database.secrets.insert("shop-database".into(), secret(&[("username", "shop"), ("password", "new")]));
    assert_eq!(template(&database, "shop-order-api"), template(&observed, "shop-order-api"));

    let mut kafka = observed.clone();
    kafka.kafka.users.get_mut(&Component::OrderConsumer).unwrap().secret = Some(secret(&[("password", "new")]));
    assert_ne!(template(&kafka, "shop-order-consumer"), template(&observed, "shop-order-consumer"));
}
