//! KafkaTopic: what Strimzi's topic operator does.

mod controller;
mod managed;
mod plan;
mod status;

pub use controller::run;
