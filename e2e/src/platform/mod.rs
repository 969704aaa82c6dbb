//! The whole platform, and what a scenario does to it.

mod node;
mod processes;
mod services;

use anyhow::{Result, bail};
use orderctl::connect::api::Api;
use orderctl::verify::Sources;
use sqlx::MySqlPool;

pub use node::Node;
pub use processes::{Processes, Setup};
pub use services::ADMIN_TOKEN;

use crate::order_log::OrderLog;

/// Where a scenario runs. Every fault means the same in both places.
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Platform {
    /// Our programs beside MySQL and Kafka of their own, as child processes on loopback.
    Processes(Processes),
    /// The local Kubernetes node that `cargo xtask up` made.
    Node(Node),
}

impl Platform {
    /// Base URL of order-api.
    pub fn order_api(&self) -> String {
        match self {
            Self::Processes(processes) => processes.order_api(),
            Self::Node(node) => node.order_api(),
        }
    }

    /// A pool of connections as root.
    pub async fn database(&self) -> Result<MySqlPool> {
        match self {
            Self::Processes(processes) => processes.database().await,
            Self::Node(node) => node.database().await,
        }
    }

    /// Kafka's log of orders.
    pub fn order_log(&self) -> OrderLog {
        match self {
            Self::Processes(processes) => processes.order_log(),
            Self::Node(node) => node.order_log(),
        }
    }

    /// What `verify` compares.
    pub fn sources(&self) -> Sources {
        match self {
            Self::Processes(processes) => processes.sources(),
            Self::Node(node) => node.sources(),
        }
    }

    /// order-api with the pipeline's token.
    pub fn admin(&self) -> Result<Api> {
        match self {
            Self::Processes(processes) => Ok(Api::new(&processes.order_api(), Some(ADMIN_TOKEN.into()))?),
            Self::Node(node) => node.admin(),
        }
    }

    /// For what is done to plain processes alone.
    pub fn processes(&mut self) -> Result<&mut Processes> {
        match self {
            Self::Processes(processes) => Ok(processes),
            Self::Node(_) => bail!("this is done on plain processes"),
        }
    }

    /// Changes the resource; processes are started with their mode ([`Setup`]).
    pub async fn set_producer_mode(&mut self, mode: &str) -> Result<()> {
        match self {
            Self::Processes(_) => bail!("processes are started with their producer mode"),
            Self::Node(node) => node.set_producer_mode(mode).await,
        }
    }

    /// kill -9 of the consumer; it is started again at once.
    pub async fn kill_consumer(&mut self) -> Result<()> {
        match self {
            Self::Processes(processes) => processes.kill_consumer(),
            Self::Node(node) => node.kill_consumer().await,
        }
    }

    /// Ends order-api the hard way and starts a new one; returns when the new one is ready.
    pub async fn restart_order_api(&mut self) -> Result<()> {
        match self {
            Self::Processes(processes) => processes.restart_order_api(),
            Self::Node(node) => node.restart_order_api().await,
        }
    }

    /// Stops MySQL; returns when it has gone.
    pub async fn take_database_down(&mut self) -> Result<()> {
        match self {
            Self::Processes(processes) => processes.take_database_down(),
            Self::Node(node) => node.take_database_down().await,
        }
    }

    /// Starts MySQL again; returns when it answers.
    pub async fn bring_database_back(&mut self) -> Result<()> {
        match self {
            Self::Processes(processes) => processes.bring_database_back(),
            Self::Node(node) => node.bring_database_back().await,
        }
    }

    /// Stops Kafka; returns when it has gone.
    pub async fn take_kafka_down(&mut self) -> Result<()> {
        match self {
            Self::Processes(processes) => processes.take_kafka_down(),
            Self::Node(node) => node.take_kafka_down().await,
        }
    }

    /// Starts Kafka again; returns when it serves.
    pub async fn bring_kafka_back(&mut self) -> Result<()> {
        match self {
            Self::Processes(processes) => processes.bring_kafka_back(),
            Self::Node(node) => node.bring_kafka_back().await,
        }
    }

    /// What a person needs to see after a failure: logs, and on the node pods and events.
    pub async fn dump(&self) -> String {
        match self {
            Self::Processes(processes) => processes.dump(),
            Self::Node(node) => node.dump().await,
        }
    }
}
