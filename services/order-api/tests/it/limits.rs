use crate::api::{Api, Backends, eventually, order, problem};

#[tokio::test]
async fn one_caller_too_fast_is_429_and_others_go_on() {
    let flags = ["--caller-rate=1", "--caller-burst=2", "--trusted-proxies=127.0.0.0/8"];
    let api = Api::start_with(&Backends::default(), &flags).await;
    let place = |caller: &'static str| {
        api.post("/api/orders").header("x-forwarded-for", caller).header("content-type", "application/json").body("[]")
    };
    for _ in 0..2 {
        assert_eq!(place("203.0.113.1").send().await.unwrap().status(), 422);
    }
    let (status, slug, _) = problem(place("203.0.113.1").send().await.unwrap()).await;
    assert_eq!((status, slug.as_str()), (429, "too-many-requests"));
    assert_eq!(place("203.0.113.2").send().await.unwrap().status(), 422);
    assert_eq!(api.metric("orders_refused_total{reason=\"too-many-requests\"}").await, 1.0);
}

#[tokio::test]
async fn too_much_in_hand_is_503_at_once() {
    let api = Api::start_with(&Backends::default(), &["--max-in-flight=1"]).await;
    // Kafka is away: the first one keeps its place until its deadline.
    let (first, second) = tokio::join!(api.place(&order()).send(), async {
        eventually("one in hand", || async { (api.metric("orders_in_flight").await == 1.0).then_some(()) }).await;
        api.place(&order()).send().await
    });
    let (status, slug, _) = problem(second.unwrap()).await;
    assert_eq!((status, slug.as_str()), (503, "overloaded"));
    let (status, slug, _) = problem(first.unwrap()).await;
    assert_eq!((status, slug.as_str()), (503, "outcome-unknown"));
}
