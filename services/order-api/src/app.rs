//! What the endpoints share.

use std::sync::Arc;

use order_events::OrderNamespace;
use service_runtime::CancellationToken;
use service_runtime::auth::AdminToken;

use crate::admission::{CallerLimit, Gate};
use crate::error::ApiError;
use crate::idempotency::{Lookups, RecentKeys};
use crate::metrics::{Metrics, Refused};
use crate::publisher::Publisher;
use crate::store::Store;
use crate::waiters::Waiters;

/// The service's parts; handlers hold it by `Arc`.
pub struct App {
    /// The secret that order numbers are derived in.
    pub namespace: OrderNamespace,
    /// To Kafka.
    pub publisher: Arc<Publisher>,
    /// From MySQL.
    pub store: Arc<Store>,
    /// Fingerprints of late.
    pub recent_keys: RecentKeys,
    /// Fingerprints in MySQL.
    pub lookups: Lookups,
    /// Requests with `?wait=`.
    pub waiters: Arc<Waiters>,
    /// Writes in hand.
    pub gate: Gate,
    /// Requests per caller.
    pub caller_limit: CallerLimit,
    /// Opens the history.
    pub admin_token: AdminToken,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Ends waits when the process stops.
    pub shutdown: CancellationToken,
}

impl App {
    /// Counts a refusal on its way out.
    pub fn refused(&self, error: ApiError) -> ApiError {
        self.metrics.refused.get_or_create(&Refused { reason: error.slug() }).inc();
        error
    }
}
