//! orderctl: what a person on call does to orders, dead letters, offsets and the catalogue, and the proof that nothing
//! was lost.
//!
//! The library is what the scenarios use, too: their oracle is [`verify`].

pub mod catalog;
pub mod cli;
pub mod connect;
pub mod dlq;
pub mod failure;
pub mod offsets;
pub mod order;
pub mod output;
pub mod verify;
