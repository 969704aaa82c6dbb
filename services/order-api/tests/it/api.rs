//! One order-api in this process, with files and addresses of its own.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::Parser;
use order_api::config::Args;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use service_runtime::CancellationToken;
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub const TOKEN: &str = "test-token";
pub const NAMESPACE: &str = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

/// A running order-api.
pub struct Api {
    url: String,
    admin: String,
    client: Client,
    pub shutdown: CancellationToken,
    pub ended: JoinHandle<anyhow::Result<()>>,
    _files: TempDir,
}

/// Where it finds its backends. The default: a Kafka and a MySQL that are not there.
#[derive(Clone)]
pub struct Backends {
    pub bootstrap: String,
    pub topic: String,
    pub database: SocketAddr,
    pub database_name: String,
    pub user: String,
    pub password: String,
}

impl Default for Backends {
    fn default() -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], local_servers::free_port().unwrap()));
        Self {
            bootstrap: nowhere.to_string(),
            topic: "orders".to_owned(),
            database: nowhere,
            database_name: "orders".to_owned(),
            user: "nobody".to_owned(),
            password: "nothing".to_owned(),
        }
    }
}

impl Api {
    pub async fn start(backends: &Backends) -> Self {
        Self::start_with(backends, &[]).await
    }

    /// `flags` are added to those that name the backends.
    pub async fn start_with(backends: &Backends, flags: &[&str]) -> Self {
        let files = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = files.path().join(name);
            fs::write(&path, content).unwrap();
            path.to_str().unwrap().to_owned()
        };
        file("username", &backends.user);
        file("password", &backends.password);
        let args = [
            "order-api".to_owned(),
            "--http-addr=127.0.0.1:0".to_owned(),
            "--admin-addr=127.0.0.1:0".to_owned(),
            "--log-format=text".to_owned(),
            format!("--kafka-bootstrap={}", backends.bootstrap),
            format!("--kafka-topic={}", backends.topic),
            "--database-host=127.0.0.1".to_owned(),
            format!("--database-port={}", backends.database.port()),
            format!("--database-name={}", backends.database_name),
            format!("--database-credentials-dir={}", files.path().display()),
            "--database-tls=disabled".to_owned(),
            format!("--order-namespace-file={}", file("namespace", NAMESPACE)),
            format!("--admin-token-file={}", file("token", TOKEN)),
        ];
        let args = Args::parse_from(args.iter().map(String::as_str).chain(flags.iter().copied()));
        let running = order_api::start(args).await.expect("the service starts without its backends");
        let shutdown = running.process.shutdown.clone();
        // reqwest is built without a TLS provider; only the first call can install one.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        Self {
            url: format!("http://{}", running.http),
            admin: format!("http://{}", running.admin),
            client: Client::new(),
            shutdown,
            ended: tokio::spawn(running.process.run()),
            _files: files,
        }
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url))
    }

    pub fn place(&self, body: &Value) -> RequestBuilder {
        self.post("/api/orders").json(body)
    }

    pub fn admin(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.admin))
    }

    /// The value of one line of /metrics.
    pub async fn metric(&self, line: &str) -> f64 {
        let text = self.admin("/metrics").send().await.unwrap().text().await.unwrap();
        let value = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }

    pub async fn stop(mut self) {
        self.shutdown.cancel();
        (&mut self.ended).await.unwrap().expect("a clean stop");
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub fn order() -> Value {
    json!({
        "customer": {"name": "Ann Example", "email": "Ann@Example.org", "address": "Street 1, 12345 Town"},
        "items": [{"productId": 17, "quantity": 2, "unitPrice": {"amount": 1999, "currency": "EUR"}},
                  {"productId": 17, "quantity": 1}],
        "payment": {"method": "card", "token": "tok_1"},
    })
}

/// Status, the problem's slug, and the problem.
pub async fn problem(response: Response) -> (u16, String, Value) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert!(response.headers().contains_key("x-request-id"));
    let retry_after = response.headers().contains_key("retry-after");
    assert!(retry_after || !matches!(status, 429 | 503), "{status} without Retry-After");
    let body: Value = response.json().await.unwrap();
    let slug = body["type"].as_str().unwrap().strip_prefix("urn:order-pipeline:problem:").unwrap();
    (status, slug.to_owned(), body)
}

pub async fn json_of(response: Response) -> Value {
    assert!(response.status().is_success(), "{}", response.status());
    response.json().await.unwrap()
}

/// Sends until it is taken. The first transaction on a new Kafka, or a slow machine, may need longer than one request
/// waits.
pub async fn until_taken(what: &str, send: impl Fn() -> RequestBuilder) -> Response {
    eventually(what, || async {
        let response = send().send().await.unwrap();
        match response.status().as_u16() {
            200 | 202 => Some(response),
            503 => None,
            other => panic!("{what}: {other}"),
        }
    })
    .await
}

/// Sends until the backends answer: the first connection to a busy server may take longer than a caller waits.
pub async fn until_answered(send: impl Fn() -> RequestBuilder) -> Response {
    eventually("an answer", || async {
        let response = send().send().await.unwrap();
        (response.status() != 503).then_some(response)
    })
    .await
}

/// Waits until `check` gives something, for at most two minutes.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut check: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within two minutes: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
