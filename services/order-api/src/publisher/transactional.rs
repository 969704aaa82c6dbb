//! Group commit: all records that wait go out in one transaction, and nobody is answered before its commit.
//!
//! Two producers, each on a thread of its own, take turns: while one waits for its records and commits, the other sends what
//! comes. So the window in which a batch gathers is the commit before it, and 10 ms where several wait; a lone order waits for nobody. The threads, because librdkafka's
//! transaction calls block; two, because a transaction's markers are still being written when the next one wants to begin
//! on the same producer.

mod job;
mod lane;
mod queue;
mod verdict;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::bail;
use rdkafka::types::RDKafkaErrorCode;
use service_runtime::kafka::KafkaArgs;
use service_runtime::{CancellationToken, Component, ConfigError};

use super::reports::Reports;
use super::{DEADLINE, Outgoing, PublishError};
use crate::metrics::Metrics;
use job::Job;
use lane::Lane;
use queue::Shared;

/// Producers that take turns.
const LANES: usize = 2;
/// Between two looks at the threads.
const WATCH: Duration = Duration::from_secs(1);

/// Sends in transactions.
pub(super) struct Transactional {
    shared: Arc<Shared>,
    lanes: Vec<JoinHandle<()>>,
}

impl Transactional {
    pub(super) fn new(
        args: &KafkaArgs,
        prefix: &str,
        kafka: Component,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ConfigError> {
        let shared = Arc::new(Shared::new(LANES));
        let reports = Reports::new(kafka);
        // The host's name for people who look at a coordinator's list; a lane adds what makes it unique.
        let stem = format!("{prefix}-{}", args.client_id());
        let mut lanes = Vec::new();
        for number in 0..LANES {
            let lane = Lane::new(args, stem.clone(), number, &shared, &reports, &metrics)?;
            let thread = std::thread::Builder::new().name(format!("kafka-tx-{number}"));
            let thread = thread.spawn(move || lane.run());
            lanes.push(thread.map_err(|error| ConfigError::new("PRODUCER_MODE", format!("no thread: {error}")))?);
        }
        Ok(Self { shared, lanes })
    }

    pub(super) async fn publish(&self, record: Outgoing) -> Result<(), PublishError> {
        let (job, ticket) = Job::new(record, Instant::now());
        self.shared.push(job).map_err(|_full| PublishError::Refused(RDKafkaErrorCode::QueueFull))?;
        match tokio::time::timeout(DEADLINE, ticket.answer).await {
            Ok(Ok(result)) => result,
            // The thread went down with the record in hand.
            Ok(Err(_)) => Err(PublishError::Unknown),
            // Still in the queue: it never left this process, and never will.
            Err(_) if ticket.state.give_up() => Err(PublishError::Refused(RDKafkaErrorCode::MessageTimedOut)),
            Err(_) => Err(PublishError::Unknown),
        }
    }

    /// Fails when a thread ended: half of the producers is not what was asked for. Runs until shutdown.
    pub(super) async fn watch(&self, shutdown: CancellationToken) -> anyhow::Result<()> {
        while shutdown.run_until_cancelled(tokio::time::sleep(WATCH)).await.is_some() {
            if self.lanes.iter().any(JoinHandle::is_finished) {
                bail!("a thread of the transactional producer ended");
            }
        }
        Ok(())
    }

    pub(super) fn in_hand(&self) -> usize {
        self.shared.in_hand()
    }

    pub(super) fn ids(&self) -> Vec<String> {
        self.shared.ids()
    }
}

impl Drop for Transactional {
    /// The threads end by themselves once the queue is empty; joining them here could block a runtime's thread.
    fn drop(&mut self) {
        self.shared.close();
    }
}
