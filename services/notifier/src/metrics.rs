//! What the on-call person looks at.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::failure::Fault;
use crate::mail::Kind;

#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    sent: Family<KindLabel, Counter>,
    failed: Family<FailureLabels, Counter>,
    given_up: Family<KindLabel, Counter>,
    superseded: Family<KindLabel, Counter>,
    unsent: Gauge<f64, AtomicU64>,
    oldest: Gauge<f64, AtomicU64>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FailureLabels {
    kind: &'static str,
    fault: &'static str,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            sent: Family::default(),
            failed: Family::default(),
            given_up: Family::default(),
            superseded: Family::default(),
            unsent: Gauge::default(),
            oldest: Gauge::default(),
        };
        // Counters that never moved are shown as 0, so that an alert on their rate works from the start.
        for kind in Kind::ALL {
            drop(metrics.sent.get_or_create(&KindLabel { kind: kind.as_str() }));
            drop(metrics.given_up.get_or_create(&KindLabel { kind: kind.as_str() }));
            drop(metrics.superseded.get_or_create(&KindLabel { kind: kind.as_str() }));
        }
        metrics.waiting(None);
        registry.register("mail_sent", "Mails the server took", metrics.sent.clone());
        registry.register("mail_failed", "Sends that failed; most are tried again", metrics.failed.clone());
        registry.register("mail_given_up", "Mails that will not be tried again", metrics.given_up.clone());
        registry.register(
            "mail_superseded",
            "Mails not sent, since the order's status had changed before",
            metrics.superseded.clone(),
        );
        registry.register("outbox_unsent", "Mails that wait; NaN while unknown", metrics.unsent.clone());
        registry.register(
            "outbox_oldest_unsent_age_seconds",
            "How long the oldest of them waits; NaN while unknown",
            metrics.oldest.clone(),
        );
        metrics
    }

    pub(crate) fn sent(&self, kind: Kind) {
        self.sent.get_or_create(&KindLabel { kind: kind.as_str() }).inc();
    }

    pub(crate) fn failed(&self, kind: Kind, fault: Fault) {
        let fault = match fault {
            Fault::Server => "server",
            Fault::Moment => "transient",
            Fault::Mail => "permanent",
        };
        self.failed.get_or_create(&FailureLabels { kind: kind.as_str(), fault }).inc();
    }

    pub(crate) fn given_up(&self, kind: Kind) {
        self.given_up.get_or_create(&KindLabel { kind: kind.as_str() }).inc();
    }

    pub(crate) fn superseded(&self, kind: Kind) {
        self.superseded.get_or_create(&KindLabel { kind: kind.as_str() }).inc();
    }

    /// Rows and age in seconds; None: the database did not say.
    pub(crate) fn waiting(&self, found: Option<(f64, f64)>) {
        let (rows, age) = found.unwrap_or((f64::NAN, f64::NAN));
        self.unsent.set(rows);
        self.oldest.set(age);
    }
}
