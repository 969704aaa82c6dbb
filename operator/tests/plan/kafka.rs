//! Kafka: what is written there, and how pods reach it.

use std::collections::BTreeMap;

use order_pipeline_operator::controller::component::Component;
use order_pipeline_operator::controller::object::Kind;
use order_pipeline_operator::controller::observe::{Lookup, Observed, ObservedKafka};
use order_pipeline_operator::controller::validate;
use pipeline_api::OrderPipeline;
use serde_json::json;

use crate::scene::{example, fresh, plan_of, ready, secret, settings, settle, with_kafka};

#[test]
fn the_orders_topic_grows_after_the_dead_letters() {
    let mut pipeline = example();
    pipeline.spec.kafka.topic.partitions = 24;
    let partitions = |observed: &Observed| -> Vec<i64> {
        let plan = plan_of(&pipeline, observed);
        let topics = plan.apply.iter().filter(|object| object.kind == Kind::KafkaTopic);
        topics.map(|object| object.body["spec"]["partitions"].as_i64().unwrap()).collect()
    };
    let mut observed = with_kafka();
    assert_eq!(partitions(&observed), [24, 12]);
    observed.kafka.dead_letter_topic = ready("orders-shop-dlt", json!({"partitions": 24}), json!({}));
    assert_eq!(partitions(&observed), [24, 24]);
}

#[test]
fn a_kept_topic_with_more_partitions_is_not_made_smaller() {
    let mut observed = with_kafka();
    observed.kafka.topic = ready("orders-shop", json!({"partitions": 24}), json!({"topicId": "id"}));
    let plan = plan_of(&example(), &observed);
    let topics = plan.apply.iter().filter(|object| object.kind == Kind::KafkaTopic);
    let partitions: Vec<_> = topics.map(|object| object.body["spec"]["partitions"].as_i64().unwrap()).collect();
    assert_eq!(partitions, [24, 24], "and a dead letter finds its partition");
    let kafka = validate::validate(&example(), &observed, &settings()).kafka;
    assert_eq!(kafka.status.unwrap().partitions, 24);
    assert!(kafka.finding.message.contains("keeps its 24 partitions"), "{}", kafka.finding.message);
}

#[test]
fn without_consent_nothing_is_written_into_kafkas_namespace() {
    let mut observed = with_kafka();
    let Lookup::Found(cluster) = &mut observed.kafka.cluster else { unreachable!() };
    cluster.metadata.annotations = None;
    let valid = validate::validate(&example(), &observed, &settings());
    assert_eq!(valid.kafka.finding.reason, "KafkaAccessDenied");
    let plan = plan_of(&example(), &observed);
    assert!(plan.apply.iter().all(|object| object.namespace() == "orders"));
}

/// What a container is told of Kafka, and which files it gets.
fn kafka_of(pipeline: &OrderPipeline, observed: &Observed) -> Vec<String> {
    let settings = settings();
    let valid = validate::validate(pipeline, observed, &settings);
    assert!(valid.kafka.finding.is_true(), "{:?}", valid.kafka.finding);
    let plan = plan_of(pipeline, &{
        let mut settled = observed.clone();
        let first = plan_of(pipeline, observed);
        settle(&mut settled, &first);
        settled
    });
    let consumer =
        plan.apply.iter().find(|object| object.name() == "shop-order-consumer" && object.kind == Kind::Deployment);
    let pod = &consumer.unwrap().body["spec"]["template"]["spec"];
    let env = pod["containers"][0]["env"].as_array().unwrap();
    let kafka = env.iter().filter(|one| one["name"].as_str().unwrap().starts_with("KAFKA_"));
    let mut told: Vec<_> =
        kafka.map(|one| format!("{}={}", one["name"].as_str().unwrap(), one["value"].as_str().unwrap())).collect();
    let volumes = pod["volumes"].as_array().unwrap().iter();
    let volumes = volumes.filter(|one| one["name"].as_str().unwrap().starts_with("kafka"));
    told.extend(volumes.map(|one| {
        let items = one["secret"]["items"].as_array().unwrap().iter();
        let files: Vec<_> = items.map(|item| item["path"].as_str().unwrap()).collect();
        format!(
            "{} <- {} {}",
            one["name"].as_str().unwrap(),
            one["secret"]["secretName"].as_str().unwrap(),
            files.join(" ")
        )
    }));
    told
}

#[test]
fn pods_reach_an_external_kafka_by_its_secrets() {
    let mut pipeline = example();
    let mut observed = fresh();
    observed.kafka = ObservedKafka::default();
    observed.secrets.insert("kafka-ca".into(), secret(&[("bundle.pem", "PEM"), ("other", "x")]));
    observed.secrets.insert("kafka-login".into(), secret(&[("username", "shop"), ("password", "p")]));
    observed.secrets.insert("kafka-cert".into(), secret(&[("tls.crt", "C"), ("tls.key", "K")]));
    let mut told = BTreeMap::new();
    for (name, external) in [
        ("plain", json!({"bootstrapServers": "b:9092"})),
        (
            "sasl",
            json!({"bootstrapServers": "b:9092", "tls": {"caSecretRef": {"name": "kafka-ca", "key": "bundle.pem"}},
            "sasl": {"mechanism": "PLAIN", "credentialsSecretRef": {"name": "kafka-login"}}}),
        ),
        ("mtls", json!({"bootstrapServers": "b:9092", "tls": {"certificateSecretRef": {"name": "kafka-cert"}}})),
    ] {
        pipeline.spec.kafka.strimzi = None;
        pipeline.spec.kafka.external = Some(serde_json::from_value(external).unwrap());
        told.insert(name, kafka_of(&pipeline, &observed));
    }
    insta::assert_yaml_snapshot!("external_kafka", told);
}

#[test]
fn pods_reach_strimzi_by_certificates_too() {
    let mut pipeline = example();
    pipeline.spec.kafka.strimzi.as_mut().unwrap().listener = "mtls".into();
    pipeline.spec.kafka.strimzi.as_mut().unwrap().authentication = pipeline_api::StrimziAuthentication::Tls;
    let mut observed = with_kafka();
    let Lookup::Found(cluster) = &mut observed.kafka.cluster else { unreachable!() };
    let listener = json!({"name": "mtls", "port": 9094, "tls": true, "authentication": {"type": "tls"}});
    cluster.spec.kafka.listeners.push(serde_json::from_value(listener).unwrap());
    for user in observed.kafka.users.values_mut() {
        // `ca.crt` there is the clients' authority, not the one to trust the brokers with.
        user.secret = Some(secret(&[("ca.crt", "CLIENTS"), ("user.crt", "C"), ("user.key", "K"), ("user.p12", "x")]));
    }
    insta::assert_yaml_snapshot!("strimzi_tls", kafka_of(&pipeline, &observed));
}

/// Another user's bad ACL can make an innocent one NotReady for up to two minutes.
#[test]
fn a_user_that_turns_not_ready_is_a_fault_only_after_a_while() {
    let mut observed = with_kafka();
    let name = "orders-shop-order-api";
    let not_ready = json!({"conditions": [{"type": "NotReady", "status": "True", "reason": "ExecutionException",
        "message": "bad", "lastTransitionTime": "2025-12-31T23:59:00Z"}]});
    let user = observed.kafka.users.get_mut(&Component::OrderApi).unwrap();
    user.user = ready(name, json!({}), not_ready);
    let finding = |observed: &Observed| validate::validate(&example(), observed, &settings()).kafka.finding;
    assert_eq!(finding(&observed).reason, "WaitingForUsers", "at the first rollout there is nothing to go on with");

    observed.secrets.insert("shop-order-api-kafka".into(), secret(&[("password", "p")]));
    let patient = finding(&observed);
    assert!(patient.is_true() && patient.message.contains(name), "{patient:?}");

    observed.now = "2026-01-01T00:02:00Z".parse().unwrap();
    assert_eq!(finding(&observed).reason, "KafkaUserNotReady");
}

#[test]
fn what_someone_else_made_is_not_touched() {
    let mut observed = with_kafka();
    let Lookup::Found(topic) = &mut observed.kafka.topic else { unreachable!() };
    topic.metadata.annotations = None;
    let valid = validate::validate(&example(), &observed, &settings());
    assert_eq!(valid.kafka.finding.reason, "KafkaObjectConflict");
    assert!(valid.kafka.target.is_none());
}
