//! Calls of the page, passed on to whom they are for.

mod headers;
mod limits;

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode, Uri};
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

/// Whom calls are passed on to.
#[derive(Clone, Debug)]
pub struct Upstream {
    client: Client,
    url: Uri,
    health: Component,
    stop: CancellationToken,
}

impl Upstream {
    /// `health` tells whether it answered last time; `stop` ends what only waits.
    pub fn new(client: &Client, url: &Uri, health: Component, stop: CancellationToken) -> Self {
        Self { client: client.clone(), url: url.clone(), health, stop }
    }
}

/// The same path and query at the upstream.
pub async fn same_path(
    State(upstream): State<Upstream>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    trace: Option<Extension<TraceContext>>,
    id: Option<Extension<RequestId>>,
    request: Request,
) -> Response {
    let asked = request.uri().path_and_query().cloned();
    let url = at(&upstream.url, asked.unwrap_or_else(|| PathAndQuery::from_static("/")));
    pass(&upstream, url, peer, ids(trace, id), request).await
}

/// The upstream's one URL, whatever path it has.
pub async fn to_one_url(
    State(upstream): State<Upstream>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    trace: Option<Extension<TraceContext>>,
    id: Option<Extension<RequestId>>,
    request: Request,
) -> Response {
    let url = upstream.url.clone();
    pass(&upstream, url, peer, ids(trace, id), request).await
}

type Ids = (Option<TraceContext>, Option<RequestId>);

fn ids(trace: Option<Extension<TraceContext>>, id: Option<Extension<RequestId>>) -> Ids {
    (trace.map(|Extension(trace)| trace), id.map(|Extension(id)| id))
}

fn at(base: &Uri, path: PathAndQuery) -> Uri {
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).expect("a URL with another path is a URL")
}

async fn pass(upstream: &Upstream, url: Uri, peer: SocketAddr, (trace, id): Ids, request: Request) -> Response {
    let limit = limits::time(request.method(), request.uri());
    let waits = limits::waits(request.method(), request.uri());
    let (mut head, body) = request.into_parts();
    head.uri = url;
    headers::of_request(&mut head.headers, peer.ip());
    // The hop that our own log tells of, so that one id finds both lines.
    if let Some(value) = trace.and_then(|trace| HeaderValue::try_from(trace.to_string()).ok()) {
        head.headers.insert(TRACEPARENT, value);
    }
    if let Some(value) = id.and_then(|RequestId(id)| HeaderValue::try_from(id).ok()) {
        head.headers.insert(REQUEST_ID, value);
    }
    let answer = timeout(limit, upstream.client.0.request(Request::from_parts(head, body)));
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
        Ok(Err(error)) => failed(upstream, &error).into_response(),
        Err(_) => {
            upstream.health.down("no answer in time");
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "upstream-timeout", "No answer came in time")
                .detail("It is not known whether the call had an effect.")
                .retry_after(1)
                .into_response()
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
