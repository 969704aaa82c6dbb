//! Metrics. Labels come from enums and from the partitions of one topic: bounded.
//!
//! The operator sizes the consumers by some of them, so these names are contract:
//!
//! | name | what |
//! | --- | --- |
//! | `consumer_batch_duration_seconds` | histogram: begin to commit of each batch that committed |
//! | `consumer_commit_duration_seconds` | histogram: COMMIT alone, the database's own pace however large the batch |
//! | `consumer_records_total` | records committed |
//! | `consumer_busy_seconds_total` | time in transactions, summed over the workers; its rate divided by `consumer_workers` is how busy we are |
//! | `consumer_workers` | workers |
//! | `consumer_service_rate` | records per second with all workers busy, over the last 30 s; NaN while unknown |
//! | `consumer_in_hand_records` | fetched and not committed |
//! | `consumer_partitions_assigned` | partitions of this consumer |
//! | `consumer_partition_in_hand_records{partition}` | the same by partition: one series for each that is assigned |
//! | `consumer_held_seconds{cause}` | since when everything is held, 0 when it is not |

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::fold::Totals;
use crate::hand::{Cause, Hand};
use crate::pace::Pace;
use crate::store::Committed;

/// All metrics of the consumer; cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics {
    orders: Family<Outcome, Counter>,
    statuses: Family<StatusLabel, Counter>,
    dead_letters: Family<Reason, Counter>,
    failures: Family<ClassLabel, Counter>,
    batch_duration: Histogram,
    commit_duration: Histogram,
    batch_size: Histogram,
    records: Counter,
    busy: Counter<f64, AtomicU64>,
    workers: Gauge,
    service_rate: Gauge<f64, AtomicU64>,
    by_partition: Family<Partition, Gauge>,
    shown: Arc<Mutex<BTreeSet<i32>>>,
    held: Family<CauseLabel, Gauge<f64, AtomicU64>>,
    pace: Arc<Mutex<Pace>>,
    /// Log end (last stable offset) minus `next`. Absent while unknown.
    pub lag: Family<Partition, Gauge>,
    /// Offsets that are gone below a stopped partition's log start.
    pub gap: Family<Partition, Gauge>,
    /// Offsets removed from the topic because they were processed long ago.
    pub removed: Counter,
    /// Logs found truncated below `next`.
    pub truncated: Counter,
    assigned: Gauge,
    paused: Gauge,
    stopped: Gauge,
    in_hand: Gauge,
    oldest_age: Gauge<f64, AtomicU64>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StatusLabel {
    status: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ClassLabel {
    class: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CauseLabel {
    cause: &'static str,
}

/// A partition of the topic.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Partition {
    /// Its number.
    pub partition: i32,
}

impl Metrics {
    /// Registers all. `workers`: how many batches can be worked on at once.
    pub fn new(registry: &mut Registry, workers: usize) -> Self {
        let metrics = Self {
            orders: Family::default(),
            statuses: Family::default(),
            dead_letters: Family::default(),
            failures: Family::default(),
            batch_duration: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            commit_duration: Histogram::new(exponential_buckets(0.0005, 1.5, 24)),
            batch_size: Histogram::new(exponential_buckets(1.0, 2.0, 12)),
            records: Counter::default(),
            busy: Counter::default(),
            workers: Gauge::default(),
            service_rate: Gauge::default(),
            by_partition: Family::default(),
            shown: Arc::default(),
            held: Family::default(),
            pace: Arc::new(Mutex::new(Pace::new(workers))),
            lag: Family::default(),
            gap: Family::default(),
            removed: Counter::default(),
            truncated: Counter::default(),
            assigned: Gauge::default(),
            paused: Gauge::default(),
            stopped: Gauge::default(),
            in_hand: Gauge::default(),
            oldest_age: Gauge::default(),
        };
        // From the start, so that the first increase is one.
        for (outcome, _) in by_outcome(&Totals::default()) {
            drop(metrics.orders.get_or_create(&Outcome { outcome }));
        }
        metrics.workers.set(gauge(workers));
        metrics.service_rate.set(f64::NAN);
        for cause in Cause::ALL {
            metrics.held.get_or_create(&CauseLabel { cause: cause.as_str() }).set(0.0);
        }
        let m = metrics.clone();
        registry.register("orders_processed", "Records committed, by what became of them", m.orders);
        registry.register("order_statuses", "Orders committed, by status at the end of their batch", m.statuses);
        registry.register("dead_letters", "Records that became dead letters, by reason", m.dead_letters);
        registry.register("consumer_batch_failures", "Attempts that did not commit, by class of error", m.failures);
        registry.register_with_unit(
            "consumer_batch_duration",
            "From the begin of a batch's transaction to its commit",
            Unit::Seconds,
            m.batch_duration,
        );
        registry.register_with_unit(
            "consumer_commit_duration",
            "COMMIT alone, of each batch that committed: the database's own pace",
            Unit::Seconds,
            m.commit_duration,
        );
        registry.register("consumer_batch_records", "Records of a committed batch", m.batch_size);
        registry.register("consumer_records", "Records committed", m.records);
        registry.register_with_unit("consumer_busy", "Time in transactions, of all workers", Unit::Seconds, m.busy);
        registry.register("consumer_workers", "Batches that can be worked on at once", m.workers);
        registry.register(
            "consumer_service_rate",
            "Records per second with all workers busy, over the last 30 s; NaN while unknown",
            m.service_rate,
        );
        registry.register(
            "consumer_partition_in_hand_records",
            "Records fetched and not committed, of each assigned partition",
            m.by_partition,
        );
        registry.register_with_unit(
            "consumer_held",
            "For how long nothing is worked on, because no single order is wrong; 0 when it is not so",
            Unit::Seconds,
            m.held,
        );
        registry.register("consumer_lag", "Last stable offset minus the next offset in MySQL", m.lag);
        registry.register("consumer_gap", "Offsets lost below the log's start; the partition is stopped", m.gap);
        registry.register("consumer_offsets_removed", "Offsets of processed records removed from the topic", m.removed);
        registry.register("consumer_log_truncated", "Logs found truncated below the next offset", m.truncated);
        registry.register("consumer_partitions_assigned", "Partitions of this consumer", m.assigned);
        registry.register("consumer_partitions_paused", "Partitions not worked on at the moment", m.paused);
        registry.register("consumer_partitions_stopped", "Partitions stopped because records are lost", m.stopped);
        registry.register("consumer_in_hand_records", "Records fetched and not committed", m.in_hand);
        registry.register_with_unit(
            "consumer_oldest_record_age",
            "Age of the oldest record fetched and not committed, 0 with none",
            Unit::Seconds,
            m.oldest_age,
        );
        metrics
    }

    /// A batch of so many records committed.
    pub fn committed(&self, committed: &Committed, records: usize, took: Duration) {
        self.attempted(took);
        self.batch_duration.observe(took.as_secs_f64());
        self.commit_duration.observe(committed.commit.as_secs_f64());
        self.records.inc_by(u64::try_from(records).unwrap_or(u64::MAX));
        self.pace().committed(records, took, Instant::now());
        self.batch_size.observe(f64::from(u32::try_from(records).unwrap_or(u32::MAX)));
        for totals in committed.totals.values() {
            for (outcome, count) in by_outcome(totals) {
                self.orders.get_or_create(&Outcome { outcome }).inc_by(count);
            }
        }
        for status in &committed.statuses {
            self.statuses.get_or_create(&StatusLabel { status }).inc();
        }
        for reason in &committed.letters {
            self.dead_letters.get_or_create(&Reason { reason }).inc();
        }
    }

    /// A transaction took so long, whatever came of it.
    pub fn attempted(&self, took: Duration) {
        self.busy.inc_by(took.as_secs_f64());
    }

    /// What is in hand. `now_millis`: milliseconds since the epoch, by which records' ages are told.
    pub fn look(&self, hand: &Hand, now: Instant, now_millis: i64) {
        let figures = hand.figures(now);
        self.assigned.set(gauge(figures.assigned));
        self.paused.set(gauge(figures.held));
        self.stopped.set(gauge(figures.stopped));
        self.in_hand.set(gauge(figures.records));
        let age = figures.oldest.map_or(0, |oldest| (now_millis - oldest).max(0));
        self.oldest_age.set(Duration::from_millis(age.unsigned_abs()).as_secs_f64());
        let by_partition = hand.by_partition();
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        // A partition that went away must not look assigned; one that stays must not be missing in a scrape between.
        for gone in shown.iter().filter(|shown| !by_partition.contains_key(shown)) {
            self.by_partition.remove(&Partition { partition: *gone });
        }
        *shown = by_partition.keys().copied().collect();
        for (partition, records) in by_partition {
            self.by_partition.get_or_create(&Partition { partition }).set(gauge(records));
        }
        let held = hand.held(now);
        for cause in Cause::ALL {
            let seconds = held.filter(|(found, _)| *found == cause).map_or(0.0, |(_, time)| time.as_secs_f64());
            self.held.get_or_create(&CauseLabel { cause: cause.as_str() }).set(seconds);
        }
        self.service_rate.set(self.pace().rate(now).unwrap_or(f64::NAN));
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An attempt failed.
    pub fn failed(&self, class: &'static str) {
        self.failures.get_or_create(&ClassLabel { class }).inc();
    }
}

fn by_outcome(totals: &Totals) -> [(&'static str, u64); 7] {
    [
        ("new", totals.new),
        ("duplicate", totals.duplicates),
        ("conflict", totals.conflicts),
        ("failed", totals.failed),
        ("replay", totals.replays),
        ("cancel", totals.cancels),
        ("other", totals.other),
    ]
}

fn gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_finds_the_names_it_scrapes() {
        let mut registry = Registry::default();
        let metrics = Metrics::new(&mut registry, 2);
        let limits = crate::hand::Limits { batch: 1, batch_bytes: 1, partition_bytes: 1, bytes: 1, workers: 2 };
        let mut hand = Hand::new(limits);
        hand.assign(3);
        metrics.look(&hand, Instant::now(), 0);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            "consumer_batch_duration_seconds_count 0",
            "consumer_records_total 0",
            "consumer_busy_seconds_total 0.0",
            "consumer_workers 2",
            "consumer_service_rate NaN",
            "consumer_in_hand_records 0",
            "consumer_partitions_assigned 1",
            "consumer_partition_in_hand_records{partition=\"3\"} 0",
            "consumer_held_seconds{cause=\"systemic\"} 0.0",
            "consumer_held_seconds{cause=\"dead-letters\"} 0.0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} not in\n{text}");
        }
        hand.drop_partition(3);
        metrics.look(&hand, Instant::now(), 0);
        text.clear();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        assert!(!text.contains("partition=\"3\""), "{text}");
    }
}
