//! One trace id from the record's header to the log and to the outbox.

use order_events::{encode, header};

use crate::world::{World, cancel, number, order};

const CREATE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const CANCEL: &str = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-00f067aa0ba902b7-01";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn the_mail_knows_the_trace_of_the_request_it_answers() {
    let world = World::selling(1, 10).await;
    let consumer = world.start("a");
    let (number, other) = (number(), number());
    for (event, trace) in [
        (order(number, "Ann", &[(1, 1)]), CREATE),
        (cancel(number), CANCEL),
        (order(other, "Ann", &[(1, 1)]), "'; DROP TABLE outbox; --"),
    ] {
        let event = encode(&event);
        let mut headers: Vec<(&str, &str)> =
            event.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.push((header::TRACEPARENT, trace));
        world.send_raw(&event.key, &event.value, &headers).await;
    }
    world.until_processed(3).await;
    let rows: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT kind, traceparent FROM outbox WHERE order_number = ? ORDER BY kind")
            .bind(number.to_string())
            .fetch_all(&world.pool)
            .await
            .unwrap();
    let of = |kind: &str| rows.iter().find(|(found, _)| found == kind).and_then(|(_, trace)| trace.clone());
    assert_eq!(of("CANCELLED").as_deref(), Some(CANCEL));
    assert_eq!(of("CONFIRMED").as_deref(), Some(CREATE));
    assert_eq!(world.count("SELECT COUNT(*) FROM outbox WHERE traceparent IS NULL").await, 1);
    for trace_id in ["4bf92f3577b34da6a3ce929d0e0e4736", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        world
            .until("the commit is logged with it", async || {
                consumer.log().lines().any(|line| line.contains("record committed") && line.contains(trace_id))
            })
            .await;
    }
}
