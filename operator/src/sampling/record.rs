//! What the operations view shows of the last hour: samples and decisions. Memory is bounded.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::scaling::{Decision, LimitedBy};

const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// A sample every 5 s, and some room.
const MOST_SAMPLES: usize = 800;
const MOST_DECISIONS: usize = 200;

/// One look, and what it gave. `None`: unknown.
#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    pub t: Timestamp,
    /// Orders that wait in Kafka.
    pub lag: Option<u64>,
    pub oldest_order_age_seconds: Option<f64>,
    /// Orders per second that come in.
    pub arrival_rate: Option<f64>,
    /// Orders per second that are worked off, by all consumers together.
    pub service_rate: Option<f64>,
    /// Consumers asked for at that moment.
    pub replicas: u32,
}

/// A decision that was another one than before.
#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    pub t: Timestamp,
    /// Consumers asked for at that moment.
    pub from: u32,
    /// Consumers that scaling chose.
    pub to: u32,
    /// Whether it was carried out: mode Auto, no number by hand, not suspended.
    pub applied: bool,
    pub reason: String,
    pub limited_by: Option<&'static str>,
}

/// The last hour.
#[derive(Clone, Debug, Default)]
pub struct Record {
    samples: VecDeque<Sample>,
    decisions: VecDeque<Decided>,
}

impl Record {
    /// Notes a sample, and the decision if it is another one than the last.
    pub fn add(&mut self, t: Timestamp, replicas: u32, decision: &Decision, acts: bool) {
        let figures = &decision.figures;
        let (age, arrival, drain) = (figures.oldest_order_age, figures.arrival_rate, figures.drain_rate);
        self.samples.push_back(Sample {
            t,
            lag: figures.lag,
            oldest_order_age_seconds: age.map(tenths),
            arrival_rate: arrival.map(tenths),
            service_rate: drain.map(tenths),
            replicas,
        });
        let to = if acts { decision.replicas } else { decision.recommended };
        let limited_by = decision.limited_by.map(LimitedBy::as_str);
        let same = self.decisions.back().is_some_and(|last| (last.to, last.limited_by) == (to, limited_by));
        if !same {
            let reason = decision.reason.clone();
            self.decisions.push_back(Decided { t, from: replicas, to, applied: acts, reason, limited_by });
        }
        let old = |then: Timestamp| t.duration_since(then) > KEPT;
        while self.samples.len() > MOST_SAMPLES || self.samples.front().is_some_and(|sample| old(sample.t)) {
            self.samples.pop_front();
        }
        // The last one holds, however old it is.
        while self.decisions.len() > MOST_DECISIONS || self.decisions.len() > 1 && old(self.decisions[0].t) {
            self.decisions.pop_front();
        }
    }

    pub fn samples(&self) -> Vec<Sample> {
        self.samples.iter().cloned().collect()
    }

    pub fn decisions(&self) -> Vec<Decided> {
        self.decisions.iter().cloned().collect()
    }
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::Figures;

    fn decision(replicas: u32) -> Decision {
        let figures = Figures { lag: Some(1), ..Figures::default() };
        Decision { replicas, recommended: replicas, reason: "r".into(), limited_by: None, figures }
    }

    #[test]
    fn an_hour_is_kept_and_no_more() {
        let mut record = Record::default();
        for second in (0..3 * 3600).step_by(5) {
            record.add(Timestamp::from_second(second).unwrap(), 1, &decision(1), true);
        }
        assert_eq!(record.samples().len(), 721);
        assert_eq!(record.decisions().len(), 1, "the decision that holds is told, however old");
        for second in 0..10_000 {
            let t = Timestamp::from_millisecond(11_000_000 + second).unwrap();
            record.add(t, 1, &decision(u32::try_from(second % 2).unwrap()), true);
        }
        assert_eq!((record.samples().len(), record.decisions().len()), (MOST_SAMPLES, MOST_DECISIONS));
    }

    #[test]
    fn only_another_decision_is_told() {
        let mut record = Record::default();
        let limited = Decision { limited_by: Some(LimitedBy::Partitions), ..decision(4) };
        for (second, decision) in [decision(1), decision(1), decision(4), limited].iter().enumerate() {
            let t = Timestamp::from_second(i64::try_from(second).unwrap()).unwrap();
            record.add(t, 1, decision, false);
        }
        let told: Vec<_> = record.decisions().iter().map(|one| (one.to, one.applied, one.limited_by)).collect();
        assert_eq!(told, [(1, false, None), (4, false, None), (4, false, Some("Partitions"))]);
    }
}
