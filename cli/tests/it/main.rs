//! orderctl on a real MySQL and Kafka.

mod fixture;
mod order_api;
mod program;
mod verify;
