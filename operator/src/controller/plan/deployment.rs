//! Deployments of the components.

use serde_json::json;

use super::{Inputs, pod};
use crate::controller::component::Component;
use crate::controller::names::{TEMPLATE_HASH, short_hash};
use crate::controller::object::{Kind, Object};
use crate::controller::replicas::Replicas;

/// `None` while it is not known what the pods connect to.
pub(super) fn build(inputs: &Inputs<'_>, component: Component, replicas: Replicas) -> Option<Object> {
    let names = &inputs.valid.names;
    let template = pod::template(inputs, component)?;
    let mut metadata = names.metadata(&names.component(component), Some(component));
    metadata["annotations"] = json!({TEMPLATE_HASH: short_hash(&template.to_string())});
    let mut built = Object::new(
        Kind::Deployment,
        json!({
            "metadata": metadata,
            "spec": {
                "revisionHistoryLimit": 3,
                "progressDeadlineSeconds": 300,
                "selector": {"matchLabels": names.selector(component)},
                // The old pod goes when the new one is ready: a bad image stops no work.
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "template": template,
            },
        }),
    );
    if !replicas.left_to_autoscaler {
        built.body["spec"]["replicas"] = replicas.count.into();
    }
    Some(built)
}
