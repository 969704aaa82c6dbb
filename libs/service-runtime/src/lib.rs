//! How a process of ours starts, is observed and stops: the same for every service, so that they behave the
//! same in Kubernetes.
//!
//! A main does: parse flags, [`Process::start`], register metrics, spawn tasks, [`Process::run`]. Probes and
//! metrics are on the admin port. Readiness speaks of the process alone: a backend that is away is a detail
//! of `/healthz` and a metric, never a reason to be unready (callers would get "connection refused" instead
//! of an answer that says why).

mod admin;
mod args;
pub mod auth;
mod exit;
mod health;
pub mod http;
pub mod problem;
mod process;
pub mod secret_file;
pub mod telemetry;
pub mod trace_context;

#[cfg(feature = "database")]
pub mod database;
#[cfg(feature = "kafka")]
pub mod kafka;

pub use args::{LogFormat, RuntimeArgs, parse_duration};
pub use exit::{ConfigError, exit_code};
pub use health::{Component, Health};
pub use process::Process;
pub use tokio_util::sync::CancellationToken;
