//! Calls of the page, passed on to whom they are for.

mod headers;
mod limits;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode, Uri, Version};
use axum::response::{IntoResponse, Response};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as HyperClient, Error as HyperError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use service_runtime::http::{REQUEST_ID, RequestId, TRACEPARENT};
use service_runtime::problem::Problem;
use service_runtime::trace_context::TraceContext;
use service_runtime::{CancellationToken, Component};
use tokio::time::timeout;
use tower_http::timeout::TimeoutBody;

/// A pod that is gone may answer nothing at all, not even a refusal.
const CONNECT: Duration = Duration::from_secs(1);
/// The longest silence inside an answer that has begun.
const SILENCE: Duration = Duration::from_secs(30);
/// Below the time after which our HTTP services' connections may be closed by what lies between.
const IDLE: Duration = Duration::from_secs(30);

/// Connections to all upstreams.
#[derive(Clone, Debug)]
pub struct Client(HyperClient<HttpConnector, Body>);

impl Client {
    /// No connection is made yet.
    #[expect(clippy::new_without_default, reason = "a client is made on purpose, once")]
    pub fn new() -> Self {
        Self::keeping(usize::MAX)
    }

    /// A connection for each call.
    pub fn without_reuse() -> Self {
        Self::keeping(0)
    }

    fn keeping(idle_connections: usize) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_nodelay(true);
        let client = HyperClient::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(idle_connections)
            .build(connector);
        Self(client)
    }
}

/// Where calls go.
#[derive(Clone, Debug)]
pub enum Target {
    /// The same path and query at this base URL.
    SamePath(Uri),
    /// This one URL, whatever path the call has.
    OneUrl(Uri),
}

/// Whom calls are passed on to.
#[derive(Clone, Debug)]
pub struct Upstream {
    client: Client,
    target: Target,
    health: Component,
    stop: CancellationToken,
}

impl Upstream {
    /// `health` tells whether it answered last time; `stop` ends what only waits.
    pub fn new(client: &Client, target: Target, health: Component, stop: CancellationToken) -> Self {
        Self { client: client.clone(), target, health, stop }
    }
}

/// Answers as the upstream does.
pub async fn forward(
    State(upstream): State<Upstream>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let limit = limits::time(request.method(), request.uri());
    let waits = limits::waits(request.method(), request.uri());
    let answer = timeout(limit, upstream.client.0.request(onward(&upstream.target, peer.ip(), request)));
    let answer = tokio::select! {
        answer = answer => answer,
        // A wait would outlast the time that a stop may take; it has no effect, so nothing is lost.
        () = upstream.stop.cancelled(), if waits => return stopping().into_response(),
    };
    match answer {
        Ok(Ok(answer)) => {
            upstream.health.up();
            let (mut head, body) = answer.into_parts();
            headers::of_response(&mut head.headers);
            Response::from_parts(head, Body::new(TimeoutBody::new(SILENCE, body)))
        }
        Ok(Err(error)) => failed(&upstream, &error).into_response(),
        Err(_) => {
            upstream.health.down("no answer in time");
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "upstream-timeout", "No answer came in time")
                .detail("It is not known whether the call had an effect.")
                .retry_after(1)
                .into_response()
        }
    }
}

/// The call as the upstream gets it.
fn onward(target: &Target, peer: IpAddr, request: Request) -> Request {
    let (mut head, body) = request.into_parts();
    head.uri = target.at(&head.uri);
    // A hop has a version of its own (RFC 9110 2.5).
    head.version = Version::HTTP_11;
    headers::of_request(&mut head.headers, peer);
    // The hop that our own log tells of, so that one id finds both lines.
    if let Some(value) = head.extensions.get::<TraceContext>().and_then(|trace| value(&trace.to_string())) {
        head.headers.insert(TRACEPARENT, value);
    }
    if let Some(value) = head.extensions.get::<RequestId>().and_then(|RequestId(id)| value(id)) {
        head.headers.insert(REQUEST_ID, value);
    }
    Request::from_parts(head, body)
}

fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(text).ok()
}

impl Target {
    fn at(&self, asked: &Uri) -> Uri {
        match self {
            Self::OneUrl(url) => url.clone(),
            Self::SamePath(base) => {
                let mut parts = base.clone().into_parts();
                parts.path_and_query =
                    Some(asked.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")));
                Uri::from_parts(parts).expect("a URL with another path is a URL")
            }
        }
    }
}

fn stopping() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "This process stops; ask again").retry_after(0)
}

/// Nothing was sent when no connection was made; else it is not known what became of the call.
fn failed(upstream: &Upstream, error: &HyperError) -> Problem {
    upstream.health.down(if error.is_connect() { "no connection" } else { "the connection broke off" });
    tracing::debug!(error = error as &dyn std::error::Error, "an upstream did not answer");
    if error.is_connect() {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "upstream-unavailable", "This part of the shop is away")
            .detail("Nothing was changed. Try again.")
            .retry_after(1)
    } else {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "upstream-broke-off", "The answer did not come")
            .detail("It is not known whether the call had an effect.")
            .retry_after(1)
    }
}
