//! An object as a value: what plan makes, apply writes, and observe finds.

use kube::api::ApiResource;
use serde_json::Value;

use crate::strimzi;

/// The kinds that the operator writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    ServiceAccount,
    Secret,
    Service,
    PodDisruptionBudget,
    Deployment,
    HorizontalPodAutoscaler,
    Job,
    KafkaTopic,
    KafkaUser,
}

impl Kind {
    /// Those in the pipeline's own namespace, which are pruned.
    pub const OWN: [Self; 7] = [
        Self::Deployment,
        Self::HorizontalPodAutoscaler,
        Self::Job,
        Self::PodDisruptionBudget,
        Self::Service,
        Self::ServiceAccount,
        Self::Secret,
    ];

    pub fn api_resource(self) -> ApiResource {
        let (group, version, kind, plural) = match self {
            Self::ServiceAccount => ("", "v1", "ServiceAccount", "serviceaccounts"),
            Self::Secret => ("", "v1", "Secret", "secrets"),
            Self::Service => ("", "v1", "Service", "services"),
            Self::PodDisruptionBudget => ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
            Self::Deployment => ("apps", "v1", "Deployment", "deployments"),
            Self::HorizontalPodAutoscaler => {
                ("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
            }
            Self::Job => ("batch", "v1", "Job", "jobs"),
            Self::KafkaTopic => return strimzi::topic(),
            Self::KafkaUser => return strimzi::user(),
        };
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        ApiResource {
            group: group.into(),
            version: version.into(),
            api_version,
            kind: kind.into(),
            plural: plural.into(),
        }
    }
}

/// One object. `body` is whole: apiVersion, kind, metadata and the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    pub kind: Kind,
    pub body: Value,
}

impl Object {
    /// Completes `body` (metadata and the kind's own fields) with apiVersion and kind.
    pub fn new(kind: Kind, mut body: Value) -> Self {
        let resource = kind.api_resource();
        body["apiVersion"] = resource.api_version.into();
        body["kind"] = resource.kind.into();
        Self { kind, body }
    }

    pub fn name(&self) -> &str {
        self.body["metadata"]["name"].as_str().unwrap_or_default()
    }

    pub fn namespace(&self) -> &str {
        self.body["metadata"]["namespace"].as_str().unwrap_or_default()
    }

    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.body["metadata"]["annotations"][name].as_str()
    }

    pub fn label(&self, name: &str) -> Option<&str> {
        self.body["metadata"]["labels"][name].as_str()
    }

    /// Whether `self`, as it lives, has everything that `wanted` says. Lists must agree item by item. When this is
    /// wrongly false (a number written in another way, say) the apply that follows changes nothing.
    pub fn satisfies(&self, wanted: &Self) -> bool {
        contains(&self.body, &wanted.body)
    }
}

fn contains(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => wanted
            .iter()
            .all(|(name, value)| live.get(name).map_or_else(|| is_empty(value), |found| contains(found, value))),
        (Value::Array(live), Value::Array(wanted)) => {
            live.len() == wanted.len() && live.iter().zip(wanted).all(|(live, wanted)| contains(live, wanted))
        }
        _ => live == wanted,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_of_the_server_are_no_drift_and_edits_are() {
        let wanted = json!({"a": 1, "list": [{"x": 1}], "none": {}});
        assert!(contains(&json!({"a": 1, "b": 2, "list": [{"x": 1, "y": 2}]}), &wanted));
        assert!(!contains(&json!({"a": 2, "list": [{"x": 1}]}), &wanted));
        assert!(!contains(&json!({"a": 1, "list": [{"x": 1}, {"x": 2}]}), &wanted));
        assert!(!contains(&json!({"a": 1}), &wanted));
    }
}
