use futures::future::join_all;
use reqwest::Response;

use crate::api::{Api, Backends, eventually, order, problem};

#[tokio::test]
async fn one_caller_too_fast_is_429_and_others_go_on() {
    let flags = ["--caller-rate=1", "--caller-burst=2", "--trusted-proxies=127.0.0.0/8"];
    let api = Api::start_with(&Backends::default(), &flags).await;
    let place = |caller: &'static str| {
        api.post("/api/orders").header("x-forwarded-for", caller).header("content-type", "application/json").body("[]")
    };
    // However slow the machine is, 60 do not fit: two come at once, and then one a second.
    let sent = join_all((0..60).map(|_| place("203.0.113.1").send())).await;
    let mut refused = 0;
    for response in sent {
        let (status, slug, _) = problem(response.unwrap()).await;
        match status {
            422 => {}
            429 => {
                assert_eq!(slug, "too-many-requests");
                refused += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(refused > 0);
    assert_eq!(place("203.0.113.2").send().await.unwrap().status(), 422);
    assert_eq!(api.metric("orders_refused_total{reason=\"too-many-requests\"}").await, f64::from(refused));
}

#[tokio::test]
async fn too_much_in_hand_is_503_at_once() {
    let api = Api::start_with(&Backends::default(), &["--max-in-flight=1"]).await;
    // Kafka is away: whoever is first keeps the one place until the deadline. Two that do not meet come again.
    let slug = async |sent: Result<Response, reqwest::Error>| problem(sent.unwrap()).await.1;
    eventually("one of two finds it taken", || async {
        let (one, other) = tokio::join!(api.place(&order()).send(), api.place(&order()).send());
        let mut slugs = [slug(one).await, slug(other).await];
        slugs.sort();
        (slugs == ["outcome-unknown", "overloaded"]).then_some(())
    })
    .await;
}
