//! What librdkafka reports of its brokers and of itself, the same for every producer of ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaErrorCode;
use service_runtime::Component;
use tokio::sync::Notify;

/// Kafka's state to health, fatal errors to whoever replaces the producer.
#[derive(Clone)]
pub(super) struct Reports {
    kafka: Component,
    /// What `kafka` was told last: acknowledgements come too often to take its lock each time.
    up: Arc<AtomicBool>,
    /// Told once for each fatal error.
    pub(super) fatal: Arc<Notify>,
}

impl Reports {
    pub(super) fn new(kafka: Component) -> Self {
        Self { kafka, up: Arc::new(AtomicBool::new(false)), fatal: Arc::new(Notify::new()) }
    }

    pub(super) fn is_up(&self) {
        if !self.up.load(Ordering::Relaxed) {
            self.up.store(true, Ordering::Relaxed);
            self.kafka.up();
        }
    }

    fn is_down(&self, why: impl Into<String>) {
        self.up.store(false, Ordering::Relaxed);
        self.kafka.down(why);
    }

    pub(super) fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                tracing::error!(facility, "librdkafka: {message}");
            }
            // A broker that is away says so many times a second; health tells it once.
            _ => tracing::debug!(facility, ?level, "librdkafka: {message}"),
        }
    }

    pub(super) fn stats(&self, statistics: &Statistics) {
        if statistics.brokers.values().any(|broker| broker.state == "UP") {
            self.is_up();
        }
    }

    pub(super) fn error(&self, error: &KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::Fatal) => {
                tracing::error!(reason, "the Kafka producer cannot go on: {reason}");
                self.fatal.notify_one();
            }
            Some(
                RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::Authentication
                | RDKafkaErrorCode::SaslAuthenticationFailed
                | RDKafkaErrorCode::SSL,
            ) => self.is_down(reason),
            _ => tracing::debug!(reason, "librdkafka: {reason}"),
        }
    }
}
