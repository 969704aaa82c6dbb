use rstest::rstest;

use crate::api::{eventually, order};
use crate::own_kafka::OwnKafka;

#[rstest]
#[case::idempotent("Idempotent")]
#[case::transactional("Transactional")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Kafka of its own: cargo xtask test --integration"]
async fn a_stop_lets_orders_in_hand_finish(#[case] mode: &str) {
    let mut own = OwnKafka::start().await;
    let api = own.api(mode).await;

    own.kafka.process().freeze().unwrap();
    let (body, count) = (order(), 10);
    let placing = futures::future::join_all((0..count).map(|_| api.place(&body).send()));
    let (responses, ()) = tokio::join!(placing, async {
        let all = f64::from(count);
        eventually("all in hand", || async { (api.metric("orders_in_flight").await == all).then_some(()) }).await;
        api.shutdown.cancel();
        own.kafka.process().thaw().unwrap();
    });
    let mut taken = 0;
    for response in responses {
        taken += usize::from(response.expect("an answer, not a broken connection").status() == 200);
    }
    api.stop().await;
    let records = own.records().await;
    assert!(records.len() > taken, "every order that was answered with 200 is there, and the first one");
}
