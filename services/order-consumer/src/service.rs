//! The parts, put together.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rdkafka::admin::AdminClient;
use rdkafka::client::DefaultClientContext;
use service_runtime::database::Database;
use service_runtime::{CancellationToken, ConfigError, Process};

use crate::config::Args;
use crate::dead_letter::{Flood, Publisher};
use crate::kafka::{PollThread, consumer};
use crate::locator::Locator;
use crate::metrics::Metrics;
use crate::retention::Retention;
use crate::shared::Shared;
use crate::store::{Store, session};
use crate::sweep;
use crate::worker::Worker;

/// Starts everything; the process runs until a signal.
pub async fn start(args: Args) -> anyhow::Result<Process> {
    let mut process = Process::start("order-consumer", env!("CARGO_PKG_VERSION"), &args.runtime)?;
    let shared = Arc::new(Shared::new(args.limits()));
    let metrics = Metrics::new(&mut process.registry, usize::from(args.workers));
    let (kafka_health, database_health) = (process.health.component("kafka"), process.health.component("database"));
    let database = Database::new(args.database.clone(), session())?;
    let config = args.kafka.client_config()?;
    let topic = args.kafka.kafka_topic.clone();
    let kafka = |error: rdkafka::error::KafkaError| ConfigError::new("KAFKA_…", error.to_string());
    let publisher = Arc::new(Publisher::new(config.clone(), &topic, &args.kafka_group).map_err(kafka)?);
    let admin: AdminClient<DefaultClientContext> = config.create().map_err(kafka)?;

    let worker = Worker {
        number: 0,
        shared: shared.clone(),
        store: Store::new(database.pool().clone(), &topic),
        publisher,
        flood: Arc::new(Mutex::new(Flood::new(usize::try_from(args.dead_letter_limit).unwrap_or(usize::MAX)))),
        metrics: metrics.clone(),
        database: database_health.clone(),
        shutdown: process.shutdown.clone(),
    };
    let poll = PollThread {
        consumer: consumer(config, &args.kafka_group, shared.clone()).map_err(kafka)?,
        topic: topic.clone(),
        shared: shared.clone(),
        health: kafka_health.clone(),
    };
    process.spawn("consumer", consume(poll, worker, usize::from(args.workers)));
    let admin = Arc::new(admin);
    let retention = Retention {
        admin: admin.clone(),
        database: database.clone(),
        topic: topic.clone(),
        shared: shared.clone(),
        metrics: metrics.clone(),
        keep: args.retain_processed,
    };
    process.spawn("retention", retention.run(process.shutdown.clone()));
    let locator = Locator {
        admin,
        database: database.clone(),
        topic,
        shared: shared.clone(),
        metrics: metrics.clone(),
        kafka_health,
        database_health: database_health.clone(),
    };
    process.spawn("locator", locator.run(process.shutdown.clone()));
    process.spawn("sweep", sweep::run(database.pool().clone(), process.shutdown.clone()));
    process.spawn("credentials", database.follow_credentials(process.shutdown.clone()));
    process.spawn("figures", figures(shared, metrics, process.shutdown.clone()));
    process.serve_admin().await?;
    process.health.ready();
    Ok(process)
}

/// The workers end first: each finishes its batch. Then the poll thread commits to Kafka and leaves the group.
async fn consume(poll: PollThread, worker: Worker, workers: usize) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let polling = {
        let stop = stop.clone();
        let (done, ended) = tokio::sync::oneshot::channel();
        std::thread::Builder::new().name("kafka-poll".to_owned()).spawn(move || {
            // Nobody listens any more only when the process ends anyway.
            let _ = done.send(poll.run(&stop));
        })?;
        ended
    };
    let mut working = tokio::task::JoinSet::new();
    for number in 0..workers {
        working.spawn(Worker { number, ..worker.clone() }.run());
    }
    tokio::pin!(polling);
    loop {
        tokio::select! {
            // The poll thread ends by itself only when Kafka says that this member can never go on.
            ended = &mut polling => return Ok(ended??),
            Some(worked) = working.join_next() => worked??,
            else => break,
        }
        if working.is_empty() {
            break;
        }
    }
    stop.cancel();
    Ok(polling.await??)
}

/// Gauges of what is in hand.
async fn figures(shared: Arc<Shared>, metrics: Metrics, shutdown: CancellationToken) -> anyhow::Result<()> {
    while shutdown.run_until_cancelled(tokio::time::sleep(Duration::from_secs(1))).await.is_some() {
        metrics.look(&shared.hand(), Instant::now(), Timestamp::now().as_millisecond());
    }
    Ok(())
}
