//! What every HTTP response of ours has: a request id, trace context, metrics, problems instead of bare errors.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};
use uuid::Uuid;

use crate::problem::Problem;
use crate::trace_context::TraceContext;

/// Header of the request's id; a caller's own is kept when it is 1 to 128 visible ASCII characters.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Header of W3C trace context.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The request's id, in the request's extensions.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Requests and their times, by route (the pattern, never the path: its values are endless).
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    requests: Family<RequestLabels, Counter>,
    duration: Family<RouteLabels, Histogram>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: String,
}

/// Upper bounds in seconds: half a millisecond to ten seconds.
const BUCKETS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

impl HttpMetrics {
    /// Registers `http_requests_total` and `http_request_duration_seconds`.
    pub fn register(registry: &mut Registry) -> Self {
        let requests = Family::default();
        let duration = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "From the request's head to the response's head",
            duration.clone(),
        );
        Self { requests, duration }
    }
}

/// Wraps a service's routes. `origins` are the pages of other hosts that may call it (none: same origin only;
/// `*`: any).
pub fn layers(router: Router, metrics: HttpMetrics, origins: &[HeaderValue]) -> Router {
    let router = router
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "no-such-path", "There is nothing at this path") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This path has other methods")
        })
        .layer(CatchPanicLayer::custom(|_panic| internal_error().into_response()))
        .layer(from_fn_with_state(metrics, observe));
    if origins.is_empty() { router } else { router.layer(cors(origins)) }
}

/// The answer to what must not happen. The cause goes to the log, not to the caller.
pub fn internal_error() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here")
}

fn cors(origins: &[HeaderValue]) -> CorsLayer {
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().cloned())
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods(Any)
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([REQUEST_ID, header::LOCATION, header::RETRY_AFTER])
        .max_age(Duration::from_secs(600))
}

async fn observe(State(metrics): State<HttpMetrics>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let trace = TraceContext::next_hop(request.headers().get(&TRACEPARENT).and_then(|value| value.to_str().ok()));
    let method = method_name(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(trace);

    let mut response = next.run(request).await;

    let (status, time) = (response.status(), started.elapsed());
    // The level must be known when compiled; a function could not take it.
    macro_rules! answered {
        ($level:ident) => {
            tracing::$level!(
                request.id = id,
                trace_id = trace.trace_id(),
                method,
                route,
                status = status.as_u16(),
                ?time,
                "{method} {route} answered {status}"
            )
        };
    }
    // An outage answers 503 by the thousand: the metric counts them, the log would drown. A caller that has its trace recorded
    // finds it here.
    if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
        answered!(warn);
    } else if trace.is_sampled() {
        answered!(info);
    } else {
        answered!(debug);
    }
    metrics.duration.get_or_create(&RouteLabels { method, route: route.clone() }).observe(time.as_secs_f64());
    metrics.requests.get_or_create(&RequestLabels { method, route, status: status.as_u16() }).inc();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    if let Ok(value) = HeaderValue::from_str(&trace.to_string()) {
        headers.insert(TRACEPARENT, value);
    }
    response
}

/// A caller may invent methods, and each would be a series of its own for ever.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn request_id(headers: &HeaderMap) -> String {
    headers
        .get(&REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()))
        .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn invented_methods_and_paths_are_one_series() {
        let mut registry = Registry::default();
        let app = layers(Router::new(), HttpMetrics::register(&mut registry), &[]);
        for n in 0..20 {
            let request = Request::builder().method(format!("M{n}").as_str()).uri(format!("/{n}"));
            app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        }
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        let series: Vec<&str> = text.lines().filter(|line| line.starts_with("http_requests_total")).collect();
        assert_eq!(series, [r#"http_requests_total{method="other",route="other",status="404"} 20"#]);
    }
}
