//! order-consumer as a child process on a real Kafka and a real MySQL.

mod consumer;
mod crash;
mod dead_letters;
mod error_numbers;
mod flood;
mod frozen;
mod growth;
mod happy;
mod kafka_outage;
mod log_changes;
mod outage;
mod poison;
mod restored;
mod retention;
mod secure;
mod shared_work;
mod trace;
mod truncated;
mod world;
