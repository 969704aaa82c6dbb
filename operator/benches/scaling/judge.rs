//! From measures to ratios with an aim, lower is better.

use order_pipeline_operator::simulate::{Measures, Shape};
use serde_json::{Value, json};

use crate::scene::Scene;

/// A peer within so many seconds of the least time over the target holds the target as well as the best.
const AS_GOOD: f64 = 60.0;

/// All figures, in the form that every benchmark of ours prints.
pub fn judge(scenes: &[Scene]) -> Vec<Value> {
    let mut figures: Vec<Value> = scenes.iter().flat_map(of_scene).collect();
    // A load that nobody can serve says nothing about who serves better.
    let judged: Vec<&Scene> = scenes.iter().filter(|scene| scene.shape != Shape::HotPartitionBeyond).collect();
    let sum = |of: &dyn Fn(&Scene) -> &Measures| {
        judged.iter().fold((0.0, 0.0, 0.0), |sum, scene| {
            let m = of(scene);
            (sum.0 + f64::from(m.changes), sum.1 + m.pod_hours, sum.2 + m.over_target_seconds)
        })
    };
    let ours = sum(&|scene| &scene.ours);
    let names: Vec<&'static str> =
        scenes.first().map_or(Vec::new(), |scene| scene.peers.iter().map(|peer| peer.0).collect());
    let peers: Vec<_> = (0..names.len()).map(|i| (names[i], sum(&|scene| &scene.peers[i].1))).collect();
    let best = peers.iter().map(|peer| peer.1.2).fold(f64::INFINITY, f64::min);
    let told = |sum: (f64, f64, f64)| json!({"changes": sum.0, "podHours": rounded(sum.1), "overTargetSeconds": sum.2});
    let mut sums = json!({"ours": told(ours)});
    for (name, sum) in &peers {
        sums[*name] = told(*sum);
    }
    let better =
        |peer: (f64, f64, f64)| [peer.0 < ours.0, peer.1 < ours.1, peer.2 < ours.2].into_iter().filter(|b| *b).count();
    let better_in_two = peers.iter().filter(|peer| better(peer.1) >= 2).count();
    figures.push(figure("over_target_sum", (ours.2 + 1.0) / (best + 1.0), 1.0, sums.clone()));
    figures.push(figure("peers_better_in_two", better_in_two as f64, 0.0, sums));
    figures
}

fn of_scene(scene: &Scene) -> Vec<Value> {
    let name = format!("{} {}", scene.shape.name(), scene.partitions);
    let mut detail = json!({"load": scene.shape.name(), "partitions": scene.partitions, "ours": scene.ours, "parameters": scene.parameters});
    for (peer, measures) in &scene.peers {
        detail[*peer] = json!(measures);
    }
    let with = |measure: &str| {
        let mut detail = detail.clone();
        detail["measure"] = json!(measure);
        detail
    };
    let idle = figure(&format!("idle_pod_hours {name}"), scene.ours.idle_pod_hours, 0.0, with("idle_pod_hours"));
    if scene.shape == Shape::HotPartitionBeyond {
        return vec![idle];
    }
    let ours = &scene.ours;
    let all = || scene.peers.iter().map(|peer| &peer.1);
    let least = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
    let over = least(&mut all().map(|peer| peer.over_target_seconds));
    let good = || all().filter(|peer| peer.over_target_seconds <= over + AS_GOOD);
    let changes = least(&mut good().map(|peer| f64::from(peer.changes)));
    let pod_hours = least(&mut good().map(|peer| peer.pod_hours));
    let lines = [
        ("changes", (f64::from(ours.changes) + 1.0) / (changes + 3.0)),
        ("pod_hours", ours.pod_hours / (1.1 * pod_hours)),
        ("over_target", (ours.over_target_seconds + 1.0) / (over + 31.0)),
    ];
    let mut figures: Vec<Value> =
        lines.iter().map(|(measure, ratio)| figure(&format!("{measure} {name}"), *ratio, 1.0, with(measure))).collect();
    figures.push(idle);
    figures
}

fn figure(name: &str, ratio: f64, aim: f64, detail: Value) -> Value {
    json!({"bench": "scaling", "figure": name, "ratio": rounded(ratio), "aim": aim, "better": "lower", "rounds": 1, "detail": detail})
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// For people: one table of measures, one of ratios, and the parameters.
pub fn print(scenes: &[Scene], figures: &[Value]) {
    println!(
        "{:<22} {:>3} {:<9} {:>7} {:>9} {:>11} {:>9} {:>8}",
        "load", "P", "scaler", "changes", "pod-hours", "over target", "worst age", "p99 age"
    );
    for scene in scenes {
        let all = [("ours", &scene.ours)].into_iter().chain(scene.peers.iter().map(|peer| (peer.0, &peer.1)));
        for (name, m) in all {
            println!(
                "{:<22} {:>3} {:<9} {:>7} {:>9.1} {:>9} s {:>7.0} s {:>6.0} s",
                scene.shape.name(),
                scene.partitions,
                name,
                m.changes,
                m.pod_hours,
                m.over_target_seconds,
                m.worst_order_age,
                m.p99_order_age
            );
        }
    }
    println!();
    for figure in figures {
        let (ratio, aim) = (figure["ratio"].as_f64().unwrap_or(f64::NAN), figure["aim"].as_f64().unwrap_or(f64::NAN));
        let missed = if ratio > aim { "  <- missed" } else { "" };
        println!("{:<42} {ratio:>7.3}  aim {aim}{missed}", figure["figure"].as_str().unwrap_or_default());
    }
    println!();
    for scene in scenes.iter().take(2) {
        for (name, parameters) in scene.parameters.as_object().into_iter().flatten() {
            println!("{} partitions, {name}: {parameters}", scene.partitions);
        }
    }
}
