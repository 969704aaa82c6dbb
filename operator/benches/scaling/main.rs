//! `cargo xtask bench scaling`: ours beside the published rules of KEDA with the HPA, Numaflow and the Flink operator,
//! all on the same model of a consumer group and under the same loads.

mod flink;
mod judge;
mod keda;
mod numaflow;
mod scene;

use clap::Parser;

/// Compares the scalers.
#[derive(Parser)]
struct Args {
    /// One line of JSON per figure instead of tables.
    #[arg(long)]
    json: bool,
    /// Of the random arrivals.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Orders per second that one consumer does.
    #[arg(long, default_value_t = 100.0)]
    capacity: f64,
    /// Orders per second that ours believes one consumer does, until it has seen it; default: the truth.
    #[arg(long)]
    assumed: Option<f64>,
    /// Highest rate of each load, as a part of what all partitions' consumers can do.
    #[arg(long, default_value_t = 0.6)]
    level: f64,
    /// Seconds that a pod needs to start.
    #[arg(long, default_value_t = 25.0)]
    pod_start: f64,
    /// Seconds that a change of the membership stops the group.
    #[arg(long, default_value_t = 8.0)]
    rebalance: f64,
    /// KEDA's lag per replica; default: half the target's worth of one consumer's work.
    #[arg(long)]
    lag_threshold: Option<f64>,
    /// Consumers at the start; default: what the first second's rate needs at three quarters of the capacity.
    #[arg(long)]
    replicas: Option<u32>,
    /// As cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let args = Args::parse();
    let scenes = scene::all(&args);
    let figures = judge::judge(&scenes);
    if args.json {
        figures.iter().for_each(|figure| println!("{figure}"));
    } else {
        judge::print(&scenes, &figures);
    }
}
