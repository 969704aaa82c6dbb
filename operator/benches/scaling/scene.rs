//! One load on one number of partitions, run by every scaler.

use std::thread;

use order_pipeline_operator::scaling::Policy;
use order_pipeline_operator::simulate::{Choice, Group, Load, Measures, Setup, Shape, ours, run};
use pipeline_api::{Duration, Scaling, ScalingTargets};
use serde_json::{Value, json};

use crate::Args;
use crate::flink::Flink;
use crate::keda::Keda;
use crate::numaflow::Numaflow;

/// No order should wait longer, seconds.
const TARGET: f64 = 30.0;
/// Partitions that every load is put on.
const PARTITIONS: [u32; 2] = [12, 24];

/// What every scaler made of one load.
pub struct Scene {
    pub shape: Shape,
    pub partitions: u32,
    pub ours: Measures,
    /// By name.
    pub peers: Vec<(&'static str, Measures)>,
    pub parameters: Value,
}

/// Runs everything.
pub fn all(args: &Args) -> Vec<Scene> {
    let shapes = Shape::ALL.iter().flat_map(|shape| PARTITIONS.map(|partitions| (*shape, partitions)));
    thread::scope(|scope| {
        let started: Vec<_> =
            shapes.map(|(shape, partitions)| scope.spawn(move || one(shape, partitions, args))).collect();
        started.into_iter().map(|scene| scene.join().expect("a run does not panic")).collect()
    })
}

fn one(shape: Shape, partitions: u32, args: &Args) -> Scene {
    let peak = args.level * args.capacity * f64::from(partitions);
    let load = shape.load(peak, partitions, args.capacity);
    let first = load.at(0.0, partitions).0;
    let replicas = args.replicas.unwrap_or(((first / args.capacity / 0.75).ceil() as u32).clamp(1, partitions));
    let setup = Setup {
        partitions,
        capacity: args.capacity,
        pod_start: args.pod_start,
        rebalance: args.rebalance,
        replicas,
        seed: args.seed,
        ..Setup::default()
    };
    let policy = policy(partitions, args.assumed.unwrap_or(args.capacity));
    // Half the target's worth of work per replica: a whole one's would be a lag that is too old already.
    let keda =
        Keda { lag_threshold: args.lag_threshold.unwrap_or(args.capacity * TARGET / 2.0), max_replicas: partitions };
    let numaflow = Numaflow { max_replicas: partitions };
    let flink = Flink { partitions };
    let peers = vec![
        ("keda", measure(&load, &setup, keda.scaler())),
        ("numaflow", measure(&load, &setup, numaflow.scaler())),
        ("flink", measure(&load, &setup, flink.scaler())),
    ];
    let parameters = json!({
        "keda": keda.parameters(),
        "numaflow": numaflow.parameters(),
        "flink": flink.parameters(),
        "ours": {"maxOrderAge": "30s", "drainAfterBurst": "2m", "minReplicas": 1, "maxReplicas": partitions,
            "assumedCapacity": policy.assumed_capacity},
        "group": {"capacityPerReplica": args.capacity, "podStartSeconds": args.pod_start,
            "rebalanceSeconds": args.rebalance, "commitIntervalSeconds": setup.commit_interval,
            "replicasAtStart": replicas, "peakOrdersPerSecond": peak, "seed": args.seed},
    });
    Scene { shape, partitions, ours: measure(&load, &setup, ours(&policy)), peers, parameters }
}

fn measure(load: &Load, setup: &Setup, scaler: impl FnMut(&Group) -> Option<Choice>) -> Measures {
    run(load, setup, TARGET, scaler).measures
}

fn policy(partitions: u32, assumed: f64) -> Policy {
    let scaling = Scaling {
        min_replicas: 1,
        max_replicas: i32::try_from(partitions).expect("few partitions"),
        assumed_capacity: assumed.round() as i32,
        targets: ScalingTargets { max_order_age: Duration::new("30s"), drain_after_burst: Duration::new("2m") },
        ..Scaling::default()
    };
    Policy::new(&scaling, partitions).expect("the benchmark's policy can be read")
}
