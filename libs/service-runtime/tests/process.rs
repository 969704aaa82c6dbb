//! A process from start to stop, over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use service_runtime::http::{HttpMetrics, layers};
use service_runtime::{LogFormat, Process, RuntimeArgs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn args() -> RuntimeArgs {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    RuntimeArgs { admin_addr: any, log_format: LogFormat::Text, shutdown_grace: Duration::from_secs(5) }
}

async fn fail() -> &'static str {
    panic!("on purpose")
}

async fn get_text(addr: SocketAddr, path: &str, headers: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn probes_metrics_and_problems() {
    let mut process = Process::start("test", "0.0.0", &args()).unwrap();
    let metrics = HttpMetrics::register(&mut process.registry);
    let router = Router::new().route("/orders/{number}", get(|| async { "one" })).route("/panic", get(fail));
    let app = process.serve("http", "127.0.0.1:0".parse().unwrap(), layers(router, metrics, &[])).await.unwrap();
    let admin = process.serve_admin().await.unwrap();
    let (health, shutdown) = (process.health.clone(), process.shutdown.clone());
    let kafka = health.component("kafka");
    let running = tokio::spawn(process.run());

    assert!(get_text(admin, "/readyz", "").await.contains("503"));
    health.ready();
    kafka.down("gone");
    assert!(get_text(admin, "/readyz", "").await.contains("200 OK"));
    assert!(get_text(admin, "/healthz", "").await.contains(r#""kafka":{"detail":"gone","up":false}"#));

    let found = get_text(app, "/orders/17", "x-request-id: mine\r\n").await;
    assert!(found.contains("x-request-id: mine") && found.contains("traceparent: 00-"), "{found}");
    assert!(get_text(app, "/nothing", "").await.contains("urn:order-pipeline:problem:no-such-path"));
    let panicked = get_text(app, "/panic", "").await;
    assert!(panicked.contains("500") && !panicked.contains("on purpose"), "{panicked}");

    let text = get_text(admin, "/metrics", "").await;
    assert!(text.contains(r#"http_requests_total{method="GET",route="/orders/{number}",status="200"} 1"#), "{text}");
    assert!(text.contains(r#"backend_up{component="kafka"} 0"#), "{text}");

    shutdown.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_task_that_ends_before_its_time_ends_the_process() {
    let mut process = Process::start("test", "0.0.0", &args()).unwrap();
    process.spawn("short", async { Ok(()) });
    let error = process.run().await.unwrap_err();
    assert!(error.to_string().contains("short"), "{error:#}");
}
