//! KafkaUser: what Strimzi's user operator does.

mod acl;
mod apply;
mod controller;
mod error;
mod secret;
mod status;
mod sweep;

pub use controller::run;
