//! Each record by itself: a librdkafka producer with its own polling thread and one channel per record.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;
use service_runtime::kafka::KafkaArgs;
use service_runtime::{CancellationToken, Component, ConfigError};
use tokio::sync::oneshot;

use super::deliveries::Deliveries;
use super::reports::Reports;
use super::{DEADLINE, Outgoing, PublishError, settings};
use crate::metrics::Metrics;

type Client = ThreadedProducer<Deliveries>;

/// Sends one by one.
pub(super) struct Idempotent {
    topic: String,
    config: ClientConfig,
    deliveries: Deliveries,
    /// Replaced after a fatal error only, so readers never wait for one another.
    client: RwLock<Arc<Client>>,
}

impl Idempotent {
    pub(super) fn new(args: &KafkaArgs, kafka: Component, metrics: Arc<Metrics>) -> Result<Self, ConfigError> {
        let config = settings::idempotent(args)?;
        let deliveries = Deliveries::new(Reports::new(kafka), metrics);
        let client = connect(&config, &deliveries)
            .map_err(|error| ConfigError::new("KAFKA_…", format!("no producer can be made: {error}")))?;
        Ok(Self { topic: args.kafka_topic.clone(), config, deliveries, client: RwLock::new(Arc::new(client)) })
    }

    pub(super) async fn publish(&self, record: &Outgoing) -> Result<(), PublishError> {
        let delivery = self.enqueue(record)?;
        match tokio::time::timeout(DEADLINE, delivery).await {
            Ok(Ok(result)) => result,
            // The producer was replaced with the record in hand.
            Ok(Err(_)) => Err(PublishError::Unknown),
            Err(_) => Err(PublishError::Unknown),
        }
    }

    fn enqueue(&self, record: &Outgoing) -> Result<oneshot::Receiver<Result<(), PublishError>>, PublishError> {
        let (answer, delivery) = oneshot::channel();
        let sent = BaseRecord::with_opaque_to(&self.topic, self.deliveries.waiting(answer))
            .key(&record.key)
            .payload(&record.value)
            .headers(record.owned_headers());
        self.client().send(sent).map_err(|(error, _)| {
            let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
            PublishError::Refused(code)
        })?;
        Ok(delivery)
    }

    /// Replaces the producer after a fatal error, which no retry on the old one can heal. Runs until shutdown.
    pub(super) async fn mend(&self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let fatal = &self.deliveries.reports.fatal;
        while shutdown.run_until_cancelled(fatal.notified()).await.is_some() {
            match connect(&self.config, &self.deliveries) {
                Ok(client) => {
                    tracing::warn!("the Kafka producer failed for good; a new one takes over");
                    let mut place = self.client.write().unwrap_or_else(PoisonError::into_inner);
                    let old = std::mem::replace(&mut *place, Arc::new(client));
                    drop(place);
                    // Its drop joins a thread and may wait half a second.
                    tokio::task::spawn_blocking(move || drop(old));
                }
                Err(error) => {
                    tracing::error!(%error, "no new Kafka producer can be made; trying again");
                    shutdown.run_until_cancelled(tokio::time::sleep(Duration::from_secs(1))).await;
                    fatal.notify_one();
                }
            }
        }
        Ok(())
    }

    pub(super) fn in_hand(&self) -> usize {
        usize::try_from(self.client().in_flight_count()).unwrap_or(0)
    }

    fn client(&self) -> Arc<Client> {
        self.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn connect(config: &ClientConfig, deliveries: &Deliveries) -> Result<Client, KafkaError> {
    Client::from_config_and_context(config, deliveries.clone())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use prometheus_client::registry::Registry;
    use service_runtime::{Process, RuntimeArgs};

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        runtime: RuntimeArgs,
        #[command(flatten)]
        kafka: KafkaArgs,
    }

    #[tokio::test]
    async fn a_producer_that_failed_for_good_is_replaced() {
        let cli = Cli::parse_from(["test", "--kafka-bootstrap", "127.0.0.1:1"]);
        let process = Process::start("test", "0", &cli.runtime).unwrap();
        let metrics = Arc::new(Metrics::register(&mut Registry::default()));
        let publisher = Arc::new(Idempotent::new(&cli.kafka, process.health.component("kafka"), metrics).unwrap());
        let first = Arc::downgrade(&publisher.client());
        let shutdown = CancellationToken::new();
        let mending = tokio::spawn({
            let (publisher, shutdown) = (publisher.clone(), shutdown.clone());
            async move { publisher.mend(shutdown).await }
        });
        publisher.deliveries.reports.fatal.notify_one();
        while first.strong_count() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(publisher.client().in_flight_count(), 0, "there is another one");
        shutdown.cancel();
        mending.await.unwrap().unwrap();
    }
}
