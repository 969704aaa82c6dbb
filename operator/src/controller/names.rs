//! Names, labels and annotations of everything that belongs to one OrderPipeline.

use std::collections::BTreeMap;

use pipeline_api::{OrderPipeline, StrimziAuthentication};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::component::Component;
use crate::MANAGER;

pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub const COMPONENT: &str = "app.kubernetes.io/component";
pub const PIPELINE: &str = "orderpipeline.dev/pipeline";
pub const PIPELINE_NAMESPACE: &str = "orderpipeline.dev/pipeline-namespace";
/// On objects outside the resource's namespace: `namespace/name/uid` of the resource they belong to.
pub const CLAIM: &str = "orderpipeline.dev/claim";
/// On topics and users: the operator made it, so it may delete it.
pub const CREATED: &str = "orderpipeline.dev/created";
/// On a Kafka resource: namespaces whose pipelines may use it.
pub const ALLOW_FROM: &str = "orderpipeline.dev/allow-from";
/// On an OrderPipeline whose order namespace was lost: make a new one.
pub const NEW_ORDER_NAMESPACE: &str = "orderpipeline.dev/new-order-namespace";
/// On a Deployment or Job: which pod template it has; a gate holds back only another one.
pub const TEMPLATE_HASH: &str = "orderpipeline.dev/template-hash";
/// On pods: which credentials they read at start.
pub const INPUTS_HASH: &str = "orderpipeline.dev/inputs-hash";
/// On migration Jobs.
pub const MIGRATION: &str = "orderpipeline.dev/migration";
pub const ATTEMPT: &str = "orderpipeline.dev/attempt";
pub const FINALIZER: &str = "orderpipeline.dev/finalizer";

/// Who the resource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    pub namespace: String,
    pub name: String,
    pub uid: String,
}

impl Names {
    /// An OrderPipeline that came from the API server has all three.
    pub fn of(pipeline: &OrderPipeline) -> Self {
        Self {
            namespace: pipeline.metadata.namespace.clone().unwrap_or_default(),
            name: pipeline.metadata.name.clone().unwrap_or_default(),
            uid: pipeline.metadata.uid.clone().unwrap_or_default(),
        }
    }

    /// Deployment, Service, ServiceAccount and PodDisruptionBudget of a component. The resource's name has at most
    /// 40 characters, so that this fits.
    pub fn component(&self, component: Component) -> String {
        format!("{}-{}", self.name, component.name())
    }

    pub fn order_namespace(&self) -> String {
        format!("{}-order-namespace", self.name)
    }

    pub fn kafka_ca(&self) -> String {
        format!("{}-kafka-ca", self.name)
    }

    pub fn kafka_credentials(&self, component: Component) -> String {
        format!("{}-{}-kafka", self.name, component.name())
    }

    pub fn migration(&self, hash: &str, attempt: u32) -> String {
        format!("{}-migrate-{hash}-{attempt}", self.name)
    }

    /// `<namespace>-<name>`, the consumer group and the prefix of transactional ids.
    pub fn group(&self) -> String {
        format!("{}-{}", self.namespace, self.name)
    }

    /// Objects in Kafka's namespace.
    pub fn kafka_topic(&self) -> String {
        bounded(&self.group())
    }

    pub fn kafka_dead_letter_topic(&self) -> String {
        bounded(&format!("{}-dlt", self.group()))
    }

    pub fn kafka_user(&self, component: Component) -> String {
        bounded(&format!("{}-{}", self.group(), component.name()))
    }

    pub fn claim(&self) -> String {
        format!("{}/{}/{}", self.namespace, self.name, self.uid)
    }

    /// A claim of the same namespace and name is ours, whatever its uid: that one is gone, or we would not be here.
    pub fn owns_claim(&self, claim: &str) -> bool {
        claim.strip_prefix(&format!("{}/{}/", self.namespace, self.name)).is_some()
    }

    /// Labels of every object of the pipeline in its own namespace.
    pub fn labels(&self, component: Option<Component>) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::from([
            (MANAGED_BY.into(), MANAGER.into()),
            ("app.kubernetes.io/part-of".into(), "order-pipeline".into()),
            ("app.kubernetes.io/instance".into(), self.name.clone()),
            (PIPELINE.into(), self.name.clone()),
        ]);
        if let Some(component) = component {
            labels.insert("app.kubernetes.io/name".into(), component.name().into());
            labels.insert(COMPONENT.into(), component.name().into());
        }
        labels
    }

    /// The labels by which Services, budgets and Deployments find pods. They never change.
    pub fn selector(&self, component: Component) -> BTreeMap<String, String> {
        BTreeMap::from([(PIPELINE.into(), self.name.clone()), (COMPONENT.into(), component.name().into())])
    }

    /// Metadata of an object in the pipeline's own namespace.
    pub fn metadata(&self, name: &str, component: Option<Component>) -> Value {
        json!({
            "name": name,
            "namespace": self.namespace,
            "labels": self.labels(component),
            "ownerReferences": [{
                "apiVersion": "orderpipeline.dev/v1alpha1",
                "kind": "OrderPipeline",
                "name": self.name,
                "uid": self.uid,
                "controller": true,
                "blockOwnerDeletion": true,
            }],
        })
    }
}

/// The user as which the operator asks a cluster for lag, in Kafka's namespace.
pub fn operator_user(operator_namespace: &str, cluster: &str, authentication: StrimziAuthentication) -> String {
    let by = match authentication {
        StrimziAuthentication::ScramSha512 => "",
        StrimziAuthentication::Tls => "-tls",
    };
    bounded(&format!("{operator_namespace}-{MANAGER}-{cluster}{by}"))
}

/// The claim on it: that of the operator, not of any pipeline.
pub fn operator_claim(operator_namespace: &str) -> String {
    format!("{operator_namespace}/{MANAGER}")
}

/// At most 63 characters: a longer name is cut and ends in a hash of the whole.
pub fn bounded(name: &str) -> String {
    if name.len() <= 63 {
        return name.to_owned();
    }
    let hash = short_hash(name);
    format!("{}-{hash}", name[..62 - hash.len()].trim_end_matches('-'))
}

/// Eight hex digits that stand for a text.
pub fn short_hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes())[..4])
}

/// SHA-256 in hex.
pub fn full_hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_claim_is_ours_by_namespace_and_name() {
        let names = Names { namespace: "orders".into(), name: "shop".into(), uid: "2".into() };
        assert!(names.owns_claim("orders/shop/2"));
        assert!(names.owns_claim("orders/shop/1"));
        assert!(!names.owns_claim("orders/shop2/1"));
        assert!(!names.owns_claim("other/shop/2"));
        assert!(!names.owns_claim(""));
    }

    proptest! {
        #[test]
        fn names_fit_and_stay_apart(a in "[a-z][a-z0-9-]{0,100}[a-z0-9]", b in "[a-z][a-z0-9-]{0,100}[a-z0-9]") {
            prop_assert!(bounded(&a).len() <= 63);
            prop_assert!(!bounded(&a).ends_with('-'));
            prop_assert_eq!(a == b, bounded(&a) == bounded(&b));
        }
    }
}
