//! Services of the components that answer over HTTP.

use serde_json::json;

use crate::controller::component::Component;
use crate::controller::names::Names;
use crate::controller::object::{Kind, Object};

pub(super) fn build(names: &Names, component: Component) -> Object {
    Object::new(
        Kind::Service,
        json!({
            "metadata": names.metadata(&names.component(component), Some(component)),
            "spec": {
                "type": "ClusterIP",
                "selector": names.selector(component),
                "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"}],
            },
        }),
    )
}
