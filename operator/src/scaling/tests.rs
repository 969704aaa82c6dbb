//! Situations that a person can follow, on a group that does as it is told; `always` is for any input.

mod always;
mod limits;
mod unknown;

use std::collections::BTreeSet;

use pipeline_api::{Duration, Scaling, ScalingMode, Schedule};
use rstest::rstest;

use super::*;

fn policy(min: i32, max: i32, partitions: u32) -> Policy {
    let scaling = Scaling { min_replicas: min, max_replicas: max, assumed_capacity: 100, ..Scaling::default() };
    Policy::new(&scaling, partitions).unwrap()
}

/// A group that shows at once what was decided, and works off `capacity` per replica, evenly.
struct Bench {
    policy: Policy,
    history: History,
    t: f64,
    replicas: u32,
    end: f64,
    committed: f64,
    capacity: f64,
    latency: Option<f64>,
    last: Option<Decision>,
}

impl Bench {
    fn new(policy: Policy, replicas: u32) -> Self {
        let (history, latency, last) = (History::default(), None, None);
        Self { policy, history, t: 1e9, replicas, end: 0.0, committed: 0.0, capacity: 100.0, latency, last }
    }

    /// Lets `seconds` pass in which `rate` orders per second come.
    fn pass(&mut self, seconds: u32, rate: f64) -> &Decision {
        for _ in 0..seconds.div_ceil(5) {
            self.t += 5.0;
            self.end += rate * 5.0;
            self.committed = self.end.min(self.committed + 5.0 * self.capacity * f64::from(self.replicas));
            self.look(self.observation());
        }
        self.last.as_ref().unwrap()
    }

    fn observation(&self) -> Observation {
        let each = |all: f64| (all / f64::from(self.policy.partitions)) as i64;
        let (committed, end) = (Committed::At(each(self.committed)), Some(each(self.end)));
        let sample = PartitionSample { committed, end, high_watermark: None, log_start: None };
        Observation {
            t: self.t,
            replicas: self.replicas,
            ready: self.replicas,
            partitions: Some(vec![sample; self.policy.partitions as usize]),
            consumers: Vec::new(),
            database_latency_ms: self.latency,
        }
    }

    fn look(&mut self, observation: Observation) -> &Decision {
        let (decision, history) = decide(&observation, &self.policy, std::mem::take(&mut self.history), self.t);
        self.history = history;
        self.replicas = decision.replicas;
        self.last.insert(decision)
    }
}
#[rstest]
#[case::idle(0.0, 1)]
#[case::one_does(70.0, 1)]
#[case::three_do(200.0, 3)]
#[case::four_do(290.0, 4)]
#[case::a_step_that_moves_the_bottleneck(400.0, 6)]
#[case::all(900.0, 12)]
#[case::beyond_all(5_000.0, 12)]
fn a_rate_gets_its_number_in_one_change(#[case] rate: f64, #[case] replicas: u32) {
    let mut bench = Bench::new(policy(1, 12, 12), 1);
    let mut numbers = BTreeSet::new();
    for _ in 0..24 {
        numbers.insert(bench.pass(5, rate).replicas);
    }
    let most = *numbers.last().unwrap();
    // The backlog of the first seconds may ask for one step more than the rate alone.
    assert!(most >= replicas && most <= need::step_above(replicas, 12), "{numbers:?}");
    assert!(numbers.len() <= 2, "{numbers:?}");
}

#[test]
fn consumers_that_do_less_than_believed_are_found_out() {
    let mut bench = Bench::new(policy(1, 12, 12), 3);
    bench.capacity = 40.0;
    let decision = bench.pass(240, 220.0).clone();
    assert_eq!(decision.figures.capacity_source, CapacitySource::Learnt);
    assert!((decision.figures.capacity_per_replica - 40.0).abs() < 4.0, "{decision:?}");
    assert_eq!(decision.replicas, 12);
}
