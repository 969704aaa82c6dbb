//! What an operator of the index wants to know.

use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::position::Position;
use crate::index::Index;

#[derive(Clone, Debug, Default)]
pub(super) struct Metrics {
    followed: Gauge<f64, AtomicU64>,
    lag: Gauge,
    gaps: Gauge,
    products: Gauge,
    shards: Gauge,
    bytes: Gauge,
    text_bytes: Gauge,
    building: Gauge,
    builds: Family<BuildLabels, Counter>,
    build_seconds: Gauge<f64, AtomicU64>,
    changes: Counter,
    pruned: Counter,
    folding_differs: Gauge,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct BuildLabels {
    outcome: BuildOutcome,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelValue)]
pub(super) enum BuildOutcome {
    Built,
    TooLarge,
    Failed,
}

impl Metrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let m = &metrics;
        let mut add = |name, help: &str, metric: &Gauge| registry.register(name, help, metric.clone());
        add("search_index_unseen_changes", "Changes that one read found new: how far the index was behind", &m.lag);
        add("search_index_open_gaps", "Ranges of numbers whose change may still come", &m.gaps);
        add("search_index_products", "Products in the index", &m.products);
        add("search_index_shards", "Parts of the index", &m.shards);
        add("search_index_bytes", "Memory of the index", &m.bytes);
        add("search_index_text_bytes", "Folded texts in the index", &m.text_bytes);
        add("search_index_building_products", "Products read by the build at hand; 0 when there is none", &m.building);
        add(
            "search_folding_differs",
            "1 when the server folds otherwise than the table, so that LIKE serves",
            &m.folding_differs,
        );
        let help = "When the index was last known to hold every change, as Unix time; its age is the time since then";
        registry.register("search_index_followed_timestamp_seconds", help, m.followed.clone());
        let help = "How long the last build took, from the first read to the index";
        registry.register("search_index_build_seconds", help, m.build_seconds.clone());
        registry.register("search_index_builds", "Builds of the whole index", m.builds.clone());
        registry.register("search_index_changes", "Changes applied to the index", m.changes.clone());
        registry.register("search_changes_pruned", "Old changes deleted by this process", m.pruned.clone());
        metrics
    }

    pub(super) fn building(&self, products: usize) {
        set(&self.building, products);
    }

    pub(super) fn built(&self, outcome: BuildOutcome, took: Duration) {
        set(&self.building, 0);
        self.build_seconds.set(took.as_secs_f64());
        self.builds.get_or_create(&BuildLabels { outcome }).inc();
    }

    pub(super) fn folding_differs(&self, differs: bool) {
        self.folding_differs.set(i64::from(differs));
    }

    /// A read of the log's end found `new` changes.
    pub(super) fn followed(&self, position: &Position, new: usize) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.followed.set(now.as_secs_f64());
        set(&self.lag, new);
        set(&self.gaps, position.gaps().len());
        self.changes.inc_by(new as u64);
    }

    pub(super) fn index(&self, index: Option<&Index>) {
        let size = index.map(Index::size).unwrap_or_default();
        set(&self.products, size.products);
        set(&self.shards, size.shards);
        set(&self.bytes, size.bytes);
        set(&self.text_bytes, size.text_bytes);
    }

    pub(super) fn pruned(&self, changes: u64) {
        self.pruned.inc_by(changes);
    }
}

fn set(gauge: &Gauge, value: usize) {
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
}
