//! orderctl on a real MySQL and Kafka, on a real search-api, and on services that answer what a test wants.

mod catalog;
mod fake;
mod fixture;
mod order_api;
mod program;
mod search_api;
mod verify;
