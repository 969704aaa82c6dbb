//! What must hold for any input, and a table of situations that a person can follow.

use std::collections::BTreeSet;

use pipeline_api::{Duration, Scaling, ScalingMode, Schedule};
use proptest::prelude::*;
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
fn unknown_keeps_the_number_and_says_so() {
    let mut bench = Bench::new(policy(1, 12, 12), 1);
    bench.pass(60, 400.0);
    let before = bench.replicas;
    assert!(before > 1);
    for minute in 1..30 {
        bench.t += 60.0;
        let decision =
            bench.look(Observation { t: bench.t, replicas: before, ready: before, ..Observation::default() });
        assert_eq!((decision.replicas, decision.limited_by), (before, Some(LimitedBy::Unknown)), "minute {minute}");
        assert!(decision.reason.contains("not known"), "{}", decision.reason);
        assert_eq!(decision.figures.lag, None);
    }
}

#[test]
fn one_unknown_partition_is_enough_to_hold() {
    let mut bench = Bench::new(policy(1, 12, 12), 1);
    bench.pass(10, 900.0);
    let mut observation = bench.observation();
    observation.partitions.as_mut().unwrap()[7] = PartitionSample::default();
    let decision = bench.look(observation);
    assert_eq!(decision.limited_by, Some(LimitedBy::Unknown));
    assert!(decision.reason.contains("partition 7"), "{}", decision.reason);
}

#[test]
fn unknown_for_half_a_minute_wakes_one_from_zero() {
    let mut bench = Bench::new(policy(0, 12, 12), 0);
    let mut numbers = Vec::new();
    for _ in 0..8 {
        bench.t += 5.0;
        numbers.push(bench.look(Observation { t: bench.t, ..Observation::default() }).replicas);
    }
    assert_eq!(numbers, [0, 0, 0, 0, 0, 0, 1, 1]);
}

#[test]
fn zero_only_when_nothing_waits_and_no_transaction_is_open() {
    let mut bench = Bench::new(policy(0, 12, 12), 1);
    assert_eq!(bench.pass(900, 0.0).replicas, 0);
    let mut open = bench.observation();
    open.partitions.as_mut().unwrap()[3].high_watermark = Some(1);
    assert_eq!(bench.look(open).replicas, 1);

    let mut bench = Bench::new(policy(0, 12, 12), 1);
    for _ in 0..200 {
        bench.t += 5.0;
        let mut open = bench.observation();
        open.partitions.as_mut().unwrap()[3].high_watermark = Some(1);
        let decision = bench.look(open);
        assert_eq!(decision.replicas, 1, "{}", decision.reason);
    }
    assert_eq!(bench.last.unwrap().figures.stuck_transactions, [3]);
}

#[test]
fn lag_wakes_from_zero_at_once() {
    let mut bench = Bench::new(policy(0, 12, 12), 1);
    bench.pass(900, 0.0);
    assert_eq!(bench.replicas, 0);
    assert!(bench.pass(5, 24.0).replicas >= 1);
}

#[test]
fn what_was_never_committed_counts_from_the_logs_start() {
    let mut bench = Bench::new(policy(0, 12, 12), 0);
    bench.t += 5.0;
    let sample = PartitionSample {
        committed: Committed::Nothing,
        end: Some(100),
        high_watermark: Some(100),
        log_start: Some(90),
    };
    let decision = bench.look(Observation { t: bench.t, partitions: Some(vec![sample; 12]), ..Observation::default() });
    assert_eq!((decision.figures.lag, decision.replicas), (Some(120), 1));
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

#[test]
fn a_standing_group_is_not_made_larger() {
    let mut bench = Bench::new(policy(1, 12, 12), 4);
    bench.pass(300, 200.0);
    let before = bench.replicas;
    bench.capacity = 0.0;
    bench.pass(40, 200.0);
    let standing = bench.replicas;
    let decision = bench.pass(600, 200.0);
    assert_eq!((decision.replicas, decision.limited_by), (standing, Some(LimitedBy::NoProgress)), "{before}");
}

#[test]
fn a_slow_database_gets_no_more_consumers() {
    let mut bench = Bench::new(policy(1, 12, 12), 3);
    bench.latency = Some(8.0);
    bench.pass(60, 150.0);
    bench.latency = Some(200.0);
    bench.pass(15, 150.0);
    let decision = bench.pass(120, 900.0);
    assert_eq!((decision.replicas, decision.limited_by), (3, Some(LimitedBy::DatabaseLatency)), "{}", decision.reason);
    // Nobody tells how slow it is: then there is no such limit.
    bench.latency = None;
    assert_eq!(bench.pass(60, 900.0).replicas, 12);
}

#[test]
fn the_limit_that_binds_is_named() {
    for (policy, limit, most) in [
        (policy(1, 12, 12), LimitedBy::Partitions, 12),
        (policy(1, 4, 12), LimitedBy::MaxReplicas, 4),
        (policy(1, 12, 12).with_connections(Some(3)), LimitedBy::DatabaseConnections, 3),
    ] {
        let decision = Bench::new(policy, 1).pass(120, 3_000.0).clone();
        assert_eq!((decision.replicas, decision.limited_by), (most, Some(limit)), "{}", decision.reason);
    }
}

#[test]
fn modes() {
    let scaling = Scaling { mode: ScalingMode::Recommend, assumed_capacity: 100, ..Scaling::default() };
    let mut bench = Bench::new(Policy::new(&scaling, 12).unwrap(), 2);
    let decision = bench.pass(120, 900.0);
    assert_eq!((decision.replicas, decision.recommended), (2, 12));
    assert_eq!(decision.limited_by, Some(LimitedBy::Recommend));

    let mut bench = Bench::new(policy(1, 12, 12).with_manual(Some(5)), 2);
    let decision = bench.pass(120, 900.0);
    assert_eq!((decision.replicas, decision.recommended), (5, 12));
    assert_eq!(decision.limited_by, Some(LimitedBy::Manual));
    assert!(decision.reason.contains("scaling would choose 12"), "{}", decision.reason);
}

#[test]
fn a_schedule_lifts_the_minimum_while_it_runs() {
    let schedule = Schedule { cron: "30 8 * * *".to_owned(), duration: Duration::new("2h"), min_replicas: 4 };
    let scaling = Scaling { schedules: vec![schedule], ..Scaling::default() };
    let mut bench = Bench::new(Policy::new(&scaling, 12).unwrap(), 1);
    bench.t = "2026-03-02T08:29:30Z".parse::<jiff::Timestamp>().unwrap().as_second() as f64;
    assert_eq!(bench.pass(20, 1.0).replicas, 1);
    let decision = bench.pass(20, 1.0).clone();
    assert_eq!((decision.replicas, decision.limited_by), (4, Some(LimitedBy::MinReplicas)));
    assert!(decision.reason.contains("30 8 * * *"), "{}", decision.reason);
    bench.pass(7_100, 1.0);
    assert_eq!(bench.replicas, 4);
    assert_eq!(bench.pass(600, 1.0).replicas, 1);
}

#[test]
fn a_hot_partition_is_named_and_not_scaled_at() {
    let mut bench = Bench::new(policy(1, 12, 12), 3);
    bench.history = {
        // 100/s per consumer was learnt.
        let mut other = Bench::new(policy(1, 3, 12), 3);
        other.pass(300, 900.0);
        other.history.for_status()
    };
    let (mut end, mut committed) = (vec![0.0; 12], vec![0.0; 12]);
    for _ in 0..120 {
        bench.t += 5.0;
        for partition in 0..12 {
            end[partition] += if partition == 4 { 150.0 * 5.0 } else { 5.0 * 5.0 };
            committed[partition] = f64::min(end[partition], committed[partition] + 80.0 * 5.0);
        }
        let sample = |i: usize| PartitionSample {
            committed: Committed::At(committed[i] as i64),
            end: Some(end[i] as i64),
            ..PartitionSample::default()
        };
        let (replicas, partitions) = (bench.replicas, Some((0..12).map(sample).collect()));
        bench.look(Observation { t: bench.t, replicas, ready: replicas, partitions, ..Observation::default() });
    }
    let decision = bench.last.unwrap();
    assert_eq!(decision.figures.hot_partitions, [4]);
    assert_eq!(decision.limited_by, Some(LimitedBy::HotPartition));
    assert!(decision.replicas < 12, "{}", decision.reason);
}

#[test]
fn learnt_capacity_survives_a_pause_and_a_restart() {
    let mut bench = Bench::new(policy(1, 12, 12), 3);
    bench.capacity = 60.0;
    let before = bench.pass(300, 900.0).figures.capacity_per_replica;
    let text = serde_json::to_string(&bench.history.for_status()).unwrap();
    assert!(text.len() < 20_000, "{}", text.len());
    bench.history = serde_json::from_str(&text).unwrap();
    bench.t += 3_600.0;
    let decision = bench.pass(5, 100.0);
    assert_eq!(decision.figures.capacity_source, CapacitySource::Learnt);
    assert!((decision.figures.capacity_per_replica - before).abs() < 1e-9);
}

#[test]
fn time_that_jumps_back_or_far_ahead_stops_nothing() {
    for jump in [-1e6, 1e6] {
        let mut bench = Bench::new(policy(1, 12, 12), 1);
        bench.pass(120, 700.0);
        assert_eq!(bench.replicas, 12);
        bench.t += jump;
        // Nothing is concluded from the time that nobody saw.
        assert_eq!(bench.pass(120, 100.0).replicas, 12, "{jump}");
        assert!(bench.pass(900, 100.0).replicas <= 3, "{jump}");
        assert_eq!(bench.pass(120, 700.0).replicas, 12, "{jump}");
    }
}

#[derive(Clone, Debug)]
struct Step {
    passed: f64,
    replicas: u32,
    ready: u32,
    partitions: Option<Vec<PartitionSample>>,
    latency: Option<f64>,
}

fn steps(partitions: usize) -> impl Strategy<Value = Vec<Step>> {
    let offset = prop_oneof![8 => (0i64..2_000_000).prop_map(Some), 1 => Just(None)];
    let committed = prop_oneof![
        8 => (0i64..2_000_000).prop_map(Committed::At),
        1 => Just(Committed::Nothing),
        1 => Just(Committed::Unknown)
    ];
    let sample = (committed, offset.clone(), offset).prop_map(|(committed, end, high_watermark)| PartitionSample {
        committed,
        end,
        high_watermark,
        log_start: None,
    });
    let known = (0i64..1_000, 0i64..1_000).prop_map(|(committed, lag)| PartitionSample {
        committed: Committed::At(committed),
        end: Some(committed + lag),
        ..PartitionSample::default()
    });
    let samples = prop_oneof![
        6 => prop::collection::vec(known, partitions).prop_map(Some),
        2 => prop::collection::vec(sample, partitions).prop_map(Some),
        1 => Just(None)
    ];
    let passed = prop_oneof![8 => 1.0..20.0f64, 1 => -100.0..0.0f64, 1 => 20.0..10_000.0f64];
    let latency = prop::option::of(0.0..5_000.0f64);
    let step =
        (passed, 0u32..40, 0u32..40, samples, latency).prop_map(|(passed, replicas, ready, partitions, latency)| {
            Step { passed, replicas, ready, partitions, latency }
        });
    prop::collection::vec(step, 1..40)
}

fn observation(step: &Step, t: f64) -> Observation {
    Observation {
        t,
        replicas: step.replicas,
        ready: step.ready,
        partitions: step.partitions.clone(),
        consumers: Vec::new(),
        database_latency_ms: step.latency,
    }
}

proptest! {
    #[test]
    fn always_within_the_limits_and_the_same_for_the_same(
        steps in steps(12), min in 0i32..5, more in 1i32..20, connections in prop::option::of(0u32..15),
    ) {
        let policy = policy(min, min + more, 12).with_connections(connections);
        let (mut history, mut t) = (History::default(), 1_000.0);
        for step in &steps {
            t += step.passed;
            let seen = observation(step, t);
            let (decision, next) = decide(&seen, &policy, history.clone(), t);
            let most = policy.most();
            prop_assert!(decision.replicas <= most, "{} > {most}: {}", decision.replicas, decision.reason);
            prop_assert!(decision.replicas >= (min as u32).min(most), "{}", decision.reason);
            prop_assert!(!decision.reason.is_empty() && decision.reason.len() < 900);
            // The history that went through JSON decides the same.
            let text = serde_json::to_string(&history).unwrap();
            let read: History = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &history);
            let (again, after) = decide(&seen, &policy, read, t);
            prop_assert_eq!(&again, &decision);
            prop_assert_eq!(&after, &next);
            history = next;
        }
    }

    #[test]
    fn unknown_never_changes_an_allowed_number(before in steps(6), replicas in 1u32..=6) {
        let policy = policy(1, 6, 6);
        let (mut history, mut t) = (History::default(), 1_000.0);
        for step in &before {
            t += step.passed.max(1.0);
            history = decide(&observation(step, t), &policy, history, t).1;
        }
        // Longer than a change that the cluster does not show is believed.
        t += 120.0;
        let unknown = Observation { t, replicas, ready: replicas, ..Observation::default() };
        let (decision, _) = decide(&unknown, &policy, history, t);
        prop_assert_eq!(decision.replicas, replicas);
        prop_assert_eq!(decision.limited_by, Some(LimitedBy::Unknown));
    }

    #[test]
    fn more_work_never_needs_fewer(
        partitions in prop::collection::vec((0.0..1.2f64, 0.0..0.5f64), 1..30),
    ) {
        let replicas = |need: need::Need| need.replicas().unwrap_or(u32::MAX);
        let less = replicas(need::Need::new(partitions.iter().map(|(need, _)| *need)));
        let more = replicas(need::Need::new(partitions.iter().map(|(need, more)| need + more)));
        prop_assert!(less <= more);
    }

    #[test]
    fn a_higher_rate_reaches_no_smaller_number(rate in 1.0..2_000.0f64, more in 1.5..3.0f64) {
        let reached = |rate: f64| Bench::new(policy(1, 12, 12), 1).pass(60, rate).replicas;
        // A step more or less depends on when in the rise the number was chosen.
        prop_assert!(reached(rate) <= need::step_above(reached(rate * more), 12));
    }
}
