//! Dead letters and orders over HTTP, against an order-api that answers what the test wants.

use serde_json::{Value, json};

use crate::fake::{orderctl, problem};

const NUMBER: &str = "56ae6aa8-3d28-5fe2-b643-6e2ee29e004f";

fn letter(id: u64) -> Value {
    json!({"id": id, "status": "OPEN", "reason": "UNDECODABLE", "orderNumber": NUMBER, "partition": 3, "offset": 7,
        "createdAt": "2026-11-22T18:00:00Z", "body": {"customer": {"address": "***"}}})
}

#[tokio::test]
async fn letters_are_listed_over_pages() {
    let pages = vec![
        (200, json!({"items": [letter(2)], "nextCursor": "1.2"})),
        (200, json!({"items": [letter(1)], "nextCursor": null})),
    ];
    let done = orderctl(pages, &["dlq", "list", "--reason", "UNDECODABLE", "--limit", "300"], Some("t0ken")).await;
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(done.asked[0].0, "GET /api/dead-letters?reason=UNDECODABLE&status=OPEN&limit=200");
    assert_eq!(done.asked[1].0, "GET /api/dead-letters?reason=UNDECODABLE&status=OPEN&limit=200&cursor=1.2");
    assert_eq!(done.asked[0].1, "Bearer t0ken");
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", done.out);
    assert!(lines[1].contains("UNDECODABLE") && lines[1].contains("3/7"), "{}", done.out);
}

#[tokio::test]
async fn a_body_is_shown_edited_and_replayed() {
    let shown = orderctl(vec![(200, letter(7))], &["dlq", "show", "7", "--body"], Some("t")).await;
    assert_eq!(serde_json::from_str::<Value>(&shown.out).unwrap(), json!({"customer": {"address": "***"}}));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, &shown.out).unwrap();
    let answer = json!({"id": 7, "status": "REPLAYED", "orderNumber": NUMBER, "replayCount": 1});
    let path = file.path().to_str().unwrap();
    let done = orderctl(vec![(202, answer)], &["dlq", "replay", "7", "--body", path], Some("t")).await;
    assert_eq!((done.code, &*done.out), (0, &*format!("dead letter 7 is REPLAYED, order {NUMBER}\n")));
    assert_eq!(done.asked[0].0, "POST /api/dead-letters/7/replay");
    assert_eq!(done.asked[0].2, json!({"body": {"customer": {"address": "***"}}}));

    std::fs::write(&file, "{\"customer\": geheim").unwrap();
    let bad = orderctl(vec![], &["dlq", "replay", "7", "--body", path], Some("t")).await;
    assert_eq!(bad.code, 2);
    assert!(bad.err.contains("line 1") && !bad.err.contains("geheim"), "{}", bad.err);
}

#[tokio::test]
async fn a_filter_is_replayed_to_its_end_and_only_when_confirmed() {
    let one = |id: u64, outcome: &str| json!({"id": id, "outcome": outcome, "orderNumber": NUMBER, "detail": null});
    let answers = vec![
        (
            200,
            json!({"dryRun": false, "failed": 0, "items": [one(1, "REPLAYED"), one(2, "SKIPPED")], "nextCursor": "1.2"}),
        ),
        (200, json!({"dryRun": false, "failed": 0, "items": [one(3, "REPLAYED")], "nextCursor": null})),
    ];
    let done = orderctl(answers, &["dlq", "replay", "--all", "--yes"], Some("t")).await;
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.ends_with("2 replayed, 1 skipped, 0 failed\n"), "{}", done.out);
    assert_eq!(done.asked[0].2, json!({"filter": {}, "dryRun": false, "limit": 500}));
    assert_eq!(done.asked[1].2["cursor"], "1.2");

    let asked = orderctl(vec![], &["dlq", "replay", "--reason", "X"], Some("t")).await;
    assert_eq!((asked.code, asked.asked.len()), (2, 0));
    assert!(asked.err.contains("--yes"), "{}", asked.err);
    let failed = vec![(200, json!({"dryRun": false, "failed": 1, "items": [one(1, "FAILED")], "nextCursor": "1.0"}))];
    assert_eq!(orderctl(failed, &["dlq", "replay", "--all", "--yes"], Some("t")).await.code, 3);
}

#[tokio::test]
async fn a_refusal_says_what_to_do_next() {
    let changed = problem("dead-letter-changed", "Somebody was faster", json!([]));
    let missing = json!([{"pointer": "/body", "detail": "is needed"}]);
    for (status, body, args, code, words) in [
        (401, problem("unauthorized", "No valid token", json!([])), &["dlq", "list"][..], 2, "adminTokenSecretRef"),
        (409, changed, &["dlq", "discard", "7", "--reason", "a test"], 1, "orderctl dlq show"),
        (422, problem("invalid", "Not valid", missing), &["dlq", "replay", "7"], 2, "/body: is needed"),
        (404, problem("order-not-visible-yet", "Not visible yet", json!([])), &["order", "show", NUMBER], 1, "--wait"),
        (
            503,
            problem("database-unavailable", "The database is away", json!([])),
            &["order", "show", NUMBER],
            3,
            "request r-1",
        ),
        (200, json!("a page"), &["order", "show", "not-a-number"], 2, "order number is a UUID"),
    ] {
        let done = orderctl(vec![(status, body)], args, Some("t0ken")).await;
        assert_eq!(done.code, code, "{args:?}: {}", done.err);
        assert!(done.err.contains(words) && !done.err.contains("t0ken"), "{args:?}: {}", done.err);
    }
    let without = orderctl(vec![], &["dlq", "list"], None).await;
    assert_eq!((without.code, without.asked.len()), (2, 0));
}

#[tokio::test]
async fn an_order_is_shown_and_cancelled() {
    let order = json!({"orderNumber": NUMBER, "status": "REJECTED", "reason": "OUT_OF_STOCK", "createdAt": "x", "updatedAt": "y",
        "items": [{"productId": 1, "sku": "S", "name": "Lamp", "quantity": 2, "unitPrice": {"amount": 1999, "currency": "EUR"}}],
        "total": {"amount": 3998, "currency": "EUR"}});
    let shown = orderctl(vec![(200, order.clone())], &["order", "show", NUMBER, "--wait", "30s"], None).await;
    assert_eq!(shown.asked[0].0, format!("GET /api/orders/{NUMBER}?wait=30s"));
    assert!(shown.out.contains("REJECTED (OUT_OF_STOCK)") && shown.out.contains("3998 EUR"), "{}", shown.out);
    let answers = vec![(202, json!({"orderNumber": NUMBER})), (200, order.clone())];
    let done = orderctl(answers, &["order", "cancel", NUMBER, "--wait", "5s", "--json"], None).await;
    assert_eq!(done.asked[0].0, format!("POST /api/orders/{NUMBER}/cancel"));
    assert_eq!(serde_json::from_str::<Value>(&done.out).unwrap(), order);
}

#[tokio::test]
async fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let done = orderctl(vec![], &["completions", shell], None).await;
        assert!(done.code == 0 && done.out.contains("accept-gap"), "{shell}: {}", done.err);
    }
}
