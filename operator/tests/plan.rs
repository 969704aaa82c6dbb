//! The whole plan as YAML, so that a reviewer sees the manifests. `cargo insta review` after a wanted change.

use std::collections::BTreeMap;

use jiff::Timestamp;
use order_pipeline_operator::config::{ImageArgs, Settings};
use order_pipeline_operator::controller::component::Component;
use order_pipeline_operator::controller::object::{Kind, Object};
use order_pipeline_operator::controller::observe::{Lookup, Observed, ObservedKafka, ObservedUser, SecretData};
use order_pipeline_operator::controller::plan::{self, Inputs, Plan};
use order_pipeline_operator::controller::validate;
use pipeline_api::OrderPipeline;
use serde_json::{Value, json};
use uuid::Uuid;

fn example() -> OrderPipeline {
    let text = include_str!("../../examples/orderpipeline.yaml");
    let mut pipeline: OrderPipeline = serde_yaml::from_str(text).unwrap();
    pipeline.metadata.uid = Some("0d9c7ad4-5a0a-4b9e-9f0e-3a5f5a6f7b11".into());
    pipeline.metadata.generation = Some(1);
    pipeline
}

fn settings() -> Settings {
    let images = ImageArgs {
        image_prefix: "registry.example/order-pipeline".into(),
        related_image_search_api: None,
        related_image_order_api: None,
        related_image_order_consumer: None,
        related_image_notifier: None,
        related_image_migrator: None,
        related_image_storefront: None,
    };
    Settings {
        kafka_namespaces: Vec::new(),
        images,
        operator_namespace: "system".into(),
        ops_url: Some("http://operator.system.svc:8080".into()),
    }
}

fn secret(entries: &[(&str, &str)]) -> SecretData {
    entries.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect()
}

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// Everything that people provide is there, and nothing of ours.
fn fresh() -> Observed {
    let secrets = BTreeMap::from([
        ("shop-database".into(), secret(&[("username", "shop"), ("password", "p")])),
        ("shop-database-ca".into(), secret(&[("ca.crt", "PEM")])),
        ("shop-admin".into(), secret(&[("token", "t")])),
    ]);
    let kafka = ObservedKafka { cluster: Lookup::Found(kafka_cluster()), ..ObservedKafka::default() };
    Observed { now: now(), children: Vec::new(), secrets, kafka, pods: Vec::new() }
}

fn kafka_cluster<T: serde::de::DeserializeOwned>() -> T {
    let cluster = json!({
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "Kafka",
        "metadata": {"name": "kafka", "namespace": "kafka", "generation": 1,
            "annotations": {"orderpipeline.dev/allow-from": "other, orders"}},
        "spec": {"kafka": {
            "authorization": {"type": "simple"},
            "listeners": [
                {"name": "plain", "port": 9092, "tls": false},
                {"name": "tls", "port": 9093, "tls": true, "authentication": {"type": "scram-sha-512"}},
            ],
        }},
        "status": {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]},
    });
    serde_json::from_value(cluster).unwrap()
}

fn ready<T: serde::de::DeserializeOwned>(name: &str, spec: Value, more: Value) -> Lookup<T> {
    let mut status = json!({"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]});
    status.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let object = json!({
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "any",
        "metadata": {"name": name, "namespace": "kafka", "generation": 1, "annotations": {
            "orderpipeline.dev/claim": "orders/shop/0d9c7ad4-5a0a-4b9e-9f0e-3a5f5a6f7b11",
            "orderpipeline.dev/created": "true",
        }},
        "spec": spec,
        "status": status,
    });
    Lookup::Found(serde_json::from_value(object).unwrap())
}

/// Strimzi has done its part, and the order namespace is there.
fn with_kafka() -> Observed {
    let mut observed = fresh();
    observed.kafka.cluster_ca = Some(secret(&[("ca.crt", "NEW"), ("ca-2027.crt", "OLD"), ("ca.p12", "binary")]));
    observed.kafka.topic = ready("orders-shop", json!({"partitions": 12}), json!({"topicId": "id"}));
    observed.kafka.dead_letter_topic = ready("orders-shop-dlt", json!({"partitions": 12}), json!({}));
    for component in Component::WITH_KAFKA {
        let name = format!("orders-shop-{}", component.name());
        let user = ObservedUser {
            user: ready(&name, json!({}), json!({"username": name, "secret": name})),
            secret: Some(secret(&[("password", "p"), ("sasl.jaas.config", "x")])),
        };
        observed.kafka.users.insert(component, user);
    }
    let namespace = secret(&[("namespace", "6ba7b810-9dad-11d1-80b4-00c04fd430c8")]);
    observed.secrets.insert("shop-order-namespace".into(), namespace);
    observed
}

fn plan_of(pipeline: &OrderPipeline, observed: &Observed) -> Plan {
    let settings = settings();
    let valid = validate::validate(pipeline, observed, &settings);
    let inputs = Inputs { pipeline, valid: &valid, observed, settings: &settings, decided: None };
    plan::plan(&inputs, Uuid::from_u128(7))
}

/// Each object of the plan as the API server would return it, with the status that its controller would write.
fn settle(observed: &mut Observed, plan: &Plan) {
    for object in &plan.apply {
        if matches!(object.kind, Kind::KafkaTopic | Kind::KafkaUser) {
            continue;
        }
        let mut live = object.clone();
        live.body["metadata"]["generation"] = json!(1);
        let replicas = live.body["spec"]["replicas"].clone();
        live.body["status"] = match object.kind {
            Kind::Job => json!({"conditions": [{"type": "Complete", "status": "True"}]}),
            Kind::Deployment => json!({"observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas,
                "availableReplicas": replicas, "readyReplicas": replicas}),
            _ => Value::Null,
        };
        observed.children.retain(|child| (child.kind, child.name()) != (live.kind, live.name()));
        observed.children.push(live);
    }
}

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

/// All stages done.
fn settled(pipeline: &OrderPipeline) -> Observed {
    let mut observed = with_kafka();
    for _ in 0..4 {
        let plan = plan_of(pipeline, &observed);
        settle(&mut observed, &plan);
    }
    observed
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
fn connections_shrink_pools_then_consumers_then_refuse() {
    let mut pipeline = example();
    let budget = |connections: i32, pipeline: &mut OrderPipeline| {
        pipeline.spec.database.max_connections = connections;
        validate::budget::share_out(&pipeline.spec)
    };
    let roomy = budget(150, &mut pipeline);
    assert_eq!((roomy.pools[&Component::SearchApi], roomy.limits_consumers), (8, false));
    let tight = budget(40, &mut pipeline);
    assert_eq!((tight.pools[&Component::SearchApi], tight.limits_consumers, tight.refusal), (2, false, None));
    let tighter = budget(28, &mut pipeline);
    assert!(tighter.limits_consumers && tighter.refusal.is_none(), "{tighter:?}");
    let refused = budget(10, &mut pipeline).refusal.unwrap();
    assert!(refused.message.contains("spec.database.maxConnections"), "{}", refused.message);
}

#[test]
fn the_order_namespace_is_made_once_and_never_replaced_unasked() {
    use validate::OrderNamespace;
    let judge = |pipeline: &OrderPipeline, observed: &Observed| {
        validate::validate(pipeline, observed, &settings()).order_namespace
    };
    let mut pipeline = example();
    assert_eq!(judge(&pipeline, &fresh()), OrderNamespace::Make);
    let OrderNamespace::Known { hash } = judge(&pipeline, &with_kafka()) else { panic!("a found one is taken") };
    pipeline.status = Some(pipeline_api::OrderPipelineStatus { order_namespace: Some(hash), ..Default::default() });
    assert!(matches!(judge(&pipeline, &fresh()), OrderNamespace::Lost { .. }));
    let mut other = with_kafka();
    other.secrets.insert("shop-order-namespace".into(), secret(&[("namespace", &Uuid::from_u128(9).to_string())]));
    assert!(matches!(judge(&pipeline, &other), OrderNamespace::Lost { .. }));
    let plan = plan_of(&pipeline, &other);
    assert!(plan.create.is_none());
    assert!(plan.held.iter().any(|(component, _)| *component == Component::OrderApi));
    let annotations = BTreeMap::from([("orderpipeline.dev/new-order-namespace".into(), "yes".into())]);
    pipeline.metadata.annotations = Some(annotations);
    assert_eq!(judge(&pipeline, &fresh()), OrderNamespace::Make);
    assert!(matches!(judge(&pipeline, &other), OrderNamespace::Known { .. }));
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
