//! The Kafka resource and its node pools: observe -> validate -> plan -> apply -> roll -> status.

mod apply;
mod authorities;
mod certificates;
mod config;
mod config_map;
mod controller;
#[cfg(test)]
mod example;
mod model;
mod names;
mod network_policy;
mod node_ids;
mod observe;
mod pdb;
mod pod;
mod roll;
mod secrets;
mod services;
mod status;
mod validate;

pub use apply::{write_secret, write_status};
pub use authorities::read as read_authority;
pub use controller::run;
pub use names::{Names, labels};
pub use observe::ready_runs;
pub use roll::is_ready;
pub use secrets::{encoded, opaque, text};
pub use validate::policy;
