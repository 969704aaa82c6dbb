//! Secrets of the pipeline: copies from Kafka's namespace, and the order namespace.

use k8s_openapi::ByteString;
use serde_json::json;
use uuid::Uuid;

use super::{Inputs, Wanted};
use crate::controller::component::Component;
use crate::controller::names::{MANAGED_BY, Names};
use crate::controller::object::{Kind, Object};
use crate::controller::validate::kafka::SecretFiles;
use crate::controller::validate::order_namespace::KEY;

/// The copies that the pods mount. While Kafka cannot be asked they are kept as they are.
pub(super) fn copies(inputs: &Inputs<'_>, wanted: &mut Wanted) {
    let names = &inputs.valid.names;
    if inputs.pipeline.spec.kafka.external.is_some() {
        return;
    }
    let Some(connection) = &inputs.valid.kafka.connection else {
        wanted.keep(Kind::Secret, names.kafka_ca());
        for component in Component::WITH_KAFKA {
            wanted.keep(Kind::Secret, names.kafka_credentials(component));
        }
        return;
    };
    let credentials = connection.users.iter().map(|(component, user)| (Some(*component), user.credentials.as_ref()));
    let ca = std::iter::once((None, connection.ca.as_ref()));
    for (component, files) in ca.chain(credentials) {
        if let Some(files) = files.filter(|files| files.copied) {
            wanted.add(copy(names, component, files));
        }
    }
}

fn copy(names: &Names, component: Option<Component>, files: &SecretFiles) -> Object {
    let data: std::collections::BTreeMap<&String, ByteString> =
        files.data.iter().map(|(key, value)| (key, ByteString(value.clone()))).collect();
    let body = json!({"metadata": names.metadata(&files.secret, component), "type": "Opaque", "data": data});
    Object::new(Kind::Secret, body)
}

/// Without owner reference: it outlives the resource, so that a re-created one derives the same order numbers.
pub(super) fn order_namespace(names: &Names, namespace: Uuid) -> Object {
    let body = json!({
        "metadata": {
            "name": names.order_namespace(),
            "namespace": names.namespace,
            "labels": {MANAGED_BY: crate::MANAGER, "app.kubernetes.io/instance": names.name},
        },
        "type": "Opaque",
        "stringData": {KEY: namespace.to_string()},
    });
    Object::new(Kind::Secret, body)
}
