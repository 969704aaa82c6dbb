//! What keeps the number from the one that is needed, each by its name.

use super::*;

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
fn orders_after_a_quiet_time_are_no_standstill() {
    let mut bench = Bench::new(policy(1, 12, 12), 2);
    bench.pass(120, 0.0);
    bench.capacity = 0.0;
    let decision = bench.pass(15, 100.0);
    assert_ne!(decision.limited_by, Some(LimitedBy::NoProgress), "{}", decision.reason);
    let decision = bench.pass(30, 100.0);
    assert_eq!(decision.limited_by, Some(LimitedBy::NoProgress), "{}", decision.reason);
}

#[test]
fn a_stalled_partition_is_named_and_not_scaled_at() {
    let mut bench = Bench::new(policy(1, 12, 12), 1);
    for second in (0..1_800).step_by(5) {
        bench.t += 5.0;
        let sample = |partition: u32| {
            let end = 5 * second;
            let committed = if partition == 7 { end.min(600) } else { end };
            PartitionSample { committed: Committed::At(committed), end: Some(end), ..PartitionSample::default() }
        };
        let (replicas, partitions) = (bench.replicas, Some((0..12).map(sample).collect()));
        bench.look(Observation { t: bench.t, replicas, ready: replicas, partitions, ..Observation::default() });
        assert_eq!(bench.replicas, 1, "{second} s: {}", bench.last.unwrap().reason);
    }
    let decision = bench.last.unwrap();
    assert_eq!(decision.figures.stalled_partitions, [7]);
    assert!(decision.figures.lag.is_some_and(|lag| lag > 8_000), "more than one consumer does in the time it has");
}

#[test]
fn a_second_change_waits_for_the_first_to_work() {
    let mut bench = Bench::new(policy(1, 12, 12), 1);
    bench.pass(60, 70.0);
    while bench.pass(5, 300.0).replicas == 1 {}
    let (first, at) = (bench.replicas, bench.t);
    let waiting = bench.pass(5, 5_000.0).clone();
    let waiting = if waiting.limited_by.is_some() { waiting } else { bench.pass(5, 5_000.0).clone() };
    assert_eq!((waiting.replicas, waiting.limited_by), (first, Some(LimitedBy::RebalanceBudget)), "{}", waiting.reason);
    while bench.pass(5, 5_000.0).replicas == first {}
    assert_eq!(bench.replicas, 12, "one merged jump");
    assert!(bench.t - at >= 30.0, "{}", bench.t - at);
}

#[test]
fn a_backlog_out_of_nothing_is_looked_at_twice() {
    let mut bench = Bench::new(policy(1, 12, 12), 1);
    bench.pass(60, 70.0);
    bench.end += 12_000.0;
    let first = bench.pass(5, 70.0).clone();
    assert_eq!((first.replicas, first.limited_by), (1, None), "no change was made that could be too fresh");
    assert!(first.reason.contains("the next look will tell"), "{}", first.reason);
    assert!(bench.pass(5, 70.0).replicas > 1);
}
