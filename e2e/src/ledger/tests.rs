use super::*;

/// Intent 0 confirmed (and sent twice), intent 1 rejected; product 7 had 2 units and sold them.
fn clean() -> Evidence {
    let accepted = |intent, number: &str| Attempt { intent, outcome: Outcome::Accepted(number.to_owned()) };
    Evidence {
        attempts: vec![accepted(0, "a"), accepted(0, "a"), accepted(1, "b")],
        log: BTreeMap::from([("a".to_owned(), vec![(0, 0), (0, 1)]), ("b".to_owned(), vec![(1, 0)])]),
        counted: verify::Ledger { accepted: 3, persisted: 2, duplicate: 1, ..verify::Ledger::default() },
        orders: BTreeMap::from([
            ("a".to_owned(), order("CONFIRMED", &[(7, 2)], &[(7, 2)])),
            ("b".to_owned(), order("REJECTED", &[(7, 1)], &[])),
        ]),
        stock: vec![Stock { product: 7, initial: 2, available: 0 }],
        ..Evidence::default()
    }
}

fn order(status: &str, items: &[(u64, i64)], taken: &[(u64, i64)]) -> StoredOrder {
    StoredOrder {
        status: status.to_owned(),
        items: items.iter().copied().collect(),
        taken: taken.iter().copied().collect(),
    }
}

fn drawn(change: impl FnOnce(&mut Evidence)) -> Ledger {
    let mut evidence = clean();
    change(&mut evidence);
    Ledger::draw(&evidence)
}

#[test]
fn a_clean_run_adds_up() {
    let ledger = drawn(|_| {});
    assert!(ledger.is_clean(), "{ledger}");
    assert_eq!((ledger.accepted, ledger.persisted, ledger.duplicate), (3, 2, 1));
    assert_eq!(
        ledger.to_string(),
        "  accepted 3 = persisted 2 + duplicate 1 + conflict 0 + failed 0\n  \
         orders: CONFIRMED 1, REJECTED 1; dead letters 0\n  \
         clients: 3 accepted, 0 unknown, 0 refused, 0 without answer\n  \
         lost 0, duplicated 0, oversold 0"
    );
}

#[test]
fn an_answered_order_without_a_row_is_lost() {
    let ledger = drawn(|evidence| drop(evidence.orders.remove("b")));
    assert_eq!(ledger.lost, 1);
    assert!(!ledger.is_clean());
    assert!(ledger.disagreements.iter().any(|line| line.contains("in the log at [(1, 0)]")), "{ledger}");
}

#[test]
fn an_answered_order_that_is_neither_in_log_nor_table_is_lost() {
    let ledger = drawn(|evidence| {
        evidence.attempts.push(Attempt { intent: 2, outcome: Outcome::Accepted("c".to_owned()) });
    });
    assert_eq!(ledger.lost, 1);
    assert!(ledger.disagreements.iter().any(|line| line.contains("not in the log")), "{ledger}");
}

#[test]
fn stock_taken_twice_is_duplicated() {
    let ledger = drawn(|evidence| {
        evidence.orders.insert("a".to_owned(), order("CONFIRMED", &[(7, 2)], &[(7, 4)]));
    });
    assert_eq!(ledger.duplicated, 1);
}

#[test]
fn stock_taken_for_a_rejected_order_is_duplicated() {
    let ledger = drawn(|evidence| {
        evidence.orders.insert("b".to_owned(), order("REJECTED", &[(7, 1)], &[(7, 1)]));
    });
    assert_eq!(ledger.duplicated, 1);
}

#[test]
fn a_cancelled_order_holds_nothing() {
    let ledger = drawn(|evidence| {
        evidence.orders.insert("a".to_owned(), order("CANCELLED", &[(7, 2)], &[(7, 0)]));
        evidence.stock[0].available = 2;
    });
    assert!(ledger.is_clean(), "{ledger}");
}

#[test]
fn two_orders_for_one_intent_are_duplicated() {
    let ledger = drawn(|evidence| evidence.attempts[2].intent = 0);
    assert_eq!(ledger.duplicated, 1);
}

#[test]
fn an_order_that_nobody_placed_is_duplicated() {
    let ledger = drawn(|evidence| drop(evidence.attempts.pop()));
    assert_eq!(ledger.duplicated, 1);
}

#[test]
fn an_unknown_answer_may_become_an_order() {
    let ledger = drawn(|evidence| evidence.attempts[2].outcome = Outcome::Unknown("b".to_owned()));
    assert!(ledger.is_clean(), "{ledger}");
}

#[test]
fn more_sold_than_there_was_is_oversold() {
    let ledger = drawn(|evidence| {
        evidence.orders.insert("b".to_owned(), order("CONFIRMED", &[(7, 1)], &[(7, 1)]));
        evidence.stock[0].available = -1;
    });
    assert_eq!(ledger.oversold, 1);
    assert_eq!(ledger.duplicated, 0);
}

#[test]
fn stock_that_vanished_is_a_disagreement() {
    let ledger = drawn(|evidence| evidence.stock[0] = Stock { product: 7, initial: 10, available: 5 });
    assert_eq!(ledger.disagreements, ["product 7: 8 should be left, inventory says 5"]);
}

#[test]
fn what_the_log_holds_and_what_was_counted_must_be_the_same() {
    let ledger = drawn(|evidence| evidence.counted.duplicate = 0);
    assert_eq!(ledger.disagreements, ["repetitions in the log: 1, but duplicate: 0"]);
    let ledger = drawn(|evidence| evidence.counted.accepted = 4);
    assert_eq!(ledger.disagreements, ["creates in the log: 3, but accepted: 4"]);
}

#[test]
fn what_verify_finds_is_a_disagreement() {
    let ledger = drawn(|evidence| evidence.differences.push("stock: 1".to_owned()));
    assert_eq!(ledger.disagreements, ["orderctl verify: stock: 1"]);
}

#[test]
fn failed_and_conflicting_orders_have_terms_of_their_own() {
    let ledger = drawn(|evidence| {
        evidence.attempts.push(Attempt { intent: 2, outcome: Outcome::Accepted("c".to_owned()) });
        evidence.log.insert("b".to_owned(), vec![(1, 0), (1, 1)]);
        evidence.log.insert("c".to_owned(), vec![(1, 2)]);
        evidence.orders.insert("c".to_owned(), order("FAILED", &[], &[]));
        evidence.counted = verify::Ledger {
            accepted: 5,
            persisted: 2,
            duplicate: 1,
            conflict: 1,
            failed: 1,
            ..verify::Ledger::default()
        };
        evidence.dead_letters = 2;
    });
    assert!(ledger.is_clean(), "{ledger}");
    assert_eq!((ledger.conflict, ledger.failed), (1, 1));
}
