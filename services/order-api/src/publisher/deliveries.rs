//! Acknowledgements of single records to their callers.

use std::sync::Arc;
use std::time::Instant;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaErrorCode;
use tokio::sync::oneshot;

use super::PublishError;
use super::reports::Reports;
use crate::metrics::Metrics;

/// Shared by every producer that this process makes.
#[derive(Clone)]
pub(crate) struct Deliveries {
    pub(super) reports: Reports,
    metrics: Arc<Metrics>,
}

/// One record in hand.
pub(crate) struct Waiting {
    answer: oneshot::Sender<Result<(), PublishError>>,
    since: Instant,
}

impl Deliveries {
    pub(super) fn new(reports: Reports, metrics: Arc<Metrics>) -> Self {
        Self { reports, metrics }
    }

    pub(super) fn waiting(&self, answer: oneshot::Sender<Result<(), PublishError>>) -> Box<Waiting> {
        Box::new(Waiting { answer, since: Instant::now() })
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Waiting>;

    fn delivery(&self, result: &DeliveryResult<'_>, waiting: Box<Waiting>) {
        self.metrics.produce_seconds.observe(waiting.since.elapsed().as_secs_f64());
        let answer = match result {
            Ok(_) => {
                self.reports.is_up();
                Ok(())
            }
            Err((error, _)) => Err(classify(error)),
        };
        // The caller may have gone; the record stays where it is.
        let _gone = waiting.answer.send(answer);
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.reports.log(level, facility, message);
    }

    fn stats(&self, statistics: Statistics) {
        self.reports.stats(&statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.reports.error(&error, reason);
    }
}

/// Refused is said only of errors after which the record cannot be in the log; all others leave it unknown.
fn classify(error: &KafkaError) -> PublishError {
    match error.rdkafka_error_code() {
        Some(
            code @ (RDKafkaErrorCode::PurgeQueue
            | RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::InvalidTopic),
        ) => PublishError::Refused(code),
        _ => PublishError::Unknown,
    }
}
