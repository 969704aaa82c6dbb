use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::shop::{Shop, mirror, serve, silent};

fn problem(text: &str) -> String {
    let json: serde_json::Value = text.parse().unwrap();
    json["type"].as_str().unwrap().rsplit(':').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_call_goes_on_as_it_is_with_the_callers_address_behind_what_was_told() {
    let shop = Shop::open(mirror().await, &[]).await;
    let request = shop.post("/api/orders?x=%2F&y=1").header("x-forwarded-for", "203.0.113.9");
    let request = request.header("idempotency-key", "k1").header("authorization", "Bearer t").header("te", "trailers");
    let answer = request.header("x-request-id", "id-1").body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(answer.headers()["x-request-id"], "id-1");
    assert!(!answer.headers().contains_key("server") && !answer.headers().contains_key("keep-alive"));
    let seen = answer.text().await.unwrap();
    assert!(seen.starts_with("POST /api/orders?x=%2F&y=1\n"), "{seen}");
    assert!(seen.ends_with("\n\n{}"), "{seen}");
    let lines: Vec<&str> = seen.lines().collect();
    for line in ["idempotency-key: k1", "authorization: Bearer t", "x-request-id: id-1"] {
        assert!(lines.contains(&line), "{line} in {seen}");
    }
    let hops: Vec<_> = lines.iter().filter(|line| line.starts_with("x-forwarded-for: ")).collect();
    assert_eq!(hops, [&"x-forwarded-for: 203.0.113.9", &"x-forwarded-for: 127.0.0.1"]);
    assert!(!seen.contains("te: "), "{seen}");
    assert!(lines.iter().any(|line| line.starts_with("traceparent: 00-")), "{seen}");
}

#[tokio::test]
async fn an_old_callers_version_is_not_the_upstreams() {
    let version = |request: Request| async move { format!("asked in {:?}", request.version()) };
    let shop = Shop::open(serve(Router::new().route("/api/orders", get(version))).await, &[]).await;
    let mut caller = TcpStream::connect(shop.http).await.unwrap();
    caller.write_all(b"GET /api/orders HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    caller.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 200") && answer.ends_with("asked in HTTP/1.1"), "{answer}");
}

#[tokio::test]
async fn every_call_of_the_page_has_its_way_and_no_other_has() {
    let upstream = mirror().await;
    let ops = format!("http://{upstream}/pipelines/orders/shop/scaling");
    let shop = Shop::open(upstream, &["--ops-url", &ops]).await;
    for path in [
        "/api/products",
        "/api/products/7",
        "/api/orders",
        "/api/orders/56ae6aa8/cancel",
        "/api/dead-letters",
        "/api/dead-letters/7/replay",
        "/api/dead-letters:replay",
    ] {
        let seen = shop.post(path).send().await.unwrap().text().await.unwrap();
        assert!(seen.starts_with(&format!("POST {path}\n")), "{path}: {seen}");
    }
    let seen = shop.get("/api/ops").header("authorization", "Bearer t").send().await.unwrap().text().await.unwrap();
    assert!(
        seen.starts_with("GET /pipelines/orders/shop/scaling\n") && seen.contains("authorization: Bearer t"),
        "{seen}"
    );
    assert_eq!(shop.post("/api/ops").send().await.unwrap().status(), 405);
    for path in ["/api", "/api/metrics", "/api/productsx", "/api/orders%2f..%2f..%2fmetrics"] {
        let answer = shop.get(path).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(problem(&answer.text().await.unwrap()), "no-such-path", "{path}");
    }
}

#[tokio::test]
async fn without_an_operator_the_operations_view_is_told_so() {
    let shop = Shop::open(mirror().await, &[]).await;
    let answer = shop.get("/api/ops").send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(problem(&answer.text().await.unwrap()), "no-operator");
}

#[tokio::test]
async fn an_upstream_that_is_away_is_told_at_once_and_used_again_when_it_is_back() {
    let socket = silent();
    let shop = Shop::open(socket.local_addr().unwrap(), &[]).await;
    let answer = shop.post("/api/orders").body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(problem(&answer.text().await.unwrap()), "upstream-unavailable");

    let listener = socket.listen(16).unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/api/orders", post("taken"))).await });
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let answer = shop.post("/api/orders").body("{}").send().await.unwrap();
        if answer.status() == 200 {
            break;
        }
        assert!(Instant::now() < deadline, "{}", answer.status());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_upstream_that_breaks_off_leaves_it_unknown_what_became_of_the_call() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 64];
            let _ = stream.read(&mut head).await;
            let _ = stream.shutdown().await;
        }
    });
    let shop = Shop::open(address, &[]).await;
    let answer = shop.post("/api/orders").body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(problem(&answer.text().await.unwrap()), "upstream-broke-off");
}

#[tokio::test]
async fn an_upstream_that_never_answers_has_its_limit_and_a_wait_a_longer_one() {
    let never = || std::future::pending::<StatusCode>();
    let slow = || async {
        // Longer than any other call may take.
        tokio::time::sleep(Duration::from_secs(17)).await;
        "decided"
    };
    let routes = Router::new().route("/api/orders", post(never)).route("/api/orders/{number}", get(slow));
    let shop = Shop::open(serve(routes).await, &[]).await;
    let order = shop.post("/api/orders").body("{}").send();
    let wait = shop.get("/api/orders/n?wait=60s").send();
    let (order, wait) = tokio::join!(order, wait);
    let order = order.unwrap();
    assert_eq!(order.status(), 504);
    assert_eq!(problem(&order.text().await.unwrap()), "upstream-timeout");
    assert_eq!(wait.unwrap().text().await.unwrap(), "decided");
}

#[tokio::test]
async fn a_stop_ends_what_only_waits() {
    let (asked, mut waits) = tokio::sync::mpsc::channel(1);
    let never = move || async move {
        asked.send(()).await.unwrap();
        std::future::pending::<StatusCode>().await
    };
    let shop = Shop::open(serve(Router::new().route("/api/orders/{number}", get(never))).await, &[]).await;
    let wait = shop.get("/api/orders/n?wait=60s");
    let wait = tokio::spawn(wait.send());
    waits.recv().await.unwrap();
    shop.stop.cancel();
    let answer = wait.await.unwrap().unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(problem(&answer.text().await.unwrap()), "stopping");
}

#[tokio::test]
async fn an_answer_is_passed_on_as_it_comes() {
    let (sender, receiver) = tokio::sync::mpsc::channel::<&'static str>(1);
    let receiver = std::sync::Arc::new(std::sync::Mutex::new(Some(receiver)));
    let body = move || {
        let mut receiver = receiver.lock().unwrap().take().unwrap();
        let chunks = futures_of(move |context| receiver.poll_recv(context));
        async move { Body::from_stream(chunks) }
    };
    let shop = Shop::open(serve(Router::new().route("/api/products", get(body))).await, &[]).await;
    sender.send("first").await.unwrap();
    let mut answer = shop.get("/api/products").send().await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "first");
    sender.send("second").await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "second");
    drop(sender);
    assert_eq!(answer.chunk().await.unwrap(), None);
}

fn futures_of(
    mut poll: impl FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<&'static str>> + Send + 'static,
) -> impl futures::Stream<Item = Result<&'static str, std::convert::Infallible>> + Send + 'static {
    futures::stream::poll_fn(move |context| poll(context).map(|chunk| chunk.map(Ok)))
}
