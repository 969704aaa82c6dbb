//! Names, labels and owners of what belongs to a cluster, as Strimzi gives them.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use crate::api::CLUSTER_LABEL;

/// The name and namespace of a Kafka resource, from which all other names derive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    pub cluster: String,
    pub namespace: String,
}

/// What an object is part of: the labels `app.kubernetes.io/name` and `strimzi.io/name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    Kafka,
    CertificateAuthority,
    TrustBundle,
}

impl Names {
    pub fn bootstrap(&self) -> String {
        format!("{}-kafka-bootstrap", self.cluster)
    }

    pub fn brokers(&self) -> String {
        format!("{}-kafka-brokers", self.cluster)
    }

    /// The bootstrap Service's name within the Kubernetes cluster: what clients connect to.
    pub fn bootstrap_host(&self) -> String {
        format!("{}.{}.svc", self.bootstrap(), self.namespace)
    }

    /// A broker's own name, which it advertises.
    pub fn pod_host(&self, pod: &str) -> String {
        format!("{pod}.{}.{}.svc", self.brokers(), self.namespace)
    }

    pub fn pod(&self, pool: &str, id: i32) -> String {
        format!("{}-{pool}-{id}", self.cluster)
    }

    /// The Service of an external listener that any broker answers.
    pub fn external_bootstrap(&self, listener: &str) -> String {
        format!("{}-kafka-{listener}-bootstrap", self.cluster)
    }

    /// The Service of an external listener for one broker.
    pub fn external_broker(&self, pool: &str, listener: &str, id: i32) -> String {
        format!("{}-{pool}-{listener}-{id}", self.cluster)
    }

    pub fn cluster_ca_cert(&self) -> String {
        format!("{}-cluster-ca-cert", self.cluster)
    }

    pub fn cluster_ca_key(&self) -> String {
        format!("{}-cluster-ca", self.cluster)
    }

    pub fn clients_ca_cert(&self) -> String {
        format!("{}-clients-ca-cert", self.cluster)
    }

    pub fn clients_ca_key(&self) -> String {
        format!("{}-clients-ca", self.cluster)
    }

    pub fn trust_bundle(&self) -> String {
        format!("{}-trustbundle", self.cluster)
    }

    /// The operator's own certificate, with which it may do everything in Kafka.
    pub fn operator_certificate(&self) -> String {
        format!("{}-cluster-operator-certs", self.cluster)
    }

    pub fn labels(&self, component: Component) -> BTreeMap<String, String> {
        let (application, name) = match component {
            Component::Kafka => ("kafka", format!("{}-kafka", self.cluster)),
            Component::CertificateAuthority => ("certificate-authority", "strimzi".to_owned()),
            Component::TrustBundle => ("trust-bundle", "strimzi".to_owned()),
        };
        labels([
            ("app.kubernetes.io/instance", self.cluster.as_str()),
            ("app.kubernetes.io/managed-by", "strimzi-cluster-operator"),
            ("app.kubernetes.io/name", application),
            ("app.kubernetes.io/part-of", &format!("strimzi-{}", self.cluster)),
            (CLUSTER_LABEL, &self.cluster),
            ("strimzi.io/component-type", application),
            ("strimzi.io/kind", "Kafka"),
            ("strimzi.io/name", &name),
        ])
    }

    /// Selects every pod of the cluster.
    pub fn selector(&self) -> BTreeMap<String, String> {
        labels([
            (CLUSTER_LABEL, self.cluster.as_str()),
            ("strimzi.io/kind", "Kafka"),
            ("strimzi.io/name", &format!("{}-kafka", self.cluster)),
        ])
    }

    pub fn meta(&self, name: String, component: Component, owner: &OwnerReference) -> ObjectMeta {
        ObjectMeta {
            name: Some(name),
            namespace: Some(self.namespace.clone()),
            labels: Some(self.labels(component)),
            owner_references: Some(vec![owner.clone()]),
            ..ObjectMeta::default()
        }
    }
}

/// Labels or annotations from pairs.
pub fn labels<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
