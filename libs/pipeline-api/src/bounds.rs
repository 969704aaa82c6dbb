//! Schemas with upper bounds, for shapes that schemars' attributes cannot bound.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use schemars::{Schema, SchemaGenerator, json_schema};

/// Amounts by resource name, such as `cpu: 500m` or `memory: 1Gi`; a bare number is allowed as in a Pod.
pub type ResourceList = BTreeMap<String, IntOrString>;

/// At most 64 labels, annotations or settings of up to 4,096 characters each.
pub(crate) fn string_map(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 64,
        "additionalProperties": {"type": "string", "maxLength": 4096}
    })
}

/// Amounts as Kubernetes writes them. Numbers are bounded to what an `IntOrString` holds.
pub(crate) fn resource_list(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 16,
        "additionalProperties": {
            "x-kubernetes-int-or-string": true,
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "minimum": 0,
            "maximum": i32::MAX,
            "maxLength": 32,
            "pattern": "^[0-9]+(\\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$"
        }
    })
}

/// An object of the Kubernetes API that is passed on as it is.
pub(crate) fn passed_on(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

/// A short list of objects of the Kubernetes API that are passed on as they are.
pub(crate) fn passed_on_list(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 32,
        "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}
    })
}
