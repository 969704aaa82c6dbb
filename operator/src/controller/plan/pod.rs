//! Pod templates: what all components have in common, and what the resource adds.

use pipeline_api::{OrderPipelineSpec, PodTemplate, Resources};
use serde_json::{Value, json};

use super::{Inputs, container};
use crate::controller::component::Component;
use crate::controller::names::{INPUTS_HASH, short_hash};

const GRACE_SECONDS: i64 = 40;

/// The pods of a component; `None` while it is not known what they connect to.
pub(super) fn template(inputs: &Inputs<'_>, component: Component) -> Option<Value> {
    let names = &inputs.valid.names;
    let spec = &inputs.pipeline.spec;
    let added = pod_template(spec, component).cloned().unwrap_or_default();
    let grace = added.spec.termination_grace_period_seconds.unwrap_or(GRACE_SECONDS);
    let parts = container::parts(inputs, component, grace)?;

    let mut labels = added.metadata.labels.clone();
    labels.extend(names.labels(Some(component)));
    let mut annotations = added.metadata.annotations.clone();
    annotations.insert("kubectl.kubernetes.io/default-container".into(), component.name().into());
    if !parts.read_at_start.is_empty() {
        annotations.insert(INPUTS_HASH.into(), short_hash(&parts.read_at_start));
    }
    let mut pod = json!({
        "serviceAccountName": names.component(component),
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": grace,
        "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [parts.container],
        "volumes": parts.volumes,
        "topologySpreadConstraints": spread(inputs, component, &added),
    });
    place(&mut pod, spec, &added);
    Some(json!({"metadata": {"labels": labels, "annotations": annotations}, "spec": pod}))
}

/// Placement by the resource; what it does not say is left out.
fn place(pod: &mut Value, spec: &OrderPipelineSpec, added: &PodTemplate) {
    let added = &added.spec;
    let pull_secrets: Vec<_> = spec.images.pull_secrets.iter().chain(&added.image_pull_secrets).collect();
    let optional = [
        ("nodeSelector", json!(added.node_selector), added.node_selector.is_empty()),
        ("affinity", json!(added.affinity), added.affinity.is_none()),
        ("tolerations", json!(added.tolerations), added.tolerations.is_empty()),
        ("priorityClassName", json!(added.priority_class_name), added.priority_class_name.is_none()),
        ("runtimeClassName", json!(added.runtime_class_name), added.runtime_class_name.is_none()),
        ("imagePullSecrets", json!(pull_secrets), pull_secrets.is_empty()),
    ];
    for (field, value, absent) in optional {
        if !absent {
            pod[field] = value;
        }
    }
}

/// Over nodes, as well as it can be done: never a reason for a pod to wait.
fn spread(inputs: &Inputs<'_>, component: Component, added: &PodTemplate) -> Value {
    match &added.spec.topology_spread_constraints {
        Some(own) => json!(own),
        None if component == Component::Migrator => json!([]),
        None => json!([{
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": inputs.valid.names.selector(component)},
            "matchLabelKeys": ["pod-template-hash"],
        }]),
    }
}

pub(super) fn pod_template(spec: &OrderPipelineSpec, component: Component) -> Option<&PodTemplate> {
    match component {
        Component::SearchApi => spec.search.pod_template.as_ref(),
        Component::OrderApi => spec.orders.pod_template.as_ref(),
        Component::OrderConsumer => spec.consumer.pod_template.as_ref(),
        Component::Storefront => spec.storefront.pod_template.as_ref(),
        Component::Notifier | Component::Migrator => None,
    }
}

/// The resource's own resources, or sane ones. No CPU limit: a throttled pod answers late for no one's benefit.
pub(super) fn resources(spec: &OrderPipelineSpec, component: Component) -> Value {
    let own: Option<&Resources> = match component {
        Component::SearchApi => spec.search.resources.as_ref(),
        Component::OrderApi => spec.orders.resources.as_ref(),
        Component::OrderConsumer => spec.consumer.resources.as_ref(),
        Component::Storefront => spec.storefront.resources.as_ref(),
        Component::Notifier | Component::Migrator => None,
    };
    if let Some(own) = own {
        return json!(own);
    }
    let index = match component {
        Component::SearchApi => spec.search.index_memory.as_deref().map_or(0, mebibytes),
        _ => 0,
    };
    json!({
        "requests": {"cpu": "50m", "memory": format!("{}Mi", 64 + index)},
        "limits": {"memory": format!("{}Mi", 256 + index)},
    })
}

/// `512Mi` and the like, in Mi, rounded up. The schema allows Ki, Mi and Gi.
fn mebibytes(quantity: &str) -> i64 {
    let (number, unit) = quantity.split_at(quantity.len().saturating_sub(2));
    let number: i64 = number.parse().unwrap_or(0);
    match unit {
        "Ki" => (number + 1023) / 1024,
        "Gi" => number * 1024,
        _ => number,
    }
}
