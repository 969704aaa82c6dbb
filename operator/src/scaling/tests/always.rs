//! What must hold for any input.

use proptest::prelude::*;

use super::*;

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
    fn changes_move_a_bottleneck_and_come_one_at_a_time(
        phases in prop::collection::vec((1u32..40, 0.0..1_500.0f64), 1..12), replicas in 1u32..=12,
    ) {
        let mut bench = Bench::new(policy(1, 12, 12), replicas);
        let mut last = f64::NEG_INFINITY;
        for (looks, rate) in phases {
            for _ in 0..looks {
                let before = bench.replicas;
                let reason = bench.pass(5, rate).reason.clone();
                if bench.replicas == before {
                    continue;
                }
                prop_assert_eq!(need::true_step(bench.replicas, 12), bench.replicas, "{}", reason);
                prop_assert!(bench.t - last >= 30.0, "{} s after the one before: {}", bench.t - last, reason);
                last = bench.t;
            }
        }
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
