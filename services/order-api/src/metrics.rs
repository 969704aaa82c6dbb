//! What order-api counts, beside the HTTP metrics that every service has.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds in seconds: a quarter of a millisecond to the deadline.
const PRODUCE_BUCKETS: [f64; 12] = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5];

/// Records in one transaction.
const BATCH_BUCKETS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];

/// All of it.
#[derive(Debug)]
pub struct Metrics {
    /// 200s to POST /api/orders: each is a record in Kafka.
    pub accepted: Counter,
    /// Cancels that Kafka has.
    pub cancels: Counter,
    /// Dead letters that Kafka has again.
    pub replays: Counter,
    /// Other answers, by the problem's slug.
    pub refused: Family<Refused, Counter>,
    /// From the producer's queue to the acknowledgement or the failure.
    pub produce_seconds: Histogram,
    /// Ended transactions, by how they ended.
    pub transactions: Family<Ended, Counter>,
    /// Records in a transaction.
    pub transaction_records: Histogram,
    /// From the request to commit to its answer.
    pub commit_seconds: Histogram,
    /// Producers that replaced one that failed for good.
    pub producers_replaced: Counter,
    /// Writes waiting for Kafka now.
    pub in_flight: Gauge,
    /// Requests with `?wait=` waiting now.
    pub waiters: Gauge,
}

/// How a transaction ended.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Ended {
    /// `committed`, `aborted`, or `unknown`.
    pub outcome: &'static str,
}

/// Why an order or cancel was not accepted.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Refused {
    /// A problem's slug.
    pub reason: &'static str,
}

impl Metrics {
    /// Registers all.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            accepted: Counter::default(),
            cancels: Counter::default(),
            replays: Counter::default(),
            refused: Family::default(),
            produce_seconds: Histogram::new(PRODUCE_BUCKETS),
            transactions: Family::default(),
            transaction_records: Histogram::new(BATCH_BUCKETS),
            commit_seconds: Histogram::new(PRODUCE_BUCKETS),
            producers_replaced: Counter::default(),
            in_flight: Gauge::default(),
            waiters: Gauge::default(),
        };
        registry.register("orders_accepted", "Orders answered with 200", metrics.accepted.clone());
        registry.register("cancels_accepted", "Cancels answered with 202", metrics.cancels.clone());
        registry.register("dead_letters_replayed", "Dead letters published again", metrics.replays.clone());
        registry.register("orders_refused", "Orders and cancels not accepted, by reason", metrics.refused.clone());
        registry.register(
            "order_produce_duration_seconds",
            "From the producer's queue to Kafka's acknowledgement or failure",
            metrics.produce_seconds.clone(),
        );
        registry.register("producer_transactions", "Transactions ended, by outcome", metrics.transactions.clone());
        registry.register(
            "producer_transaction_records",
            "Records in one transaction",
            metrics.transaction_records.clone(),
        );
        registry.register(
            "producer_transaction_commit_duration_seconds",
            "From the request to commit to its answer",
            metrics.commit_seconds.clone(),
        );
        registry.register(
            "producers_replaced",
            "Transactional producers made anew after a fatal error",
            metrics.producers_replaced.clone(),
        );
        registry.register("orders_in_flight", "Orders and cancels waiting for Kafka", metrics.in_flight.clone());
        registry.register("order_waiters", "Requests waiting for an order's outcome", metrics.waiters.clone());
        metrics
    }
}
