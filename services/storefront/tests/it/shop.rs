//! A storefront with a page of its own and an upstream that tells what it was asked.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::IntoResponse;
use clap::Parser;
use reqwest::{Client, RequestBuilder};
use service_runtime::CancellationToken;
use storefront::config::Args;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket};

pub const INDEX: &str = "<!doctype html><title>Shop</title>";
pub const SCRIPT: &str = "export const answer = 42;";

pub struct Shop {
    pub http: SocketAddr,
    pub admin: SocketAddr,
    pub stop: CancellationToken,
    client: Client,
    _page: TempDir,
}

impl Shop {
    /// `upstream` is search-api, order-api and, at its path `/scaling`, the operator.
    pub async fn open(upstream: SocketAddr, more: &[&str]) -> Self {
        let page = page();
        let url = format!("http://{upstream}");
        let root = page.path().to_str().unwrap();
        let mut args = vec!["storefront", "--http-addr=127.0.0.1:0", "--admin-addr=127.0.0.1:0", "--log-format=text"];
        args.extend(["--web-root", root, "--search-api-url", &url, "--order-api-url", &url]);
        args.extend(more);
        let running = storefront::start(Args::parse_from(args)).await.unwrap();
        let stop = running.process.shutdown.clone();
        let shop = Self { http: running.http, admin: running.admin, stop, client: client(), _page: page };
        tokio::spawn(running.process.run());
        shop
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("http://{}{path}", self.http))
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("http://{}{path}", self.http))
    }

    pub fn admin(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("http://{}{path}", self.admin))
    }
}

/// As Vite and scripts/compress.mjs leave it.
pub fn page() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let assets = folder.path().join("assets");
    fs::create_dir(&assets).unwrap();
    fs::write(folder.path().join("index.html"), INDEX).unwrap();
    fs::write(assets.join("index-abc.js"), SCRIPT).unwrap();
    fs::write(assets.join("index-abc.js.br"), "stands for brotli").unwrap();
    fs::write(assets.join("index-abc.js.gz"), "stands for gzip").unwrap();
    folder
}

/// Decompresses nothing and follows nothing: what came is what is seen.
fn client() -> Client {
    // reqwest wants a TLS provider although no call here has TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap()
}

/// Serves `routes` on a port of its own.
pub async fn serve(routes: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// An upstream that answers with the request's first line and headers.
pub async fn mirror() -> SocketAddr {
    serve(Router::new().fallback(|ConnectInfo(_): ConnectInfo<SocketAddr>, request: Request| async move {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let mut text = format!("{} {}\n", head.method, head.uri);
        for (name, value) in &head.headers {
            text += &format!("{name}: {}\n", value.to_str().unwrap());
        }
        text += &format!("\n{}", String::from_utf8_lossy(&body));
        ([("server", "mirror"), ("retry-after", "7"), ("keep-alive", "timeout=5")], text).into_response()
    }))
    .await
}

/// An address at which nobody listens; it stays taken, so that no other test listens there.
pub fn nobody() -> SocketAddr {
    let socket = silent();
    let address = socket.local_addr().unwrap();
    std::mem::forget(socket);
    address
}

/// A taken port that refuses connections until it listens.
pub fn silent() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    socket
}
