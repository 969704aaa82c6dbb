use rstest::rstest;

use super::*;
use crate::position::Position;

const LIMITS: Limits = Limits { batch: 4, batch_bytes: 1 << 20, partition_bytes: 1 << 20, bytes: 1 << 30, workers: 2 };

fn record(partition: i32, offset: i64) -> Record {
    Record {
        at: Position { partition, offset },
        timestamp: Some(offset),
        log_append_time: false,
        key: None,
        value: Some(vec![0; 100]),
        headers: Vec::new(),
    }
}

/// Partitions that stand at offset 10 and run.
fn running(partitions: &[i32]) -> Hand {
    running_with(LIMITS, partitions)
}

fn running_with(limits: Limits, partitions: &[i32]) -> Hand {
    let mut hand = Hand::new(limits);
    for &partition in partitions {
        hand.assign(partition);
        hand.located(partition, TopicId::from_text("t"), 10);
        hand.sought(partition, 10);
    }
    hand.orders();
    hand
}

fn fill(hand: &mut Hand, partition: i32, offsets: std::ops::Range<i64>) {
    for offset in offsets {
        hand.offer(record(partition, offset));
    }
}

fn shape(batch: &Batch) -> Vec<(i32, i64, i64, usize)> {
    batch.slices.iter().map(|slice| (slice.partition, slice.from, slice.to(), slice.records.len())).collect()
}

#[test]
fn nothing_counts_before_the_row_is_read_and_the_seek_is_done() {
    let mut hand = Hand::new(LIMITS);
    hand.assign(0);
    assert_eq!(hand.offer(record(0, 10)), None);
    assert_eq!(hand.to_locate(), [0]);
    hand.located(0, TopicId::from_text("t"), 10);
    assert_eq!(hand.offer(record(0, 10)), None);
    assert_eq!(hand.orders().seek, [(0, 10)]);
    hand.sought(0, 10);
    assert_eq!(hand.orders().resume, [0]);
    assert_eq!(hand.offer(record(0, 9)), None, "below the row");
    assert_eq!(hand.offer(record(0, 10)), Some(0));
    assert_eq!(hand.offer(record(0, 10)), None, "twice");
}

#[test]
fn partitions_share_a_batch_and_belong_to_one_worker() {
    let mut hand = running(&[0, 1, 2]);
    fill(&mut hand, 0, 12..20);
    fill(&mut hand, 2, 10..11);
    fill(&mut hand, 1, 10..20);
    let now = Instant::now();
    assert_eq!(shape(&hand.take(0, now).unwrap()), [(0, 10, 15, 3), (2, 10, 11, 1)]);
    assert_eq!(shape(&hand.take(1, now).unwrap()), [(1, 10, 14, 4)]);
    assert!(hand.take(0, now).is_none(), "lent until given back");
}

#[test]
fn what_failed_comes_again_first_and_not_before_its_time() {
    let mut hand = running(&[0]);
    fill(&mut hand, 0, 10..16);
    let now = Instant::now();
    let batch = hand.take(0, now).unwrap();
    let at = now + Duration::from_secs(1);
    assert_eq!((hand.failed(&[0]), hand.failed(&[0])), (1, 2));
    hand.give_back(&[0], batch.slices, Some(at));
    assert!(hand.take(0, now).is_none());
    assert_eq!(hand.next_try(now), Some(Duration::from_secs(1)));
    assert_eq!(shape(&hand.take(0, at).unwrap()), [(0, 10, 14, 4)]);
}

#[test]
fn the_next_batch_starts_where_the_last_one_committed() {
    let mut hand = running(&[0]);
    fill(&mut hand, 0, 10..20);
    let now = Instant::now();
    let (earlier, later) = hand.take(0, now).unwrap().cut().unwrap();
    hand.committed(&earlier);
    hand.give_back(&[0], later.slices, None);
    assert_eq!(shape(&hand.take(0, now).unwrap()), [(0, 12, 16, 4)]);
    assert_eq!(hand.positions(), [(0, 12)]);
}

#[test]
fn a_revoked_partition_is_forgotten_once_it_is_given_back() {
    let mut hand = running(&[0, 2]);
    fill(&mut hand, 0, 10..12);
    let batch = hand.take(0, Instant::now()).unwrap();
    assert!(!hand.revoke(2));
    assert!(hand.revoke(0), "a worker has it");
    assert!(hand.is_lent(&[0]) && !hand.still_ours(0));
    hand.give_back(&[0], batch.slices, None);
    assert!(!hand.is_lent(&[0]));
    assert!(hand.assigned().is_empty());
}

#[test]
fn what_was_seen_before_a_partition_moved_on_means_nothing() {
    let mut hand = running(&[0]);
    hand.astray(0, 9);
    assert!(hand.to_locate().is_empty(), "it stands at 10 by now");
    fill(&mut hand, 0, 10..12);
    let batch = hand.take(0, Instant::now()).unwrap();
    hand.astray(0, 10);
    assert!(hand.still_ours(0), "a worker is about to move it");
    hand.give_back(&[0], batch.slices, None);
    hand.astray(0, 10);
    assert_eq!(hand.to_locate(), [0]);
}

#[test]
fn a_partition_that_another_process_moved_is_located_again() {
    let mut hand = running(&[0]);
    fill(&mut hand, 0, 10..16);
    let batch = hand.take(0, Instant::now()).unwrap();
    hand.relocate(0);
    assert!(hand.to_locate().is_empty(), "not while a worker has it");
    assert_eq!(hand.orders().pause, [0]);
    hand.give_back(&[0], batch.slices, None);
    assert_eq!(hand.to_locate(), [0]);
    hand.located(0, TopicId::from_text("t"), 14);
    assert_eq!(hand.orders().seek, [(0, 14)]);
}

#[test]
fn a_full_partition_is_paused_and_resumed_at_a_third() {
    let mut hand = running(&[0]);
    fill(&mut hand, 0, 10..58);
    assert_eq!(hand.orders(), Orders { pause: vec![0], ..Orders::default() });
    assert_eq!(hand.orders(), Orders::default());
    let now = Instant::now();
    for _ in 0..7 {
        hand.take(0, now);
        hand.give_back(&[0], Vec::new(), None);
    }
    assert_eq!(hand.orders(), Orders::default(), "20 of 48 left");
    hand.take(0, now);
    hand.give_back(&[0], Vec::new(), None);
    assert_eq!(hand.orders(), Orders { resume: vec![0], ..Orders::default() });
}

#[test]
fn the_more_partitions_the_less_of_each_is_in_hand() {
    let bytes = 8 * record(0, 10).size();
    let limits = Limits { bytes, ..LIMITS };
    let mut hand = running_with(limits, &[0, 1]);
    fill(&mut hand, 0, 10..13);
    assert_eq!(hand.orders(), Orders::default());
    fill(&mut hand, 0, 13..14);
    assert_eq!(hand.orders(), Orders { pause: vec![0], ..Orders::default() }, "its half of the room is full");
    // Twice as many share it: what is there stays, and is worked off before more comes.
    for partition in [2, 3] {
        hand.assign(partition);
    }
    fill(&mut hand, 1, 10..12);
    assert_eq!(hand.orders(), Orders { pause: vec![1], ..Orders::default() });
}

#[rstest]
#[case::queued(false)]
#[case::lent(true)]
fn the_end_is_reached_only_with_nothing_in_hand(#[case] lent: bool) {
    let mut hand = running(&[0]);
    fill(&mut hand, 0, 10..11);
    hand.reached_end(0);
    let now = Instant::now();
    if lent {
        hand.take(0, now);
    }
    assert!(hand.idle_at_end().is_empty());
    if !lent {
        hand.take(0, now);
    }
    hand.give_back(&[0], Vec::new(), None);
    assert_eq!(hand.idle_at_end(), [0]);
    fill(&mut hand, 0, 11..12);
    assert!(hand.idle_at_end().is_empty());
}

#[test]
fn a_systemic_error_holds_all() {
    let mut hand = running(&[0, 1]);
    fill(&mut hand, 0, 10..11);
    fill(&mut hand, 1, 10..11);
    let now = Instant::now();
    let at = |secs| now + Duration::from_secs(secs);
    hand.hold_all(Cause::Systemic, at(15), now);
    assert!(hand.take(0, now).is_none() && hand.take(1, now).is_none());
    assert_eq!(hand.figures(now).held, 2);
    let batch = hand.take(0, at(15)).unwrap();
    hand.hold_all(Cause::Systemic, at(30), at(15));
    assert_eq!(hand.held(at(20)), Some((Cause::Systemic, Duration::from_secs(20))), "since the first time");
    hand.hold_all(Cause::DeadLetters, at(45), at(30));
    assert_eq!(hand.held(at(31)), Some((Cause::DeadLetters, Duration::from_secs(1))));
    assert_eq!(hand.held(at(200)), None, "nobody tries any more");
    hand.committed(&batch);
    assert_eq!(hand.held(at(31)), None);
}

#[test]
fn what_a_worker_has_is_in_hand_until_it_is_committed() {
    let mut hand = running(&[0, 1]);
    fill(&mut hand, 0, 10..16);
    let now = Instant::now();
    let batch = hand.take(0, now).unwrap();
    assert_eq!(hand.by_partition(), BTreeMap::from([(0, 6), (1, 0)]));
    let (earlier, later) = batch.cut().unwrap();
    hand.committed(&earlier);
    assert_eq!(hand.figures(now).records, 4);
    hand.give_back(&[0], later.slices, None);
    assert_eq!(hand.figures(now).records, 4);
}

#[test]
fn a_record_larger_than_a_batch_is_a_batch() {
    let mut hand = Hand::new(Limits { batch_bytes: 300, ..LIMITS });
    hand.assign(0);
    hand.located(0, TopicId::from_text("t"), 10);
    hand.sought(0, 10);
    let mut large = record(0, 10);
    large.value = Some(vec![0; 1000]);
    hand.offer(large);
    fill(&mut hand, 0, 11..14);
    assert_eq!(hand.take(0, Instant::now()).unwrap().len(), 1);
}

#[test]
fn a_stopped_partition_keeps_its_place_and_can_be_looked_at_again() {
    let mut hand = Hand::new(LIMITS);
    hand.assign(0);
    hand.stop(0, TopicId::from_text("t"), 3, 7);
    assert_eq!(hand.places(), [(0, TopicId::from_text("t"), 3, Stage::Stopped(7))]);
    assert!(hand.positions().is_empty() && hand.to_locate().is_empty());
    hand.relocate(0);
    assert_eq!(hand.to_locate(), [0]);
}
