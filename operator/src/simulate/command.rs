//! Flags and output of `order-pipeline-operator simulate`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::json;

use super::drawing::drawing;
use super::group::Setup;
use super::load::{Load, Shape};
use super::run::{Recording, ours, run};
use crate::decide::policy_file;

/// What to simulate.
#[derive(Args, Clone, Debug)]
pub struct SimulateArgs {
    /// A load that has a name. Its highest rate is --peak.
    #[arg(long, value_enum, conflicts_with = "csv")]
    pub load: Option<Shape>,
    /// A load of your own: lines `t_s,rate_per_s[,w0..wn]`; a line holds until the next.
    #[arg(long)]
    pub csv: Option<PathBuf>,
    /// The `scaling` block of the resource as YAML or JSON, plus `partitions`; default: the resource's defaults on 12 partitions.
    #[arg(long)]
    pub policy: Option<PathBuf>,
    /// Orders per second that one consumer really does.
    #[arg(long, default_value_t = 200.0, value_parser = positive)]
    pub capacity: f64,
    /// Highest rate of a named load, orders per second; default: what 0.6 consumers per partition do.
    #[arg(long, value_parser = positive)]
    pub peak: Option<f64>,
    /// Seconds until a new pod works.
    #[arg(long, default_value_t = 25.0, value_parser = not_negative)]
    pub pod_start: f64,
    /// Seconds that nobody works when the membership changes.
    #[arg(long, default_value_t = 8.0, value_parser = not_negative)]
    pub rebalance: f64,
    /// Seconds between a consumer's commits.
    #[arg(long, default_value_t = 5.0, value_parser = positive)]
    pub commit_interval: f64,
    /// Consumers at the start.
    #[arg(long, default_value_t = 1)]
    pub replicas: u32,
    /// Of the random arrivals.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print one object of JSON.
    #[arg(long)]
    pub json: bool,
    /// Draw the run into this file.
    #[arg(long)]
    pub svg: Option<PathBuf>,
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0).ok_or_else(|| "must be a number above 0".to_owned())
}

fn not_negative(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|n| n.is_finite() && *n >= 0.0)
        .ok_or_else(|| "must be a number of 0 or more".to_owned())
}

/// Runs it and gives what is to be printed.
///
/// # Errors
/// When a file cannot be read or written, or means nothing; the message names it.
pub fn simulate(args: &SimulateArgs) -> Result<String> {
    let policy = policy_file(args.policy.as_deref())?;
    let partitions = policy.partitions;
    let (name, load) = match (&args.csv, args.load) {
        (Some(path), _) => {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let load = Load::csv(&text, partitions).with_context(|| path.display().to_string())?;
            (path.display().to_string(), load)
        }
        (None, shape) => {
            let shape = shape.unwrap_or(Shape::FlashCrowd);
            let peak = args.peak.unwrap_or(0.6 * args.capacity * f64::from(partitions));
            (shape.name().to_owned(), shape.load(peak, partitions, args.capacity))
        }
    };
    if args.replicas > partitions {
        bail!("--replicas must be at most the partitions, {partitions}");
    }
    let setup = Setup {
        partitions,
        capacity: args.capacity,
        pod_start: args.pod_start,
        rebalance: args.rebalance,
        commit_interval: args.commit_interval,
        replicas: args.replicas,
        seed: args.seed,
    };
    let recording = run(&load, &setup, policy.max_order_age, ours(&policy));
    if let Some(path) = &args.svg {
        let title = format!("{name}: {partitions} partitions, {} orders/s per consumer", args.capacity);
        let svg = drawing(&recording, &title, policy.max_order_age);
        fs::write(path, svg).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(if args.json { as_json(&name, &recording) } else { as_text(&name, &recording) })
}

fn as_json(name: &str, recording: &Recording) -> String {
    let decisions = recording.decisions.iter();
    let decisions: Vec<_> =
        decisions.map(|(t, choice)| json!({"t": t, "replicas": choice.replicas, "reason": choice.reason})).collect();
    let mut all = json!({"load": name, "decisions": decisions});
    let measures = serde_json::to_value(&recording.measures).unwrap_or_default();
    for (key, value) in measures.as_object().into_iter().flatten() {
        all[key] = value.as_f64().map_or(value.clone(), |number| json!((number * 100.0).round() / 100.0));
    }
    format!("{all}\n")
}

fn as_text(name: &str, recording: &Recording) -> String {
    let mut text = format!("load                {name}\n");
    for (t, choice) in &recording.decisions {
        text.push_str(&format!("{:>9}  {}\n", clock(*t), choice.reason));
    }
    let measures = &recording.measures;
    for (what, value) in [
        ("membership changes", measures.changes.to_string()),
        ("pod-hours", format!("{:.1}", measures.pod_hours)),
        ("idle pod-hours", format!("{:.1}", measures.idle_pod_hours)),
        ("over target", format!("{} s", measures.over_target_seconds)),
        ("worst order age", format!("{:.0} s", measures.worst_order_age)),
        ("p99 order age", format!("{:.0} s", measures.p99_order_age)),
        ("orders", format!("{:.0}", measures.orders)),
        ("waiting at the end", format!("{:.0}", measures.waiting)),
    ] {
        text.push_str(&format!("{what:<19} {value}\n"));
    }
    text
}

fn clock(t: f64) -> String {
    let t = t as u64;
    format!("{}:{:02}:{:02}", t / 3_600, t / 60 % 60, t % 60)
}
