//! Scenarios: real clients against the whole platform, with something going wrong meanwhile, and a ledger
//! at the end that accounts for every order.
//!
//! The same scenario runs on plain processes ([`platform::Processes`]) and on the local node
//! ([`platform::Node`]).

pub mod bench;
pub mod browser;
pub mod ledger;
pub mod platform;
pub mod scenario;
pub mod second;

mod catalogue;
mod customer;
mod evidence;
mod kubernetes;
mod load;
mod order_log;
mod patience;
mod run;
