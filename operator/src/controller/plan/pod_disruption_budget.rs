//! PodDisruptionBudgets: a drained node takes one pod of a component at a time.

use serde_json::json;

use crate::controller::component::Component;
use crate::controller::names::Names;
use crate::controller::object::{Kind, Object};

/// `maxUnavailable`, since `minAvailable` would keep a node with the only replica from ever being drained.
pub(super) fn build(names: &Names, component: Component) -> Object {
    Object::new(
        Kind::PodDisruptionBudget,
        json!({
            "metadata": names.metadata(&names.component(component), Some(component)),
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": names.selector(component)}},
        }),
    )
}
