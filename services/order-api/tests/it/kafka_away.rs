use std::time::{Duration, Instant};

use reqwest::{RequestBuilder, Response};
use rstest::rstest;

use crate::api::{eventually, json_of, order, problem};
use crate::own_kafka::OwnKafka;

/// What callers are promised for an answer without Kafka.
const PROMISED: Duration = Duration::from_secs(2);
const TRIES: usize = 20;

/// The first answer that comes in time. Every answer is a 503; on a busy machine one of many must be in time.
async fn in_time(request: impl Fn() -> RequestBuilder) -> Response {
    for _ in 0..TRIES {
        let asked = Instant::now();
        let response = request().timeout(15 * PROMISED).send().await.expect("an answer, not a hang");
        assert_eq!(response.status(), 503);
        if asked.elapsed() < PROMISED {
            return response;
        }
    }
    panic!("none of {TRIES} answers came within {PROMISED:?}")
}

#[rstest]
#[case::idempotent("Idempotent")]
#[case::transactional("Transactional")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Kafka of its own: cargo xtask test --integration"]
async fn while_kafka_is_away_nothing_is_taken_and_a_retry_is_safe(#[case] mode: &str) {
    let mut own = OwnKafka::start().await;
    let api = own.api(mode).await;

    own.kafka.stop().unwrap();
    let response = in_time(|| api.place(&order())).await;
    let (status, _, body) = problem(response).await;
    assert_eq!(status, 503);
    let (number, key) = (body["orderNumber"].clone(), body["idempotencyKey"].as_str().unwrap().to_owned());
    let cancel = format!("/api/orders/{}/cancel", number.as_str().unwrap());
    let response = in_time(|| api.post(&cancel)).await;
    let (status, _, body) = problem(response).await;
    assert_eq!((status, &body["orderNumber"]), (503, &number));
    eventually("kafka is told down", || async {
        (api.metric("backend_up{component=\"kafka\"}").await == 0.0).then_some(())
    })
    .await;
    assert_eq!(api.admin("/readyz").send().await.unwrap().status(), 200);

    own.kafka.start_again().unwrap();
    let taken = eventually("orders are taken again", || async {
        let response = api.place(&order()).header("Idempotency-Key", &key).send().await.unwrap();
        if response.status() == 200 { Some(json_of(response).await) } else { None }
    })
    .await;
    assert_eq!(taken["orderNumber"], number, "the retry is the same order");
    let records = own.records().await;
    assert!(records.iter().any(|record| record.key == number));
}

#[rstest]
#[case::idempotent("Idempotent")]
#[case::transactional("Transactional")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Kafka of its own: cargo xtask test --integration"]
async fn a_frozen_kafka_is_an_unknown_outcome(#[case] mode: &str) {
    let mut own = OwnKafka::start().await;
    let api = own.api(mode).await;

    own.kafka.process().freeze().unwrap();
    let place = || api.place(&order()).header("Idempotency-Key", "key-1");
    let response = in_time(place).await;
    own.kafka.process().thaw().unwrap();
    let (status, slug, body) = problem(response).await;
    assert_eq!((status, slug.as_str()), (503, "outcome-unknown"));
    assert_eq!(body["idempotencyKey"], "key-1");

    let taken = eventually("orders are taken again", || async {
        let response = place().send().await.unwrap();
        if response.status() == 200 { Some(json_of(response).await) } else { None }
    })
    .await;
    assert_eq!(taken["orderNumber"], body["orderNumber"]);
    assert!(own.records().await.iter().any(|record| record.key == body["orderNumber"]));
}
