//! ServiceAccounts: one per component, so that rights can never be shared by mistake. None of them has any.

use serde_json::json;

use crate::controller::component::Component;
use crate::controller::names::Names;
use crate::controller::object::{Kind, Object};

pub(super) fn build(names: &Names, component: Component) -> Object {
    let metadata = names.metadata(&names.component(component), Some(component));
    Object::new(Kind::ServiceAccount, json!({"metadata": metadata, "automountServiceAccountToken": false}))
}
