//! Kafka's admin requests over its own protocol. Any broker takes them: it forwards to the
//! controller what only the controller may do.

mod acls;
mod configs;
mod connection;
mod error;
mod scram;
mod topics;

pub use acls::{Binding, all_acls, create_acls, delete_acls, describe_acls};
pub use configs::{ConfigChange, alter_topic_configs, topic_overrides};
pub use connection::Connection;
pub use error::BrokerError;
pub use scram::{delete_scram, scram_exists, scram_users, upsert_scram};
pub use topics::{TopicState, create_partitions, create_topic, delete_topic, describe_topic, under_replicated};
