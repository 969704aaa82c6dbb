//! `/api/dead-letters` on a real table, replays on a real Kafka.

use order_events::OrderEvent;
use reqwest::Response;
use rstest::rstest;
use serde_json::{Value, json};

use crate::api::{Api, Backends, TOKEN, json_of, order, problem, until_answered, until_taken};
use crate::database::Database;
use crate::topic;

const NUMBER: &str = "56ae6aa8-3d28-5fe2-b643-6e2ee29e004f";

struct World {
    database: Database,
    backends: Backends,
    api: Api,
}

async fn world() -> World {
    world_in("Idempotent").await
}

/// With a producer in this mode, which has taken an order before: no replay waits for its first connection.
async fn world_in(mode: &str) -> World {
    let database = Database::migrated().await;
    let bootstrap = topic::shared_bootstrap();
    let topic = topic::make(&bootstrap).await;
    let backends = database.backends(Backends { bootstrap, topic, ..Backends::default() });
    let api = Api::start_with(&backends, &[&format!("--producer-mode={mode}")]).await;
    until_taken("a first order", || api.place(&order())).await;
    until_answered(|| api.get("/api/dead-letters").bearer_auth(TOKEN)).await;
    World { database, backends, api }
}

/// What order-api once wrote, in a form that this test needs no other code for.
fn event(number: &str) -> Value {
    let mut event = order();
    event["type"] = json!("OrderPlaced");
    event["schemaVersion"] = json!("1.0");
    event["eventId"] = json!("01a204b5-693f-7204-b397-327bf8276e62");
    event["orderNumber"] = json!(number);
    event["placedAt"] = json!("2026-11-22T18:00:00.123456Z");
    event["fingerprint"] = json!("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    event
}

impl World {
    async fn letter(&self, offset: i64, reason: &str, value: &[u8], number: Option<&str>) -> u64 {
        sqlx::query(
            "INSERT INTO dead_letters (topic, topic_id, partition_id, record_offset, value_hash, record_key, record_value, \
             headers, order_number, event_type, reason, detail, attempts) \
             VALUES ('orders', 'topic-id', 0, ?, ?, ?, ?, '[[\"event-type\",\"T3JkZXJQbGFjZWQ=\"],[\"x-name\",\"QW5u\"]]', \
             ?, 'OrderPlaced', ?, 'what the consumer says', 1)",
        )
        .bind(offset)
        .bind([7_u8; 32].as_slice())
        .bind(number)
        .bind(value)
        .bind(number)
        .bind(reason)
        .execute(&self.database.pool)
        .await
        .unwrap()
        .last_insert_id()
    }

    async fn get(&self, path: &str) -> Value {
        json_of(self.api.get(path).bearer_auth(TOKEN).send().await.unwrap()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        self.api.post(path).bearer_auth(TOKEN).json(body).send().await.unwrap()
    }

    /// Replays, as a reader of committed records sees them.
    async fn published(&self) -> Vec<topic::Record> {
        let mut records = topic::read(&self.backends.bootstrap, &self.backends.topic).await;
        records.retain(|record| record.headers.contains_key("replay-of"));
        records
    }
}

#[tokio::test]
#[ignore = "needs Kafka and MySQL: cargo xtask test --integration"]
async fn listed_by_filter_in_pages_and_shown_with_masks() {
    let world = world().await;
    let poison = event(NUMBER).to_string();
    for offset in 0..5 {
        world.letter(offset, "UNDECODABLE", b"{", None).await;
    }
    let id = world.letter(5, "REFUSED_BY_DATABASE", poison.as_bytes(), Some(NUMBER)).await;

    let (mut found, mut path) = (Vec::new(), "/api/dead-letters?reason=UNDECODABLE&limit=2".to_owned());
    loop {
        let page = world.get(&path).await;
        found.extend(page["items"].as_array().unwrap().iter().map(|item| item["offset"].as_i64().unwrap()));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("/api/dead-letters?reason=UNDECODABLE&limit=2&cursor={cursor}");
    }
    assert_eq!(found, [4, 3, 2, 1, 0]);
    for (query, count) in [
        (format!("orderNumber={NUMBER}"), 1),
        ("status=OPEN".to_owned(), 6),
        ("status=DISCARDED".to_owned(), 0),
        ("from=2020-01-01T00:00:00Z&to=2099-01-01T00:00:00Z".to_owned(), 6),
        ("from=2099-01-01T00:00:00Z".to_owned(), 0),
        ("to=2020-01-01T00:00:00Z".to_owned(), 0),
    ] {
        let page = world.get(&format!("/api/dead-letters?{query}")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
    }

    let shown = world.get(&format!("/api/dead-letters/{id}")).await;
    assert_eq!((&shown["reason"], &shown["status"]), (&json!("REFUSED_BY_DATABASE"), &json!("OPEN")));
    assert_eq!((&shown["orderNumber"], &shown["key"]), (&json!(NUMBER), &json!(NUMBER)));
    assert_eq!(shown["replayNeeds"], json!([]));
    assert_eq!(shown["event"]["customer"]["address"], "***");
    assert_eq!(shown["body"]["payment"], json!({"method": "card", "token": "***"}));
    assert_eq!(shown["body"]["customer"]["name"], "Ann Example");
    assert_eq!(shown["headers"][1], json!({"name": "x-name", "value": "***"}));
    assert_eq!((&shown["base64"], shown["size"].as_u64()), (&Value::Null, Some(poison.len() as u64)));
    let text = shown.to_string();
    assert!(!text.contains("Street 1") && !text.contains("tok_1"), "{text}");

    let revealed = world.get(&format!("/api/dead-letters/{id}?reveal=true")).await;
    assert_eq!(revealed["event"], event(NUMBER));
    assert_eq!(revealed["headers"][1]["value"], "Ann");
    assert!(revealed["base64"].is_string());
    let mut other = revealed;
    for field in ["event", "body", "headers", "base64"] {
        other[field] = shown[field].clone();
    }
    assert_eq!(other, shown, "reading changes nothing");
}

#[rstest]
#[case::idempotent("Idempotent")]
#[case::transactional("Transactional")]
#[tokio::test]
#[ignore = "needs Kafka and MySQL: cargo xtask test --integration"]
async fn a_replay_is_published_once_and_marked(#[case] mode: &str) {
    let world = world_in(mode).await;
    let id = world.letter(0, "REFUSED_BY_DATABASE", event(NUMBER).to_string().as_bytes(), Some(NUMBER)).await;
    let path = format!("/api/dead-letters/{id}/replay");

    let mut body = order();
    body["items"][0]["quantity"] = json!(1);
    body["customer"]["address"] = json!("***");
    let (status, slug, _) = problem(world.post(&path, &json!({"body": body, "replayCount": 7})).await).await;
    assert_eq!((status, slug.as_str()), (409, "dead-letter-changed"));
    let request = json!({"body": body, "replayCount": 0});
    let (first, second) = tokio::join!(world.post(&path, &request), world.post(&path, &request));
    let (won, lost) = if first.status() == 202 { (first, second) } else { (second, first) };
    assert_eq!(won.headers()["location"], format!("/api/orders/{NUMBER}").as_str());
    let expected = json!({"id": id, "status": "REPLAYED", "orderNumber": NUMBER, "replayCount": 1});
    assert_eq!(json_of(won).await, expected);
    assert_eq!(problem(lost).await.0, 409);

    let records = world.published().await;
    assert_eq!(records.len(), 1, "of two who replay at once one publishes");
    assert_eq!((records[0].key.as_str(), records[0].headers["replay-of"].as_str()), (NUMBER, id.to_string().as_str()));
    let OrderEvent::Placed(placed) = &records[0].event else { panic!("a create") };
    assert_eq!((placed.items[0].quantity, placed.customer.address.as_str()), (1, "Street 1, 12345 Town"));
    assert!(placed.fingerprint.to_string().starts_with("0011"), "the shopper's own fingerprint stays");

    let shown = world.get(&format!("/api/dead-letters/{id}")).await;
    assert_eq!((&shown["status"], &shown["replayCount"]), (&json!("REPLAYED"), &json!(1)));
    assert_eq!(shown["replayedAs"], NUMBER);
    let (status, slug, _) = problem(world.post(&path, &json!({})).await).await;
    assert_eq!((status, slug.as_str()), (409, "dead-letter-not-open"));
    assert_eq!(world.post(&path, &json!({"again": true})).await.status(), 202);
    assert_eq!(world.published().await.len(), 2);
    assert_eq!(world.api.metric("dead_letters_replayed_total").await, 2.0);
}

#[tokio::test]
#[ignore = "needs Kafka and MySQL: cargo xtask test --integration"]
async fn a_conflict_becomes_a_new_order_and_a_record_without_number_gets_one() {
    let world = world().await;
    let conflict = world.letter(0, "IDEMPOTENCY_CONFLICT", event(NUMBER).to_string().as_bytes(), Some(NUMBER)).await;
    let garbage = world.letter(1, "UNDECODABLE", &[0xff], None).await;
    let path = |id| format!("/api/dead-letters/{id}/replay");
    for (id, body, pointer) in [
        (conflict, json!({}), "/orderNumber"),
        (garbage, json!({}), "/orderNumber"),
        (garbage, json!({"orderNumber": "new"}), "/body"),
        (garbage, json!({"orderNumber": "new", "body": {"items": []}}), "/body/customer"),
    ] {
        let (status, _, told) = problem(world.post(&path(id), &body).await).await;
        assert_eq!((status, &told["errors"][0]["pointer"]), (422, &json!(pointer)), "{body}");
    }
    let needs = |id| {
        let world = &world;
        async move { world.get(&format!("/api/dead-letters/{id}")).await["replayNeeds"].clone() }
    };
    assert_eq!(needs(conflict).await, json!(["orderNumber"]));
    assert_eq!(needs(garbage).await, json!(["body", "orderNumber"]));

    let first = json_of(world.post(&path(conflict), &json!({"orderNumber": "new"})).await).await;
    assert_ne!(first["orderNumber"], NUMBER);
    let again = json!({"orderNumber": "new", "again": true});
    let second = json_of(world.post(&path(conflict), &again).await).await;
    assert_eq!(first["orderNumber"], second["orderNumber"], "published twice, it is still one order");
    let given = json!({"orderNumber": NUMBER, "body": order()});
    assert_eq!(json_of(world.post(&path(garbage), &given).await).await["orderNumber"], NUMBER);
    assert_eq!(world.published().await.len(), 3);
}

#[rstest]
#[case::idempotent("Idempotent")]
#[case::transactional("Transactional")]
#[tokio::test]
#[ignore = "needs Kafka and MySQL: cargo xtask test --integration"]
async fn many_are_replayed_by_filter_after_a_dry_run(#[case] mode: &str) {
    let world = world_in(mode).await;
    let number = |n: i64| format!("56ae6aa8-3d28-5fe2-b643-6e2ee29e00{n:02}");
    for offset in 0..5 {
        let number = number(offset);
        world.letter(offset, "REFUSED_BY_DATABASE", event(&number).to_string().as_bytes(), Some(&number)).await;
    }
    world.letter(5, "UNDECODABLE", b"{", None).await;
    let other = world.letter(6, "IDEMPOTENCY_CONFLICT", event(NUMBER).to_string().as_bytes(), Some(NUMBER)).await;
    let many = |body: Value| {
        let world = &world;
        async move { json_of(world.post("/api/dead-letters:replay", &body).await).await }
    };

    let dry = many(json!({"filter": {}, "dryRun": true})).await;
    assert_eq!((&dry["dryRun"], &dry["replayed"], &dry["skipped"]), (&json!(true), &json!(5), &json!(2)));
    assert_eq!(dry["items"][0]["outcome"], "WOULD_REPLAY");
    assert_eq!(dry["items"][6]["outcome"], "SKIPPED");
    assert_eq!((&dry["items"][6]["id"], &dry["nextCursor"]), (&json!(other), &Value::Null));
    assert!(world.published().await.is_empty(), "a dry run publishes nothing");

    let first = many(json!({"filter": {"reason": "REFUSED_BY_DATABASE"}, "limit": 3})).await;
    assert_eq!((&first["replayed"], &first["failed"]), (&json!(3), &json!(0)));
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = many(json!({"filter": {"reason": "REFUSED_BY_DATABASE"}, "cursor": cursor})).await;
    assert_eq!((&rest["replayed"], &rest["nextCursor"]), (&json!(2), &Value::Null));
    let mut keys: Vec<String> = world.published().await.into_iter().map(|record| record.key).collect();
    keys.sort();
    assert_eq!(keys, (0..5).map(number).collect::<Vec<_>>());
    assert_eq!(many(json!({"filter": {"reason": "REFUSED_BY_DATABASE"}})).await["items"], json!([]));
}

#[tokio::test]
#[ignore = "needs Kafka and MySQL: cargo xtask test --integration"]
async fn discarded_with_a_reason_it_stays_so() {
    let world = world().await;
    let id = world.letter(0, "REFUSED_BY_DATABASE", event(NUMBER).to_string().as_bytes(), Some(NUMBER)).await;
    let path = format!("/api/dead-letters/{id}/discard");
    let (status, _, told) = problem(world.post(&path, &json!({})).await).await;
    assert_eq!((status, &told["errors"][0]["pointer"]), (422, &json!("/reason")));
    let done = json_of(world.post(&path, &json!({"reason": "a partner's test"})).await).await;
    assert_eq!((&done["status"], &done["note"]), (&json!("DISCARDED"), &json!("a partner's test")));
    for (path, body) in [
        (path, json!({"reason": "again"})),
        (format!("/api/dead-letters/{id}/replay"), json!({})),
        (format!("/api/dead-letters/{id}/replay"), json!({"again": true})),
    ] {
        let (status, slug, _) = problem(world.post(&path, &body).await).await;
        assert_eq!((status, slug.as_str()), (409, "dead-letter-not-open"));
    }
    assert!(world.published().await.is_empty());
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn while_kafka_is_away_a_replay_changes_nothing_for_good() {
    let database = Database::migrated().await;
    let backends = database.backends(Backends::default());
    let api = Api::start(&backends).await;
    let world = World { database, backends, api };
    let id = world.letter(0, "REFUSED_BY_DATABASE", event(NUMBER).to_string().as_bytes(), Some(NUMBER)).await;
    let (status, ..) = problem(world.post(&format!("/api/dead-letters/{id}/replay"), &json!({})).await).await;
    assert_eq!(status, 503);
    let shown = world.get(&format!("/api/dead-letters/{id}")).await;
    assert_eq!(
        (&shown["status"], &shown["replayCount"]),
        (&json!("OPEN"), &json!(1)),
        "it was begun and can be repeated"
    );
    let many = json_of(world.post("/api/dead-letters:replay", &json!({"filter": {}})).await).await;
    assert_eq!((&many["failed"], &many["items"][0]["outcome"]), (&json!(1), &json!("FAILED")));
    assert!(many["nextCursor"].is_string(), "and goes on from there");
}

#[tokio::test]
async fn without_token_or_database_nothing_is_told() {
    let api = Api::start(&Backends::default()).await;
    for path in ["/api/dead-letters", "/api/dead-letters/1", "/api/dead-letters?limit=0"] {
        assert_eq!(problem(api.get(path).send().await.unwrap()).await.0, 401, "{path}");
    }
    for path in ["/api/dead-letters/1/replay", "/api/dead-letters/1/discard", "/api/dead-letters:replay"] {
        assert_eq!(problem(api.post(path).json(&json!({})).send().await.unwrap()).await.0, 401, "{path}");
    }
    let with_token = |path: &str| api.get(path).bearer_auth(TOKEN).send();
    assert_eq!(problem(with_token("/api/dead-letters").await.unwrap()).await.1, "database-unavailable");
    assert_eq!(problem(with_token("/api/dead-letters/x").await.unwrap()).await.1, "no-such-dead-letter");
    assert_eq!(problem(with_token("/api/dead-letters?limit=0").await.unwrap()).await.0, 422);
}
