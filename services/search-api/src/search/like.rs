//! Search by LIKE: always right, a second per million rows. A gate keeps scans from taking the whole server.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::Limits;
use super::gate::Gate;
use super::pattern::{ESCAPE, contains};
use crate::database::{ReadError, Reads, Statement};
use crate::products::Product;

/// How long a search may wait for its turn; longer, and the caller had better come back later.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many may: enough for a burst on a small catalogue, where a scan takes a millisecond.
const MOST_WAITING: i64 = 64;

#[derive(Clone, Debug)]
pub(super) struct Like {
    reads: Reads,
    gate: Gate,
    time: Duration,
    sql: Arc<str>,
    metrics: Metrics,
}

#[derive(Clone, Debug, Default)]
struct Metrics {
    scans: Counter,
    shed: Counter,
    cut: Counter,
}

impl Like {
    pub(super) fn new(reads: Reads, limits: Limits, registry: &mut Registry) -> Self {
        let metrics = Metrics::default();
        let gate = Gate::new(limits.like_scans, MOST_WAITING, PATIENCE);
        registry.register("search_like_scans", "Searches answered by LIKE", metrics.scans.clone());
        registry.register("search_like_waiting", "Searches that wait for their turn", gate.waiting());
        registry.register("search_like_shed", "Searches refused since too many waited", metrics.shed.clone());
        registry.register("search_like_cut", "Searches that ran into the time limit", metrics.cut.clone());
        let columns = Product::COLUMNS;
        let sql = format!(
            "SELECT /*+ MAX_EXECUTION_TIME({}) */ {columns} \
             FROM products p LEFT JOIN inventory i ON i.product_id = p.id \
             WHERE p.id > ? AND (p.name LIKE ? ESCAPE '{ESCAPE}' OR p.description LIKE ? ESCAPE '{ESCAPE}') \
             ORDER BY p.id LIMIT ?",
            limits.like_time.as_millis()
        );
        Self { reads, gate, time: limits.like_time, sql: sql.into(), metrics }
    }

    /// The `wanted` products with the lowest ids above `after` whose name or description contains `text`.
    pub(super) async fn page(&self, text: &str, after: u64, wanted: u32) -> Result<Vec<Product>, ReadError> {
        let pattern = contains(text);
        let statement =
            Statement::new(self.sql.clone()).number(after).text(pattern.as_str()).text(pattern).number(wanted);
        let result = self.reads.patient(self.gate.turn(), self.time, &statement).await;
        match &result {
            Ok(_) => self.metrics.scans.inc(),
            Err(ReadError::Busy) => self.metrics.shed.inc(),
            Err(ReadError::TooSlow) => self.metrics.cut.inc(),
            Err(_) => 0,
        };
        Product::from_rows(&result?)
    }
}
