//! order-api against a real Kafka and a real MySQL. The servers come from `cargo xtask test --integration`; what
//! must be stopped or frozen, a test starts for itself.

mod api;
mod database;
mod own_kafka;
mod topic;

mod accept;
mod cancel;
mod dead_letters;
mod history;
mod kafka_away;
mod limits;
mod outcome;
mod process;
mod refuse;
mod stop;
mod transactional;
