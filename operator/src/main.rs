//! `order-pipeline-operator`: runs the operator, prints the CRD, guards the chart's uninstall.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use kube::Client;
use order_pipeline_operator::config::{RunArgs, Settings};
use order_pipeline_operator::controller::{self, Context};
use order_pipeline_operator::decide::{self, DecideArgs};
use order_pipeline_operator::leader::Leader;
use order_pipeline_operator::metrics::Metrics;
use order_pipeline_operator::sampling::{self, Board};
use order_pipeline_operator::simulate::{self, SimulateArgs};
use order_pipeline_operator::uninstall::{self, UninstallCheckArgs};
use order_pipeline_operator::watches::Watches;
use order_pipeline_operator::{MANAGER, crd, ops};
use service_runtime::{Process, http};
use tokio_util::sync::CancellationToken;

/// Runs order platforms: reconciles OrderPipeline resources.
#[derive(Parser)]
#[command(name = MANAGER, version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the operator.
    Run(Box<RunArgs>),
    /// Print the CustomResourceDefinition as YAML.
    Crd {
        /// As the chart's template instead.
        #[arg(long)]
        chart: bool,
    },
    /// Decide the number of consumers: observations on stdin, decisions on stdout, a line each.
    Decide(DecideArgs),
    /// Run a simulated consumer group under a load, scaled as the operator would.
    Simulate(Box<SimulateArgs>),
    /// Fail when OrderPipelines exist (hook of the chart).
    UninstallCheck(UninstallCheckArgs),
}

fn main() -> ExitCode {
    // One TLS provider in the whole process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let result = match Cli::parse().command {
        Command::Crd { chart } => {
            (if chart { crd::chart_template() } else { crd::yaml() }).map(|yaml| print!("{yaml}"))
        }
        Command::Decide(args) => decide::run(&args),
        Command::Simulate(args) => simulate::simulate(&args).map(|text| print!("{text}")),
        Command::Run(args) => runtime().and_then(|runtime| runtime.block_on(run(*args))),
        Command::UninstallCheck(args) => runtime().and_then(|runtime| {
            runtime.block_on(async { uninstall::check(Client::try_default().await?, &args).await })
        }),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

async fn run(args: RunArgs) -> anyhow::Result<()> {
    let mut process = Process::start(MANAGER, env!("CARGO_PKG_VERSION"), &args.runtime)?;
    let metrics = Metrics::register(&mut process.registry);
    let http_metrics = http::HttpMetrics::register(&mut process.registry);
    process.serve_admin().await?;
    let board = Arc::new(Board::default());
    process.serve("http", args.http_addr, http::layers(ops::router(board.clone()), http_metrics, &[])).await?;
    let client = Client::try_default().await.context("no way to the API server (in the cluster, or KUBECONFIG)")?;
    // A candidate that waits is ready, too: readiness speaks of the process.
    process.health.ready();
    let stop = process.shutdown.clone();
    process.spawn("operator", lead(client, args, metrics, board, stop));
    process.run().await
}

/// Waits for the Lease, then works until told to stop or until the Lease is lost, which ends the process.
async fn lead(
    client: Client,
    args: RunArgs,
    metrics: Metrics,
    board: Arc<Board>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut leader = Leader::new(client.clone(), &args.lease);
    if !leader.acquire(&stop).await {
        return Ok(());
    }
    metrics.leader.set(1);
    let work = work(client, &args, &metrics, &board, &stop);
    let sampling = sampling::run(board.clone(), metrics.clone(), stop.clone());
    let work = async {
        work.await;
        anyhow::Ok(())
    };
    let both = futures::future::try_join(work, sampling);
    tokio::select! {
        ended = both => { ended?; }
        lost = leader.keep() => return Err(lost.into()),
    }
    leader.release().await;
    Ok(())
}

/// One controller for all namespaces, or one for each that is watched.
async fn work(client: Client, args: &RunArgs, metrics: &Metrics, board: &Arc<Board>, stop: &CancellationToken) {
    let named = args.watch_namespaces.iter().filter(|namespace| !namespace.is_empty());
    let settings = Settings {
        watch_namespaces: named.cloned().collect(),
        kafka_namespaces: args.kafka_namespaces.clone(),
        images: args.images.clone(),
        operator_namespace: args.lease.lease_namespace.clone(),
        ops_url: args.ops_url.clone().filter(|url| !url.is_empty()),
    };
    let controllers = settings.watched().into_iter().map(|namespace| {
        let watches = Watches::new(client.clone(), stop.clone());
        let (settings, metrics, board) = (settings.clone(), metrics.clone(), board.clone());
        let context = Context::new(client.clone(), settings, metrics, &args.lease.pod_name, watches, board);
        controller::run(Arc::new(context), namespace, stop.clone().cancelled_owned())
    });
    futures::future::join_all(controllers).await;
}
