//! From configuration to a running service.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use service_runtime::auth::AdminToken;
use service_runtime::database::Database;
use service_runtime::http::{HttpMetrics, layers};
use service_runtime::{CancellationToken, Process};

use crate::admission::{CallerLimit, Gate};
use crate::app::App;
use crate::config::{Args, Config};
use crate::idempotency::{Lookups, RecentKeys};
use crate::metrics::Metrics;
use crate::publisher::Publisher;
use crate::router;
use crate::store::{self, Store};
use crate::waiters::Waiters;

/// How long records without a waiting caller may take at the end; no longer than one lives.
const DRAIN: Duration = Duration::from_secs(3);

/// A started service.
#[derive(Debug)]
pub struct Running {
    /// Where the API listens.
    pub http: SocketAddr,
    /// Where probes and metrics are.
    pub admin: SocketAddr,
    /// Run it to the end.
    pub process: Process,
}

/// Starts everything. Neither Kafka nor MySQL need be there.
pub async fn start(args: Args) -> anyhow::Result<Running> {
    let config = Config::from_args(&args)?;
    let mut process = Process::start("order-api", env!("CARGO_PKG_VERSION"), &args.runtime)?;
    let app = build(&args, &config, &mut process)?;
    let http_metrics = HttpMetrics::register(&mut process.registry);
    let admin = process.serve_admin().await?;
    let routes = layers(router(app), http_metrics, &config.cors_origins);
    let http = process.serve("http", args.http_addr, routes).await?;
    process.health.ready();
    Ok(Running { http, admin, process })
}

fn build(args: &Args, config: &Config, process: &mut Process) -> anyhow::Result<Arc<App>> {
    let shutdown = process.shutdown.clone();
    let metrics = Arc::new(Metrics::register(&mut process.registry));

    let database = Database::new(args.database.clone(), store::session())?;
    process.spawn("database-credentials", database.clone().follow_credentials(shutdown.clone()));
    let store = Arc::new(Store::new(database, process.health.component("database")));
    process.spawn("database-watch", store.clone().watch(shutdown.clone()));

    let publisher = Publisher::new(&args.kafka, &config.producer, process.health.component("kafka"), metrics.clone())?;
    let publisher = Arc::new(publisher);
    process.spawn("kafka-producer", mend_and_drain(publisher.clone(), shutdown.clone()));

    let waiters = Arc::new(Waiters::new(args.max_waiters, metrics.clone()));
    process.spawn("waiters", waiters.clone().serve(store.clone(), shutdown.clone()));

    let (lookups, answering) = Lookups::new(store.clone(), shutdown.clone());
    process.spawn("key-lookups", answering);

    let app = Arc::new(App {
        namespace: config.namespace.clone(),
        publisher,
        store,
        recent_keys: RecentKeys::new(args.recent_keys),
        lookups,
        waiters,
        gate: Gate::new(args.max_in_flight),
        caller_limit: CallerLimit::new(config.trusted_proxies.clone(), args.caller_rate, args.caller_burst),
        admin_token: AdminToken::from_file(args.admin_token_file.as_deref()),
        metrics,
        shutdown: shutdown.clone(),
    });
    process.spawn("quiet-callers", CallerLimit::forget_quiet_callers(app.clone(), shutdown));
    Ok(app)
}

async fn mend_and_drain(publisher: Arc<Publisher>, shutdown: CancellationToken) -> anyhow::Result<()> {
    publisher.mend(shutdown).await?;
    publisher.drain(DRAIN).await;
    Ok(())
}
