//! What is not known, what is nothing, and what was forgotten.

use super::*;

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

/// What the CRD takes. A longer one would not be written, and the next operator would know nothing.
#[rstest]
fn what_is_remembered_fits_into_the_status(#[values(12, 24, 100)] partitions: u32) {
    let mut bench = Bench::new(policy(1, 12, partitions), 12);
    bench.t = 1_767_225_600.123;
    bench.end = 1e9;
    bench.committed = 1e9;
    bench.pass(4_000, 1_700.0);
    let learnt = bench.history.capacity.per_replica(&bench.policy);
    let text = serde_json::to_string(&bench.history.for_status()).unwrap();
    assert!(text.len() <= 16_384, "{}", text.len());
    let read: History = serde_json::from_str(&text).unwrap();
    assert_eq!((read.capacity.per_replica(&bench.policy), learnt.1), (learnt, CapacitySource::Learnt));
}

#[test]
fn learnt_capacity_survives_a_pause_and_a_restart() {
    let mut bench = Bench::new(policy(1, 12, 12), 3);
    bench.capacity = 60.0;
    let before = bench.pass(300, 900.0).figures.capacity_per_replica;
    let text = serde_json::to_string(&bench.history.for_status()).unwrap();
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
