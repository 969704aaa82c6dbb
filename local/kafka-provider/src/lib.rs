//! Fulfils Strimzi's Kafka, KafkaNodePool, KafkaTopic and KafkaUser on a local cluster, as Strimzi
//! 1.2.0 does. Real clusters run Strimzi.

pub mod access;
pub mod api;
pub mod broker;
pub mod cluster;
pub mod entity;
pub mod pki;
pub mod settings;
pub mod topic;
pub mod user;
