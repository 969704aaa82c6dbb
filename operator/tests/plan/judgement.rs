//! What is judged before anything is planned: the connection budget, the order namespace.

use std::collections::BTreeMap;

use order_pipeline_operator::controller::component::Component;
use order_pipeline_operator::controller::observe::Observed;
use order_pipeline_operator::controller::validate;
use pipeline_api::OrderPipeline;
use serde_json::json;
use uuid::Uuid;

use crate::scene::{example, fresh, plan_of, secret, settings, with_kafka};

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
fn what_nothing_could_run_with_is_refused_by_the_name_of_the_field() {
    let refusal = |change: &dyn Fn(&mut OrderPipeline)| {
        let mut pipeline = example();
        change(&mut pipeline);
        validate::validate(&pipeline, &with_kafka(), &settings()).refused.map(|refused| refused.message)
    };
    assert_eq!(refusal(&|_| {}), None);
    let schedule = refusal(&|pipeline| {
        let schedule = json!({"cron": "99 8 * * *", "duration": "1h", "minReplicas": 2});
        pipeline.spec.consumer.scaling.schedules = vec![serde_json::from_value(schedule).unwrap()];
    });
    assert!(schedule.is_some_and(|message| message.starts_with("spec.consumer.scaling.schedules[0]: cron \"99 8")));
    let in_sync = refusal(&|pipeline| {
        pipeline.spec.kafka.topic.replicas = 1;
        pipeline.spec.kafka.topic.config = BTreeMap::from([("min.insync.replicas".into(), "2".into())]);
    });
    assert!(in_sync.is_some_and(|message| message.starts_with("spec.kafka.topic.config: with min.insync.replicas 2")));
}
