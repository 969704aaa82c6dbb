//! The table of the module's doc row by row, then its invariants over random logs.

use std::collections::HashMap;

use order_events::Money;
use proptest::prelude::*;
use rstest::rstest;

use super::model::{any_kind, apply, catalogue, events, money, number, order, place, unusable, with_stored};
use super::*;

fn ends(outcome: &Outcome) -> Vec<Status> {
    let new = outcome.inserts.iter().map(|order| order.status);
    new.chain(outcome.changes.iter().map(|change| change.to)).collect()
}

#[rstest]
#[case::available(&[(1, 3)], None)]
#[case::out_of_stock(&[(1, 4)], Some("OUT_OF_STOCK"))]
#[case::no_stock_at_all(&[(4, 1)], Some("OUT_OF_STOCK"))]
#[case::unknown(&[(1, 1), (9, 1)], Some("UNKNOWN_PRODUCT"))]
#[case::lines_of_one_product_add_up(&[(1, 2), (1, 2)], Some("OUT_OF_STOCK"))]
#[case::all_or_nothing(&[(1, 1), (4, 1)], Some("OUT_OF_STOCK"))]
fn a_create_is_confirmed_or_rejected(#[case] items: &[(u64, u32)], #[case] reason: Option<&str>) {
    let outcome = fold(catalogue(), events(vec![place(1, 1, items, false)]));
    let new = &outcome.inserts[0];
    assert_eq!(new.reason, reason);
    assert_eq!(new.status, if reason.is_none() { Status::Confirmed } else { Status::Rejected });
    assert_eq!(outcome.stock.is_empty(), reason.is_some());
    assert_eq!(outcome.totals[&0], Totals { creates: 1, new: 1, ..Totals::default() });
    assert_eq!(outcome.mail.keys().next(), Some(&(number(1), new.status)));
}

#[rstest]
#[case::same(Some(money(100, "EUR")), None)]
#[case::dearer(Some(money(101, "EUR")), Some("PRICE_CHANGED"))]
#[case::other_currency(Some(money(100, "USD")), Some("CURRENCY_MISMATCH"))]
fn the_price_seen_must_be_the_price_now(#[case] seen: Option<Money>, #[case] reason: Option<&str>) {
    let mut placed = order(1, 1, &[(1, 1)]);
    placed.items[0].unit_price = seen;
    let outcome = fold(catalogue(), events(vec![Kind::Place { order: Box::new(placed), replay: false }]));
    assert_eq!(outcome.inserts[0].reason, reason);
}

#[test]
fn products_of_two_currencies_are_no_order() {
    let mut state = catalogue();
    state.products.get_mut(&2).unwrap().price = money(5, "USD");
    let outcome = fold(state, events(vec![place(1, 1, &[(1, 1), (2, 1)], false)]));
    assert_eq!(outcome.inserts[0].reason, Some("CURRENCY_MISMATCH"));
}

#[test]
fn a_sum_beyond_64_bits_is_rejected() {
    let mut state = catalogue();
    state.products.get_mut(&1).unwrap().price.amount = i64::MAX;
    state.stock.insert(1, i64::MAX);
    let outcome = fold(state, events(vec![place(1, 1, &[(1, u32::MAX), (1, u32::MAX)], false)]));
    assert_eq!(outcome.inserts[0].reason, Some("TOTAL_TOO_LARGE"));
}

#[rstest]
// create over what is stored: duplicate or conflict, status unchanged
#[case(Status::Confirmed, Some(1), place(1, 1, &[(1, 1)], false), None, "duplicates")]
#[case(Status::Confirmed, Some(1), place(1, 2, &[(1, 1)], false), None, "conflicts")]
#[case(Status::Rejected, Some(1), place(1, 1, &[(1, 1)], false), None, "duplicates")]
#[case(Status::Cancelled, Some(1), place(1, 2, &[(1, 1)], false), None, "conflicts")]
#[case(Status::Failed, Some(1), place(1, 1, &[(1, 1)], false), None, "duplicates")]
#[case(Status::Failed, Some(1), place(1, 2, &[(1, 1)], false), None, "conflicts")]
#[case(Status::Failed, None, place(1, 2, &[(1, 1)], false), None, "duplicates")]
// replay
#[case(Status::Failed, None, place(1, 2, &[(1, 1)], true), Some(Status::Confirmed), "replays")]
#[case(Status::Failed, Some(1), place(1, 2, &[(9, 1)], true), Some(Status::Rejected), "replays")]
#[case(Status::Confirmed, Some(1), place(1, 2, &[(1, 1)], true), None, "replays")]
#[case(Status::Cancelled, Some(1), place(1, 1, &[(1, 1)], true), None, "replays")]
// cancel
#[case(Status::Confirmed, Some(1), Kind::Cancel(number(1)), Some(Status::Cancelled), "cancels")]
#[case(Status::Failed, None, Kind::Cancel(number(1)), Some(Status::Cancelled), "cancels")]
#[case(Status::Rejected, Some(1), Kind::Cancel(number(1)), None, "cancels")]
#[case(Status::Cancelled, Some(1), Kind::Cancel(number(1)), None, "cancels")]
// unusable
#[case(Status::Failed, None, unusable(Some(1), true, true), None, "replays")]
#[case(Status::Confirmed, Some(1), unusable(Some(1), true, false), None, "conflicts")]
#[case(Status::Confirmed, Some(1), unusable(Some(1), false, false), None, "other")]
fn over_a_stored_order(
    #[case] status: Status,
    #[case] fingerprint: Option<u8>,
    #[case] kind: Kind,
    #[case] becomes: Option<Status>,
    #[case] counted: &str,
) {
    let outcome = fold(with_stored(status, fingerprint), events(vec![kind]));
    assert!(outcome.inserts.is_empty());
    assert_eq!(
        outcome.changes.iter().map(|change| (change.from, change.to)).collect::<Vec<_>>(),
        Vec::from_iter(becomes.map(|to| (status, to)))
    );
    let totals = outcome.totals[&0];
    let count = match counted {
        "duplicates" => totals.duplicates,
        "conflicts" => totals.conflicts,
        "replays" => totals.replays,
        "cancels" => totals.cancels,
        _ => totals.other,
    };
    assert_eq!((count, totals.records()), (1, 1));
    let letters = counted == "conflicts"
        || counted == "other"
        || (counted == "replays" && becomes.is_none() && status == Status::Failed);
    assert_eq!(outcome.letters.len(), usize::from(letters));
}

#[test]
fn a_cancelled_order_gives_back_once() {
    let outcome =
        fold(with_stored(Status::Confirmed, Some(1)), events(vec![Kind::Cancel(number(1)), Kind::Cancel(number(1))]));
    assert_eq!(outcome.stock, [(1, 2)].into());
    assert_eq!(outcome.movements.len(), 1);
    assert_eq!(outcome.movements[0].available_after, 5);
}

#[test]
fn a_cancel_before_its_order_wins() {
    let waiting = fold(catalogue(), events(vec![Kind::Cancel(number(1)), Kind::Cancel(number(1))]));
    assert_eq!(waiting.pending_added, [number(1)].into());
    let later = fold(apply(catalogue(), &waiting), events(vec![place(1, 1, &[(1, 1)], false)]));
    assert_eq!((ends(&later), later.stock.len()), (vec![Status::Cancelled], 0));
    assert_eq!(later.pending_removed, [number(1)].into());
    let together = fold(catalogue(), events(vec![Kind::Cancel(number(1)), place(1, 1, &[(1, 1)], false)]));
    assert_eq!(ends(&together), [Status::Cancelled]);
    assert!(together.pending_added.is_empty() && together.pending_removed.is_empty());
}

#[test]
fn a_failed_order_keeps_the_fingerprint_of_its_first_body() {
    let replayed = fold(
        with_stored(Status::Failed, Some(1)),
        events(vec![place(1, 2, &[(1, 1)], true), place(1, 1, &[(1, 1)], false)]),
    );
    assert_eq!(replayed.totals[&0], Totals { creates: 1, duplicates: 1, replays: 1, ..Totals::default() });
    assert!(replayed.letters.is_empty());
}

#[test]
fn an_unusable_create_makes_a_failed_order_once() {
    let kinds = vec![
        unusable(Some(1), true, false),
        unusable(Some(1), true, false),
        unusable(None, true, false),
        unusable(Some(2), false, false),
    ];
    let outcome = fold(catalogue(), events(kinds));
    assert_eq!(ends(&outcome), [Status::Failed]);
    assert_eq!(outcome.letters.len(), 4);
    assert_eq!(outcome.totals[&0], Totals { creates: 3, failed: 2, conflicts: 1, other: 1, ..Totals::default() });
}

#[test]
fn a_replay_published_twice_counts_once() {
    let kinds = vec![place(1, 1, &[(1, 1)], true), place(1, 1, &[(1, 1)], true)];
    let outcome = fold(with_stored(Status::Failed, None), events(kinds));
    assert_eq!((ends(&outcome), outcome.movements.len()), (vec![Status::Confirmed], 1));
}

proptest! {
    #[test]
    fn stock_is_never_oversold_and_equals_its_ledger(kinds in prop::collection::vec(any_kind(), 0..40)) {
        let outcome = fold(catalogue(), events(kinds.clone()));
        let mut ledger = catalogue().stock;
        for movement in &outcome.movements {
            let available = ledger.entry(movement.product).or_insert(0);
            *available += movement.delta;
            prop_assert_eq!(*available, movement.available_after);
            prop_assert!(*available >= 0);
        }
        let after = apply(catalogue(), &outcome);
        prop_assert!(ledger.iter().all(|(product, left)| after.stock.get(product).unwrap_or(&0) == left));
    }

    #[test]
    fn an_order_takes_and_gives_back_each_product_at_most_once(kinds in prop::collection::vec(any_kind(), 0..40)) {
        let outcome = fold(catalogue(), events(kinds));
        let mut seen = HashMap::new();
        for movement in &outcome.movements {
            prop_assert!(seen.insert((movement.number, movement.product, movement.reason), movement.delta).is_none());
        }
        for ((number, product, reason), delta) in &seen {
            if *reason == MovementReason::Cancel {
                prop_assert_eq!(seen.get(&(*number, *product, MovementReason::Order)), Some(&-delta));
            }
        }
    }

    #[test]
    fn every_record_is_counted_once(kinds in prop::collection::vec(any_kind(), 1..40)) {
        let count = u64::try_from(kinds.len()).unwrap();
        let outcome = fold(catalogue(), events(kinds));
        let totals = outcome.totals[&0];
        prop_assert_eq!(totals.records(), count);
        prop_assert_eq!(totals.creates, totals.new + totals.duplicates + totals.conflicts + totals.failed);
    }

    #[test]
    fn cutting_a_batch_anywhere_changes_nothing(kinds in prop::collection::vec(any_kind(), 1..30), cut in any::<prop::sample::Index>()) {
        let whole = apply(catalogue(), &fold(catalogue(), events(kinds.clone())));
        let (first, second) = kinds.split_at(cut.index(kinds.len()));
        let half = apply(catalogue(), &fold(catalogue(), events(first.to_vec())));
        let halves = apply(half.clone(), &fold(half, events(second.to_vec())));
        prop_assert_eq!(&whole.orders, &halves.orders);
        prop_assert_eq!(&whole.pending_cancels, &halves.pending_cancels);
        prop_assert!((1..=4).all(|p| whole.stock.get(&p).unwrap_or(&0) == halves.stock.get(&p).unwrap_or(&0)));
    }

    #[test]
    fn reading_the_log_again_changes_no_order(kinds in prop::collection::vec(any_kind(), 1..30)) {
        // As after a restore of consumer_offsets alone. A cancel may be read again after its order: it is for the same order then.
        let kinds: Vec<Kind> = kinds.into_iter().filter(|kind| !matches!(kind, Kind::Cancel(_))).collect();
        let once = apply(catalogue(), &fold(catalogue(), events(kinds.clone())));
        let replay = fold(once.clone(), events(kinds.into_iter().filter(|k| !matches!(k, Kind::Place { replay: true, .. })).collect()));
        prop_assert!(replay.inserts.is_empty() && replay.changes.is_empty() && replay.stock.is_empty());
    }
}
