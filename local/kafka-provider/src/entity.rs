//! What topics and users have in common: the cluster they belong to.

use kube::{Api, Client, ResourceExt};

use crate::api::{CLUSTER_LABEL, Kafka};
use crate::cluster::Names;

/// Strimzi's two operators that run beside a cluster, only where its Kafka resource asks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    TopicOperator,
    UserOperator,
}

/// The cluster that a resource's label names, when it exists and has that operator. With a wrong label
/// nobody looks at a resource, and it never gets a status.
pub async fn cluster_of(
    client: &Client,
    resource: &impl ResourceExt,
    entity: Entity,
) -> Result<Option<Names>, kube::Error> {
    let namespace = resource.namespace().unwrap_or_default();
    let Some(cluster) = resource.labels().get(CLUSTER_LABEL).cloned() else { return Ok(None) };
    let kafkas: Api<Kafka> = Api::namespaced(client.clone(), &namespace);
    let kafka = kafkas.get_opt(&cluster).await?;
    Ok(kafka.filter(|kafka| has(kafka, entity)).map(|_| Names { cluster, namespace }))
}

/// The cluster of a Kafka resource, when it has a user operator.
pub fn users_of(kafka: &Kafka) -> Option<Names> {
    has(kafka, Entity::UserOperator)
        .then(|| Names { cluster: kafka.name_any(), namespace: kafka.namespace().unwrap_or_default() })
}

fn has(kafka: &Kafka, entity: Entity) -> bool {
    let operators = kafka.spec.entity_operator.clone().unwrap_or_default();
    let leaving = kafka.metadata.deletion_timestamp.is_some();
    !leaving
        && match entity {
            Entity::TopicOperator => operators.topic_operator.is_some(),
            Entity::UserOperator => operators.user_operator.is_some(),
        }
}
