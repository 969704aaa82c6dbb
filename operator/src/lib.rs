//! The operator of the order platform. One pass over one `OrderPipeline` has five steps, a file each:
//!
//! 1. [`controller::observe`]: everything the decision needs, read from the API server;
//! 2. [`controller::validate`]: what can be done with it (pure);
//! 3. [`controller::plan`]: the objects that should exist, as values (pure, cannot fail);
//! 4. [`controller::apply`]: server-side apply, in order, and pruning;
//! 5. [`controller::status`]: conditions and numbers, written when they changed.
//!
//! Beside the passes [`sampling`] asks Kafka and the consumers every 5 s and decides by [`scaling`] (pure) how many
//! consumers should run; a pass applies it. [`ops`] shows the last hour of it to the operations view.
//!
//! Invariants:
//! - only observe, apply, status and deletion hold a client; everything between is a function of values and `now`;
//! - a pass starts from what exists, never from what the last pass did: killing the operator at any point loses
//!   nothing;
//! - a closed gate (Kafka, schema, consumers) holds *new* pod templates back; what runs is never stopped by one;
//! - unknown is never zero: what could not be read is not taken for absent, the pass fails and is tried again.

pub mod config;
pub mod controller;
pub mod crd;
pub mod decide;
pub mod leader;
pub mod metrics;
pub mod ops;
pub mod sampling;
pub mod scaling;
pub mod simulate;
pub mod strimzi;
pub mod uninstall;
pub mod watches;

/// Name under which the operator writes, for server-side apply and for events.
pub const MANAGER: &str = "order-pipeline-operator";
