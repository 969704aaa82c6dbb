//! The shopper's page: the built files of `web/`, and the page's calls forwarded to search-api, order-api and the
//! operator. One origin for all of it, so no CORS and a strict Content-Security-Policy.
//!
//! Invariants: holds no secret and no state. Trusts nobody's X-Forwarded-For, only adds the caller it sees. A
//! backend that is away is answered with a problem at once, and never makes this process unready.

pub mod config;
pub mod forward;
mod pages;
mod security;

use std::net::SocketAddr;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get};
use service_runtime::Process;
use service_runtime::http::{HttpMetrics, layers};
use service_runtime::problem::Problem;

use config::Args;
use forward::{Client, Target, Upstream, forward};
use pages::Pages;

/// A started service.
#[derive(Debug)]
pub struct Running {
    /// Where the page is.
    pub http: SocketAddr,
    /// Where probes and metrics are.
    pub admin: SocketAddr,
    /// Run it to the end.
    pub process: Process,
}

/// Starts everything. None of the APIs need be there.
///
/// # Errors
/// No built page in the folder, or an address that cannot be listened on.
pub async fn start(args: Args) -> anyhow::Result<Running> {
    let mut process = Process::start("storefront", env!("CARGO_PKG_VERSION"), &args.runtime)?;
    let pages = Pages::load(&args.web_root)?;
    let api = api(&args, &process);
    let metrics = HttpMetrics::register(&mut process.registry);
    // Outside of all, so that a refused method and a panic have them, too.
    let routes = security::headers(layers(api.merge(pages.routes()), metrics, &[]));
    let admin = process.serve_admin().await?;
    let http = process.serve("http", args.http_addr, routes).await?;
    process.health.ready();
    Ok(Running { http, admin, process })
}

/// What the page may call, and nothing else of what the APIs serve.
fn api(args: &Args, process: &Process) -> Router {
    let client = Client::new();
    let upstream = |client: &Client, target, name| {
        Upstream::new(client, target, process.health.component(name), process.shutdown.clone())
    };
    let products = upstream(&client, Target::SamePath(args.search_api_url.clone()), "search-api");
    let orders = upstream(&client, Target::SamePath(args.order_api_url.clone()), "order-api");
    let to_products = any(forward).with_state(products);
    let to_orders = any(forward).with_state(orders);
    let ops = match args.ops_url.clone().map(Target::OneUrl) {
        // Only one of several operators answers: a connection that is kept would meet the same one for ever.
        Some(target) => get(forward).with_state(upstream(&Client::without_reuse(), target, "operator")),
        None => get(no_operator),
    };
    Router::new()
        .route("/api/products", to_products.clone())
        .route("/api/products/{*rest}", to_products.clone())
        .route("/api/products:import", to_products)
        .route("/api/orders", to_orders.clone())
        .route("/api/orders/{*rest}", to_orders.clone())
        .route("/api/dead-letters", to_orders.clone())
        .route("/api/dead-letters/{*rest}", to_orders.clone())
        .route("/api/dead-letters:replay", to_orders)
        .route("/api/ops", ops)
        .route("/api", any(no_such_call))
        .route("/api/{*rest}", any(no_such_call))
}

async fn no_operator() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no-operator", "This storefront was not told where the operator is")
        .detail("Its variable OPS_URL is not set.")
}

async fn no_such_call() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no-such-path", "There is nothing at this path")
}
