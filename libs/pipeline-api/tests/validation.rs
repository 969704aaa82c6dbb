//! What the CRD's rules refuse, judged offline by kube's CEL engine; the operator's integration tests ask a real API
//! server the same questions.

use kube::CustomResourceExt;
use pipeline_api::OrderPipeline;
use rstest::rstest;

const BASE: &str = r"
apiVersion: orderpipeline.dev/v1alpha1
kind: OrderPipeline
metadata: {name: shop, namespace: orders}
spec:
  kafka:
    strimzi: {cluster: kafka, namespace: kafka}
  database:
    host: mysql.database.svc
    credentialsSecretRef: {name: shop-database}
";

/// The base with `change` merged in (RFC 7386).
fn pipeline(change: &str) -> OrderPipeline {
    let mut base: serde_json::Value = serde_yaml::from_str(BASE).unwrap();
    merge(&mut base, serde_yaml::from_str(change).unwrap());
    serde_json::from_value(base).unwrap()
}

fn merge(target: &mut serde_json::Value, change: serde_json::Value) {
    match change {
        serde_json::Value::Object(fields) => {
            if !target.is_object() {
                *target = serde_json::json!({});
            }
            let map = target.as_object_mut().unwrap();
            for (name, value) in fields {
                if value.is_null() {
                    map.remove(&name);
                } else {
                    merge(map.entry(name).or_insert(serde_json::Value::Null), value);
                }
            }
        }
        other => *target = other,
    }
}

#[rstest]
#[case::minimal("{}")]
#[case::external("spec: {kafka: {strimzi: null, external: {bootstrapServers: 'broker:9092'}}}")]
#[case::autoscaling("spec: {search: {autoscaling: {min: 1, max: 4}}}")]
#[case::replicas("spec: {orders: {replicas: 0}}")]
#[case::ingress("spec: {exposure: {ingress: {host: shop.example}}}")]
#[case::proxies("spec: {access: {trustedProxies: [10.0.0.0/8, '2001:db8::/32']}}")]
#[case::longest_name("metadata: {name: a123456789012345678901234567890123456789}")]
fn accepted(#[case] change: &str) {
    pipeline(change).validate_cel().unwrap();
}

#[rstest]
#[case::no_kafka("spec: {kafka: {strimzi: null}}", "spec.kafka: exactly one of")]
#[case::both_kafkas("spec: {kafka: {external: {bootstrapServers: 'broker:9092'}}}", "spec.kafka: exactly one of")]
#[case::search_both("spec: {search: {replicas: 1, autoscaling: {min: 1, max: 2}}}", "spec.search: only one of")]
#[case::orders_both("spec: {orders: {replicas: 1, autoscaling: {min: 1, max: 2}}}", "spec.orders: only one of")]
#[case::min_above_max("spec: {orders: {autoscaling: {min: 3, max: 2}}}", "autoscaling.min must not be above")]
#[case::scaling("spec: {consumer: {scaling: {minReplicas: 5, maxReplicas: 2}}}", "spec.consumer.scaling.minReplicas")]
#[case::exposure(
    "spec: {exposure: {ingress: {host: a}, httpRoute: {parentRefs: [{name: g}]}}}",
    "spec.exposure: only one of"
)]
#[case::proxies("spec: {access: {trustedProxies: [10.0.0.1]}}", "spec.access.trustedProxies must hold networks")]
#[case::cidrs("spec: {networkPolicy: {databaseCIDRs: [mysql]}}", "spec.networkPolicy.databaseCIDRs must hold networks")]
#[case::ca_without_tls(
    "spec: {database: {tls: {mode: Disabled, caSecretRef: {name: ca}}}}",
    "spec.database.tls.caSecretRef"
)]
#[case::long_name("metadata: {name: a1234567890123456789012345678901234567890}", "metadata.name must be")]
#[case::dots_in_name("metadata: {name: shop.eu}", "metadata.name must be")]
fn refused(#[case] change: &str, #[case] message: &str) {
    let errors = pipeline(change).validate_cel().unwrap_err();
    assert!(errors.iter().any(|error| error.message.contains(message)), "{errors:?}");
}

#[rstest]
#[case::shrink("spec: {kafka: {topic: {partitions: 6}}}", "spec.kafka.topic.partitions can only grow")]
#[case::rename("spec: {kafka: {topic: {name: other}}}", "spec.kafka.topic.name cannot change")]
fn refused_update(#[case] change: &str, #[case] message: &str) {
    let errors = pipeline(change).validate_cel_update(&pipeline("{}")).unwrap_err();
    assert!(errors.iter().any(|error| error.message.contains(message)), "{errors:?}");
}

#[test]
fn growing_is_an_update_like_any_other() {
    let grown = pipeline("spec: {kafka: {topic: {partitions: 24}}}");
    grown.validate_cel_update(&pipeline("{}")).unwrap();
}

/// What the API server fills in is what the Rust types fill in: a resource means the same to both.
#[test]
fn schema_defaults_equal_the_types_defaults() {
    let crd = serde_json::to_value(OrderPipeline::crd()).unwrap();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let minimal: serde_json::Value = serde_yaml::from_str(BASE).unwrap();
    let by_schema = kube::core::cel::apply_defaults(schema, &minimal);
    let by_types = serde_json::to_value(pipeline("{}")).unwrap();
    assert_eq!(by_schema["spec"], by_types["spec"]);
    insta::assert_yaml_snapshot!(by_types["spec"]);
}

/// Without bounds the API server cannot estimate the cost of a CEL rule and refuses the whole CRD.
#[test]
fn every_string_list_and_map_of_the_spec_is_bounded() {
    let crd = serde_json::to_value(OrderPipeline::crd()).unwrap();
    let mut unbounded = Vec::new();
    walk(&crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"], "spec", &mut unbounded);
    assert_eq!(unbounded, Vec::<String>::new());
}

fn walk(schema: &serde_json::Value, path: &str, unbounded: &mut Vec<String>) {
    let bound = match schema["type"].as_str() {
        Some("string") if schema.get("enum").is_none() => schema.get("maxLength").is_some(),
        Some("array") => schema.get("maxItems").is_some(),
        Some("object") if schema.get("additionalProperties").is_some() => schema.get("maxProperties").is_some(),
        _ => true,
    };
    if !bound {
        unbounded.push(path.to_owned());
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(property, &format!("{path}.{name}"), unbounded);
    }
    if let Some(items) = schema.get("items") {
        walk(items, &format!("{path}[]"), unbounded);
    }
    if let Some(values) = schema.get("additionalProperties") {
        walk(values, &format!("{path}{{}}"), unbounded);
    }
}
