//! HorizontalPodAutoscalers of the two APIs.

use pipeline_api::Autoscaling;
use serde_json::json;

use crate::controller::component::Component;
use crate::controller::names::Names;
use crate::controller::object::{Kind, Object};

pub(super) fn build(names: &Names, component: Component, autoscaling: &Autoscaling) -> Object {
    let name = names.component(component);
    Object::new(
        Kind::HorizontalPodAutoscaler,
        json!({
            "metadata": names.metadata(&name, Some(component)),
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
                "minReplicas": autoscaling.min,
                "maxReplicas": autoscaling.max,
                "metrics": [{"type": "Resource", "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": autoscaling.cpu_percent},
                }}],
            },
        }),
    )
}
