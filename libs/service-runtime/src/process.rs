//! One process from start to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Health, RuntimeArgs, admin, telemetry};

/// A running process: its metrics, its health, its tasks, and the token that says "stop".
#[derive(Debug)]
pub struct Process {
    /// Register metrics here before [`Process::serve_admin`].
    pub registry: Registry,
    /// What probes are told.
    pub health: Health,
    /// Cancelled at SIGTERM or SIGINT, or when a task ends before its time.
    pub shutdown: CancellationToken,
    name: &'static str,
    admin_addr: SocketAddr,
    grace: Duration,
    tasks: JoinSet<(&'static str, anyhow::Result<()>)>,
    signals: [Signal; 2],
}

impl Process {
    /// Sets up logs and signals and says what started. `version` is the caller's `CARGO_PKG_VERSION`.
    /// Must run inside a tokio runtime.
    pub fn start(name: &'static str, version: &'static str, args: &RuntimeArgs) -> anyhow::Result<Self> {
        telemetry::init(args.log_format);
        let mut registry = Registry::default();
        registry.register(
            "build",
            "Name and version of this program",
            Info::new([("name", name), ("version", version)]),
        );
        let health = Health::new(&mut registry);
        tracing::info!(service = name, version, "{name} {version} starts");
        Ok(Self {
            registry,
            health,
            shutdown: CancellationToken::new(),
            name,
            admin_addr: args.admin_addr,
            grace: args.shutdown_grace,
            tasks: JoinSet::new(),
            signals: [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?],
        })
    }

    /// Runs a task to the end of the process. A task that fails, panics, or returns before [`Self::shutdown`]
    /// is cancelled stops the process: nothing dies unseen.
    pub fn spawn(&mut self, name: &'static str, task: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        self.tasks.spawn(async move { (name, task.await) });
    }

    /// Starts the admin server with all metrics registered so far. Gives its address (the port may have been 0).
    pub async fn serve_admin(&mut self) -> anyhow::Result<SocketAddr> {
        let registry = std::mem::take(&mut self.registry);
        let router = admin::router(self.name, self.health.clone(), registry);
        self.serve("admin", self.admin_addr, router).await
    }

    /// Serves HTTP until shutdown, then lets requests in hand finish. Gives the bound address.
    pub async fn serve(&mut self, name: &'static str, addr: SocketAddr, router: Router) -> anyhow::Result<SocketAddr> {
        let listener = TcpListener::bind(addr).await.with_context(|| format!("cannot listen on {addr} for {name}"))?;
        let bound = listener.local_addr()?;
        tracing::info!(server = name, address = %bound, "{name} listens on {bound}");
        let stop = self.shutdown.clone();
        self.spawn(name, async move {
            let app = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await?;
            Ok(())
        });
        Ok(bound)
    }

    /// Waits for a signal or for a task's end, then for the other tasks, no longer than the grace.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let [terminate, interrupt] = &mut self.signals;
        let mut failure = None;
        tokio::select! {
            // In this order: a task that ended because of the token did not end before its time.
            biased;
            _ = terminate.recv() => tracing::info!("SIGTERM: stopping"),
            _ = interrupt.recv() => tracing::info!("SIGINT: stopping"),
            () = self.shutdown.cancelled() => tracing::info!("stopping"),
            Some(ended) = self.tasks.join_next() => failure = Some(early_end(ended)),
        }
        self.health.drain();
        self.shutdown.cancel();
        let rest = async {
            while let Some(ended) = self.tasks.join_next().await {
                let result = ended.map_err(anyhow::Error::from).and_then(|(name, result)| result.context(name));
                if let Err(error) = result {
                    tracing::error!(error = format!("{error:#}"), "a task failed while stopping");
                    failure.get_or_insert(error);
                }
            }
            failure
        };
        let ended = tokio::select! {
            failure = rest => failure,
            () = tokio::time::sleep(self.grace) => bail!("work in hand was not done within {:?}; ended anyway", self.grace),
            _ = terminate.recv() => bail!("second SIGTERM: ended at once"),
            _ = interrupt.recv() => bail!("second SIGINT: ended at once"),
        };
        match ended {
            None => {
                tracing::info!("{} stopped", self.name);
                Ok(())
            }
            Some(error) => Err(error),
        }
    }
}

fn early_end(ended: Result<(&'static str, anyhow::Result<()>), tokio::task::JoinError>) -> anyhow::Error {
    match ended {
        Ok((name, Ok(()))) => anyhow::anyhow!("task {name} ended before its time"),
        Ok((name, Err(error))) => error.context(format!("task {name} failed")),
        Err(panic) => anyhow::Error::from(panic).context("a task panicked"),
    }
}
