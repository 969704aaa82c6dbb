//! The operator against a real API server, etcd, garbage collector and namespace controller. What kubelet, Deployment
//! and Job controllers and Strimzi would do is done by `stand_in`.
//!
//! `cargo xtask test --integration` runs these; by hand: `cargo test -p order-pipeline-operator --test cluster --
//! --ignored` with the program `kube` in target/local/bin or named by KUBE_BINARY.

mod admission;
mod api_server;
mod autoscaling;
mod chart;
mod deletion;
mod drift;
mod leader;
mod order_namespace;
mod outage;
mod processes;
mod restarts;
mod rights;
mod rollout;
mod scaling;
mod scene;
mod secrets;
mod stand_in;
mod storefront;
mod strimzi_missing;
