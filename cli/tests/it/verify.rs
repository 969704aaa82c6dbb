//! What `verify` says of a right pipeline, and of one in which a single thing is wrong.

use orderctl::verify::{Kind, Report, VerifyError, verify};

use crate::fixture::Fixture;

fn kinds(report: &Report) -> Vec<Kind> {
    report.differences.iter().map(|difference| difference.kind).collect()
}

#[tokio::test]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_right_pipeline_has_no_difference_and_what_waits_is_told() {
    let fixture = Fixture::make().await;
    let report = verify(&fixture.sources).await.unwrap();
    assert!(report.clean && report.whole_log, "{report}");
    assert_eq!(
        report.to_string(),
        "accepted 12 + replayed 1 = persisted 6 + duplicate 2 + conflict 2 + failed 3\n\
         orders: CANCELLED 2, CONFIRMED 3, FAILED 2, REJECTED 1\n\
         dead letters: OPEN 7\n\
         stock: 3 products, 0 oversold\n\
         log: whole, counted again from its first record\n\
         waiting in the log: 1 creates, 0 replays, 1 cancels, 0 others\n\
         waiting in MySQL: 1 cancels for their order, 0 mails (0 given up)\n\
         verified: no difference"
    );
}

/// What is done to the tables, and what must be found. Everything else that is found follows from it.
const DOCTORED: &[(&str, &str, &[Kind])] = &[
    (
        "an order's row is gone",
        "SET foreign_key_checks = 0; DELETE FROM orders WHERE order_number = '{A}'",
        &[Kind::LostOrder, Kind::MovementWithoutOrder, Kind::Totals, Kind::Ledger],
    ),
    (
        "an order is gone with all that it held",
        "DELETE FROM order_items WHERE order_number = '{A}'; DELETE FROM orders WHERE order_number = '{A}';
         DELETE FROM stock_movements WHERE order_number = '{A}';
         UPDATE inventory SET available = available + 2 WHERE product_id = 1;
         UPDATE inventory SET available = available + 1 WHERE product_id = 2",
        &[Kind::LostOrder],
    ),
    ("a rejected order is gone", "DELETE FROM order_items WHERE order_number = '{B}'; DELETE FROM orders WHERE order_number = '{B}'", &[Kind::LostOrder]),
    (
        "a movement that nobody made",
        "INSERT INTO stock_movements (product_id, delta, reason, request_id) VALUES (1, -1, 'ADJUSTMENT', 'x')",
        &[Kind::Stock],
    ),
    (
        "an order took another product, too",
        "INSERT INTO stock_movements (product_id, delta, reason, order_number) VALUES (2, -1, 'ORDER', '{G}');
         UPDATE inventory SET available = available - 1 WHERE product_id = 2",
        &[Kind::WrongMovements],
    ),
    (
        "an order took twice",
        "UPDATE stock_movements SET delta = -4 WHERE order_number = '{A}' AND product_id = 1;
         UPDATE inventory SET available = available - 2 WHERE product_id = 1",
        &[Kind::WrongMovements],
    ),
    (
        "an order took nothing",
        "DELETE FROM stock_movements WHERE order_number = '{G}'; UPDATE inventory SET available = available + 1 WHERE product_id = 1",
        &[Kind::WrongMovements],
    ),
    (
        "a cancel gave nothing back",
        "DELETE FROM stock_movements WHERE reason = 'CANCEL'; UPDATE inventory SET available = available - 3 WHERE product_id = 1",
        &[Kind::WrongMovements],
    ),
    (
        "a cancel gave back twice",
        "UPDATE stock_movements SET delta = 6 WHERE reason = 'CANCEL'; UPDATE inventory SET available = available + 3 WHERE product_id = 1",
        &[Kind::WrongMovements],
    ),
    (
        "a movement of an order that never was",
        "INSERT INTO stock_movements (product_id, delta, reason, order_number) VALUES (1, -1, 'ORDER', '{E}');
         UPDATE inventory SET available = available - 1 WHERE product_id = 1",
        &[Kind::MovementWithoutOrder],
    ),
    ("stock out of nowhere", "UPDATE inventory SET available = available + 1 WHERE product_id = 2", &[Kind::Stock]),
    ("a product without stock row", "DELETE FROM inventory WHERE product_id = 2", &[Kind::Stock]),
    (
        "more sold than there was",
        "UPDATE stock_movements SET delta = 0 WHERE product_id = 3 AND reason = 'INITIAL'",
        &[Kind::Stock, Kind::Oversold],
    ),
    (
        "next is ahead of what was done",
        "UPDATE consumer_offsets SET `next` = 9 WHERE partition_id = 0",
        &[Kind::LostOrder, Kind::Totals],
    ),
    (
        "next is ahead, and the totals go along",
        "UPDATE consumer_offsets SET `next` = 9, creates = creates + 1, duplicates = duplicates + 1 WHERE partition_id = 0",
        &[Kind::LostOrder],
    ),
    (
        "next is behind what was done",
        "UPDATE consumer_offsets SET `next` = 3 WHERE partition_id = 0",
        &[Kind::StrayOrder, Kind::Totals],
    ),
    ("next is behind the log's end", "UPDATE consumer_offsets SET `next` = 99 WHERE partition_id = 1", &[Kind::AheadOfLog]),
    ("offsets of a partition are gone", "DELETE FROM consumer_offsets WHERE partition_id = 1", &[Kind::Totals, Kind::StrayOrder]),
    ("a conflict without its dead letter", "DELETE FROM dead_letters WHERE partition_id = 0 AND record_offset = 2", &[Kind::LostDeadLetter, Kind::Totals]),
    ("a FAILED order without its dead letter", "DELETE FROM dead_letters WHERE order_number = '{D}'", &[Kind::FailedWithoutDeadLetter, Kind::LostDeadLetter, Kind::Totals]),
    ("bytes that are nowhere", "DELETE FROM dead_letters WHERE partition_id = 1 AND record_offset = 3", &[Kind::LostDeadLetter]),
    ("a create without number that is nowhere", "DELETE FROM dead_letters WHERE partition_id = 1 AND record_offset = 2", &[Kind::LostDeadLetter, Kind::Totals]),
    (
        "a dead letter whose order is gone",
        "DELETE FROM orders WHERE order_number = '{D}'",
        &[Kind::DeadLetterWithoutOrder, Kind::LostOrder],
    ),
    ("an order that nobody placed", "INSERT INTO orders (order_number, status) VALUES (UUID(), 'REJECTED')", &[Kind::StrayOrder, Kind::Totals]),
    (
        "an order twice, under two numbers",
        "SET @second = UUID(); INSERT INTO orders (order_number, status, fingerprint) SELECT @second, status, fingerprint FROM orders WHERE order_number = '{A}';
         INSERT INTO order_items (order_number, line, product_id, quantity) SELECT @second, line, product_id, quantity FROM order_items WHERE order_number = '{A}';
         INSERT INTO stock_movements (product_id, delta, reason, order_number) SELECT product_id, delta, reason, @second FROM stock_movements WHERE order_number = '{A}';
         UPDATE inventory SET available = available - 2 WHERE product_id = 1; UPDATE inventory SET available = available - 1 WHERE product_id = 2;
         UPDATE consumer_offsets SET `new` = `new` + 1, creates = creates + 1 WHERE partition_id = 0",
        &[Kind::StrayOrder, Kind::Totals],
    ),
    (
        "a cancel that had no effect",
        "UPDATE orders SET status = 'CONFIRMED' WHERE order_number = '{C}'; DELETE FROM stock_movements WHERE reason = 'CANCEL';
         UPDATE inventory SET available = available - 3 WHERE product_id = 1",
        &[Kind::LostCancel],
    ),
    ("a pending cancel that was forgotten", "DELETE FROM pending_cancels", &[Kind::LostCancel]),
    (
        "cancelled, though nobody asked",
        "UPDATE orders SET status = 'CANCELLED' WHERE order_number = '{H}';
         INSERT INTO stock_movements (product_id, delta, reason, order_number) VALUES (3, 1, 'CANCEL', '{H}');
         UPDATE inventory SET available = available + 1 WHERE product_id = 3",
        &[Kind::StrayCancel],
    ),
    (
        "a replay that had no effect",
        "UPDATE orders SET status = 'FAILED' WHERE order_number = '{G}'; DELETE FROM stock_movements WHERE order_number = '{G}';
         UPDATE inventory SET available = available + 1 WHERE product_id = 1",
        &[Kind::LostReplay],
    ),
    (
        "the order of a replay is gone",
        "DELETE FROM order_items WHERE order_number = '{H}'; DELETE FROM orders WHERE order_number = '{H}';
         DELETE FROM stock_movements WHERE order_number = '{H}'; UPDATE inventory SET available = available + 1 WHERE product_id = 3",
        &[Kind::LostReplay],
    ),
    ("a duplicate too many", "UPDATE consumer_offsets SET duplicates = duplicates + 1 WHERE partition_id = 0", &[Kind::Ledger]),
    (
        "a duplicate counted as new",
        "UPDATE consumer_offsets SET duplicates = duplicates - 1, `new` = `new` + 1 WHERE partition_id = 0",
        &[Kind::Totals],
    ),
    (
        "a create that the log does not hold",
        "UPDATE consumer_offsets SET creates = creates + 1, duplicates = duplicates + 1 WHERE partition_id = 0",
        &[Kind::Totals],
    ),
    ("a cancel that was not counted", "UPDATE consumer_offsets SET cancels = 1 WHERE partition_id = 1", &[Kind::Totals]),
    (
        "a conflict whose bodies are the same",
        "UPDATE orders SET fingerprint = REPEAT(X'02', 32) WHERE order_number = '{A}'",
        &[Kind::FalseConflict, Kind::LostDeadLetter],
    ),
    ("an order whose number is none", "INSERT INTO orders (order_number, status) VALUES ('4711', 'REJECTED')", &[Kind::Unreadable]),
];

#[tokio::test]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn each_kind_of_loss_duplicate_and_oversell_is_found() {
    let fixture = Fixture::make().await;
    for (name, sql, expected) in DOCTORED {
        fixture.fill().await;
        fixture.run(sql).await;
        let report = verify(&fixture.sources).await.unwrap();
        let found = kinds(&report);
        assert!(!report.clean, "{name}: nothing found");
        assert!(expected.iter().all(|kind| found.contains(kind)), "{name}: {expected:?} expected\n{report}");
    }
    fixture.fill().await;
    let report = verify(&fixture.sources).await.unwrap();
    assert!(report.clean, "{report}");
}

#[tokio::test]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_log_whose_start_is_gone_is_checked_from_there() {
    let fixture = Fixture::make().await;
    fixture.remove_records(4).await;
    let report = verify(&fixture.sources).await.unwrap();
    assert!(report.clean && !report.whole_log, "{report}");

    fixture.run("UPDATE consumer_offsets SET `next` = 2 WHERE partition_id = 0").await;
    let report = verify(&fixture.sources).await.unwrap();
    assert_eq!(kinds(&report), [Kind::Gap], "{report}");

    fixture.fill().await;
    fixture.run("SET foreign_key_checks = 0; DELETE FROM orders WHERE order_number = '{C}'").await;
    assert_eq!(verify(&fixture.sources).await.unwrap().count(Kind::LostOrder), 1);
    fixture.fill().await;
    // Its create is no longer in the log; the tables alone show it.
    fixture
        .run("DELETE FROM order_items WHERE order_number = '{B}'; DELETE FROM orders WHERE order_number = '{B}'")
        .await;
    assert_eq!(verify(&fixture.sources).await.unwrap().count(Kind::Totals), 1);
}

#[tokio::test]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn what_cannot_be_asked_is_an_error_and_no_report() {
    let fixture = Fixture::make().await;
    let mut wrong = fixture.sources.clone();
    wrong.topic = "no-such-topic".to_owned();
    let error = verify(&wrong).await.unwrap_err();
    assert!(matches!(error, VerifyError::Log(_)) && error.to_string().contains("no-such-topic"), "{error}");
    let mut wrong = fixture.sources.clone();
    wrong.database = wrong.database.database("mysql");
    assert!(matches!(verify(&wrong).await.unwrap_err(), VerifyError::Database(_)));
}
