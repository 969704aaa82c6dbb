//! Step 2: what can be done with the resource, given what there is. Pure.
//!
//! Admission has checked the shape. Here is what it cannot know: Secrets, Kafka, the connection budget, the order
//! namespace. Nothing here is an error of the operator: every problem becomes a finding.

pub mod budget;
pub mod kafka;
pub mod order_namespace;
mod secrets;

use pipeline_api::OrderPipeline;

use super::finding::Finding;
use super::names::Names;
use super::observe::Observed;
use super::plan::container;
use crate::config::Settings;
use crate::scaling::Policy;

pub use budget::Budget;
pub use kafka::KafkaAccess;
pub use order_namespace::OrderNamespace;

/// A resource whose questions are answered.
#[derive(Clone, Debug)]
pub struct Validated {
    pub names: Names,
    pub kafka: KafkaAccess,
    /// The Secrets for the database; `None`: all there.
    pub database_secrets: Option<Finding>,
    /// All other Secrets; `None`: all there.
    pub other_secrets: Option<Finding>,
    pub order_namespace: OrderNamespace,
    pub budget: Budget,
    /// A person must change the resource before anything more can be done.
    pub refused: Option<Finding>,
}

/// Answers the resource's questions.
pub fn validate(pipeline: &OrderPipeline, observed: &Observed, settings: &Settings) -> Validated {
    let names = Names::of(pipeline);
    let (database_secrets, other_secrets) = secrets::check(pipeline, observed);
    let budget = budget::share_out(&pipeline.spec);
    let refused = refuse(pipeline).or_else(|| budget.refusal.clone());
    Validated {
        kafka: kafka::judge(pipeline, &names, observed, settings),
        database_secrets,
        other_secrets,
        order_namespace: order_namespace::judge(pipeline, &names, observed),
        budget,
        refused,
        names,
    }
}

/// What the schema lets through and no pod could run with.
fn refuse(pipeline: &OrderPipeline) -> Option<Finding> {
    let spec = &pipeline.spec;
    let topic = &spec.kafka.topic;
    let partitions = u32::try_from(topic.partitions).unwrap_or(0);
    if let Err(error) = Policy::new(&spec.consumer.scaling, partitions) {
        return Some(Finding::no("InvalidSpec", error.told()));
    }
    let in_sync = topic.config.get("min.insync.replicas").and_then(|value| value.trim().parse::<i32>().ok());
    if let Some(in_sync) = in_sync.filter(|in_sync| *in_sync > topic.replicas) {
        let message = format!(
            "spec.kafka.topic.config: with min.insync.replicas {in_sync} and spec.kafka.topic.replicas {} no order could be written",
            topic.replicas
        );
        return Some(Finding::no("InvalidSpec", message));
    }
    let templates = [
        ("spec.search.podTemplate", &spec.search.pod_template),
        ("spec.orders.podTemplate", &spec.orders.pod_template),
        ("spec.consumer.podTemplate", &spec.consumer.pod_template),
        ("spec.storefront.podTemplate", &spec.storefront.pod_template),
    ];
    for (field, template) in templates {
        let Some(template) = template else { continue };
        if let Some(taken) = template.spec.env.iter().find(|env| container::is_reserved(&env.name)) {
            let message = format!("{field}.spec.env: {} is set by the operator", taken.name);
            return Some(Finding::no("InvalidSpec", message));
        }
        let affinity = template.spec.affinity.clone().unwrap_or_default();
        if let Err(error) = serde_json::from_value::<Option<k8s_openapi::api::core::v1::Affinity>>(affinity) {
            return Some(Finding::no("InvalidSpec", format!("{field}.spec.affinity: {error}")));
        }
    }
    None
}
