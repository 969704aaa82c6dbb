//! One pod may be away at a time.

use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::model::Cluster;
use super::names::Component;

pub fn disruption_budget(cluster: &Cluster) -> PodDisruptionBudget {
    let available = i32::try_from(cluster.nodes.len()).unwrap_or(i32::MAX) - 1;
    let spec = PodDisruptionBudgetSpec {
        min_available: Some(IntOrString::Int(available.max(0))),
        selector: Some(LabelSelector { match_labels: Some(cluster.names.selector()), ..LabelSelector::default() }),
        ..PodDisruptionBudgetSpec::default()
    };
    let name = format!("{}-kafka", cluster.names.cluster);
    let metadata = cluster.names.meta(name, Component::Kafka, &cluster.owner);
    PodDisruptionBudget { metadata, spec: Some(spec), ..PodDisruptionBudget::default() }
}
