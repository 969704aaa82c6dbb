//! What is remembered from one decision to the next.

use serde::{Deserialize, Serialize};

use super::capacity::Capacity;
use super::database::DatabaseMemory;
use super::retrospect::Retrospect;
use super::stability::Stability;
use super::track::Track;

/// What `status.scaling.history` holds, bytes.
const LONGEST: usize = 16 * 1024;

/// Opaque: written by `decide`, read by the next `decide`, kept as JSON.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct History {
    pub(super) clock: Clock,
    /// Since when offsets are not known.
    pub(super) unknown_since: Option<f64>,
    /// By partition number.
    pub(super) partitions: Vec<Track>,
    pub(super) group: Group,
    pub(super) capacity: Capacity,
    pub(super) retrospect: Retrospect,
    pub(super) stability: Stability,
    pub(super) database: DatabaseMemory,
}

/// The rhythm of the samples.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Clock {
    /// The last full sample.
    pub(super) last: Option<f64>,
    /// Seconds between the last two.
    pub(super) interval: Option<f64>,
    /// Rates look no further back.
    pub(super) since: f64,
}

/// The consumers as they were seen.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Group {
    pub(super) ready: u32,
    /// Since when so many are ready.
    pub(super) since: f64,
}

impl Clock {
    /// Notes a full sample. `stale_after` seconds without one, where they came more often, start the windows anew.
    pub(super) fn note(&mut self, t: f64, stale_after: f64) {
        match self.last {
            None => self.since = t,
            Some(last) => {
                let passed = t - last;
                if passed < 0.0 || passed > stale_after.max(2.0 * self.interval.unwrap_or(0.0)) {
                    self.since = t;
                }
                self.interval = (passed > 0.0).then_some(milli(passed));
            }
        }
        self.last = Some(t);
    }
}

impl History {
    /// When time jumped back, nothing that carries a time means anything any more; what one consumer can do does.
    pub(super) fn keep_up_with(&mut self, now: f64) {
        if self.clock.last.is_some_and(|last| now < last - 1.0) {
            self.stability.rewound();
            self.database.rewound();
            self.capacity.interrupted();
            *self = Self {
                stability: std::mem::take(&mut self.stability),
                database: std::mem::take(&mut self.database),
                capacity: std::mem::take(&mut self.capacity),
                ..Self::default()
            };
        }
    }

    /// The consumers have another size from now on (CPU, batch): what one can do is learnt anew.
    #[must_use]
    pub fn with_other_consumers(self) -> Self {
        Self { capacity: Capacity::default(), ..self }
    }

    /// The part that is worth keeping over a restart, as long as a status can hold: learnt capacity, the last change, the
    /// last hour's arrivals, and of each partition as many points as there is room for. Rates are learnt anew.
    #[must_use]
    pub fn for_status(&self) -> Self {
        for points in [6, 2] {
            let mut kept = self.clone();
            for track in &mut kept.partitions {
                track.keep(points);
            }
            if kept.fits() {
                return kept;
            }
        }
        let without_ages = Self { partitions: Vec::new(), ..self.clone() };
        if without_ages.fits() { without_ages } else { Self { retrospect: Retrospect::default(), ..without_ages } }
    }

    fn fits(&self) -> bool {
        serde_json::to_vec(self).is_ok_and(|text| text.len() <= LONGEST)
    }
}

/// Milliseconds are enough, and such numbers survive JSON to the last bit.
pub(super) fn milli(seconds: f64) -> f64 {
    (seconds * 1_000.0).round() / 1_000.0
}
