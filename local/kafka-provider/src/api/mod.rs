//! The parts of Strimzi's v1 API that the provider acts on. What is not here is accepted by the
//! CRDs and ignored.

mod condition;
mod kafka;
mod node_pool;
mod topic;
mod user;

pub use condition::{Condition, same_but_time, stamped};
pub use kafka::{
    Address, Authorization, CertificateAuthority, ClusterSpec, EntityOperator, Kafka, KafkaSpec, KafkaStatus, Listener,
    ListenerAuthentication, ListenerBootstrap, ListenerBroker, ListenerConfiguration, ListenerStatus, PoolReference,
};
pub use node_pool::{JvmOptions, KafkaNodePool, KafkaNodePoolSpec, KafkaNodePoolStatus, PoolStorage, Volume};
pub use topic::{KafkaTopic, KafkaTopicSpec, KafkaTopicStatus};
pub use user::{
    Acl, AclResource, KafkaUser, KafkaUserSpec, KafkaUserStatus, Password, PasswordSource, SecretKey,
    UserAuthentication, UserAuthorization,
};

/// Ties every object to its Kafka cluster.
pub const CLUSTER_LABEL: &str = "strimzi.io/cluster";

/// `"true"` on a resource: the operator leaves it alone and says so in its status.
pub const PAUSE_ANNOTATION: &str = "strimzi.io/pause-reconciliation";

/// True when the resource asks to be left alone.
pub fn is_paused(resource: &impl kube::ResourceExt) -> bool {
    resource.annotations().get(PAUSE_ANNOTATION).is_some_and(|value| value == "true")
}
