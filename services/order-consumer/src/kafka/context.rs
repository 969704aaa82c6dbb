//! Rebalances. Cooperative: only partitions that move are assigned or revoked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use crate::shared::Shared;

/// How long a revoke waits for a worker: longer than a transaction that waits for a lock (5 s) or a letter (10 s), far
/// shorter than `max.poll.interval.ms`. Whoever is not done then is stopped by the compare-and-set.
const REVOKE_WAIT: Duration = Duration::from_secs(20);
/// Between two log lines that say the same about the brokers.
const SAY_AGAIN: Duration = Duration::from_secs(30);

/// librdkafka's callbacks; they run inside `poll`, on the poll thread.
pub struct Context {
    shared: Arc<Shared>,
    rebalanced: AtomicBool,
    all_down: Mutex<Option<Instant>>,
}

impl Context {
    /// Callbacks that tell `shared`.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared, rebalanced: AtomicBool::new(false), all_down: Mutex::new(None) }
    }

    /// Once in [`SAY_AGAIN`].
    fn may_say_so(&self, now: Instant) -> bool {
        let mut said = self.all_down.lock().unwrap_or_else(PoisonError::into_inner);
        let may = said.is_none_or(|said| now.saturating_duration_since(said) >= SAY_AGAIN);
        if may {
            *said = Some(now);
        }
        may
    }

    /// Whether there was a rebalance since this was asked last.
    pub(super) fn take_rebalanced(&self) -> bool {
        self.rebalanced.swap(false, Ordering::Relaxed)
    }

    /// Assigned paused: nothing counts before MySQL's row says from where. At offset 0, although nothing is to be read there: without
    /// an offset librdkafka would ask for Kafka's own commit, and with a logical one (beginning, end) it would look that up, and a
    /// late answer to such a look-up overrides a seek (rd_kafka_toppar_handle_Offset retries an outdated one). Records would
    /// be skipped.
    fn assign(&self, consumer: &BaseConsumer<Self>, list: &mut TopicPartitionList) {
        let partitions = numbers(list);
        tracing::info!(?partitions, "partitions assigned");
        {
            let mut hand = self.shared.hand();
            partitions.iter().for_each(|partition| hand.assign(*partition));
        }
        let assigned = list
            .set_all_offsets(Offset::Offset(0))
            .and_then(|()| consumer.incremental_assign(list))
            .and_then(|()| consumer.pause(list));
        if let Err(error) = assigned {
            tracing::warn!(%error, ?partitions, "assignment failed");
        }
        self.shared.ask_for_places();
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        let partitions = numbers(list);
        // Lost: the group gave them away already, because it did not hear of us in time. There is nothing to wait for.
        let lost = consumer.assignment_lost();
        tracing::info!(?partitions, lost, "partitions revoked");
        let lent = {
            let mut hand = self.shared.hand();
            partitions.iter().fold(false, |lent, partition| hand.revoke(*partition) | lent)
        };
        if lent && !lost && !self.shared.wait_for_return(&partitions, Instant::now() + REVOKE_WAIT) {
            tracing::warn!(?partitions, "work in hand was not done in time; its commit will be refused");
        }
        {
            let mut hand = self.shared.hand();
            partitions.iter().for_each(|partition| hand.drop_partition(*partition));
        }
        if let Err(error) = consumer.incremental_unassign(list) {
            tracing::warn!(%error, ?partitions, "giving partitions back failed");
        }
    }
}

impl ClientContext for Context {
    fn error(&self, error: KafkaError, reason: &str) {
        // librdkafka reports the end of a partition here, too.
        if matches!(error, KafkaError::Global(RDKafkaErrorCode::PartitionEOF)) {
            return;
        }
        // While no broker is there this comes ten times a second.
        if matches!(error, KafkaError::Global(RDKafkaErrorCode::AllBrokersDown)) && !self.may_say_so(Instant::now()) {
            return;
        }
        tracing::warn!(%error, reason, "Kafka client");
    }
}

impl ConsumerContext for Context {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        self.rebalanced.store(true, Ordering::Relaxed);
        match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.assign(consumer, list),
            _ => self.revoke(consumer, list),
        }
    }
}

fn numbers(list: &TopicPartitionList) -> Vec<i32> {
    list.elements().iter().map(rdkafka::topic_partition_list::TopicPartitionListElem::partition).collect()
}
