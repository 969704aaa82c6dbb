//! The recording of a run: what the operator's operations view shows of the last hour.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use order_pipeline_operator::simulate::{Choice, Frame, Measures, Recording, drawing};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::resource::Resource;

/// Namespace and name of the operator's Service, as `cargo xtask up` installs the chart.
const OPERATOR: (&str, &str) = ("order-pipeline-system", "order-pipeline");

/// Six consumers, MySQL, Kafka and the shoppers share two cores here: what one consumer does alone does not add up.
/// A group that does not follow its load at all would be late for far longer.
const SLACK: f64 = 2.0;

/// The answer, as far as it is needed here.
#[derive(Serialize, Deserialize)]
pub(super) struct View {
    targets: Targets,
    samples: Vec<Sample>,
    decisions: Vec<Decision>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Targets {
    max_order_age_seconds: f64,
    drain_after_burst_seconds: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sample {
    t: Timestamp,
    lag: Option<u64>,
    oldest_order_age_seconds: Option<f64>,
    arrival_rate: Option<f64>,
    service_rate: Option<f64>,
    replicas: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Decision {
    t: Timestamp,
    from: u32,
    to: u32,
    reason: String,
    limited_by: Option<String>,
}

impl View {
    /// Asks the operator, through the API server, for what was since then.
    pub(super) async fn fetch(resource: &Resource, since: Timestamp) -> Result<Self> {
        let (namespace, service) = (OPERATOR.0, format!("service/{}", OPERATOR.1));
        let mut forwarding = Command::new("kubectl")
            .args(["port-forward", "-n", namespace, &service, ":8080"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot run kubectl")?;
        let mut lines = BufReader::new(forwarding.stdout.take().context("its output is piped")?).lines();
        // "Forwarding from 127.0.0.1:41234 -> 8080"
        let first = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await??;
        let first = first.context("kubectl port-forward ended")?;
        let address = first.split_whitespace().nth(2).with_context(|| format!("kubectl said {first:?}"))?;
        let path = format!("pipelines/{}/{}/scaling", resource.namespace, resource.name);
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        let answer = client.get(format!("http://{address}/{path}")).bearer_auth(&resource.token).send().await?;
        let mut view: Self = answer.error_for_status().context("the operations view")?.json().await?;
        view.samples.retain(|sample| sample.t >= since);
        view.decisions.retain(|decision| decision.t >= since);
        Ok(view)
    }

    /// Writes `scaling.json` and `scaling.svg`.
    pub(super) fn draw(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("scaling.json"), serde_json::to_string_pretty(self)?)?;
        let title = "12 partitions on the local node: consumers held small by a CPU limit follow a load";
        let picture = drawing(&self.recording(), title, self.targets.max_order_age_seconds);
        fs::write(folder.join("scaling.svg"), picture)?;
        println!("drawn as {}", folder.join("scaling.svg").display());
        Ok(())
    }

    /// Orders that are late already must be worked off in time: no longer stretch of lateness than [`SLACK`] times the
    /// target.
    pub(super) fn judge(&self) -> Result<()> {
        let (late, target) = (self.longest_late(), self.targets.drain_after_burst_seconds);
        ensure!(late <= SLACK * target, "orders were late for {late:.0} s on end, {target:.0} s is the target");
        ensure!(self.decisions.iter().all(|decision| !decision.reason.is_empty()), "a decision has no reason");
        Ok(())
    }

    /// Seconds of the longest stretch in which the oldest order was older than the target.
    fn longest_late(&self) -> f64 {
        let (mut longest, mut since) = (0.0_f64, None);
        for sample in &self.samples {
            // What is not known changes nothing.
            let Some(age) = sample.oldest_order_age_seconds else { continue };
            let late = age > self.targets.max_order_age_seconds;
            let start = if late { *since.get_or_insert(sample.t) } else { since.take().unwrap_or(sample.t) };
            longest = longest.max(seconds(start, sample.t));
        }
        longest
    }

    fn worst_age(&self) -> f64 {
        self.samples.iter().filter_map(|sample| sample.oldest_order_age_seconds).fold(0.0, f64::max)
    }

    /// As the drawing wants it; unknown numbers keep the last known one.
    fn recording(&self) -> Recording {
        let start = self.samples.first().map_or(Timestamp::UNIX_EPOCH, |sample| sample.t);
        let mut frames: Vec<Frame> = Vec::new();
        let mut measures = Measures { worst_order_age: self.worst_age(), ..Measures::default() };
        for sample in &self.samples {
            let last = frames.last();
            let t = seconds(start, sample.t);
            let passed = t - last.map_or(0.0, |last| last.t);
            let age = sample.oldest_order_age_seconds.or(last.map(|last| last.age)).unwrap_or(0.0);
            measures.pod_hours += f64::from(sample.replicas) * passed / 3_600.0;
            measures.changes += u32::from(last.is_some_and(|last| last.replicas != sample.replicas));
            if age > self.targets.max_order_age_seconds {
                measures.over_target_seconds += passed;
            }
            frames.push(Frame {
                t,
                rate: sample.arrival_rate.or(last.map(|last| last.rate)).unwrap_or(0.0),
                lag: sample.lag.map(|lag| lag as f64).or(last.map(|last| last.lag)).unwrap_or(0.0),
                age,
                replicas: sample.replicas,
                members: sample.replicas,
            });
        }
        measures.over_target_seconds = measures.over_target_seconds.round();
        // Of what is sampled: the oldest order at each moment.
        let mut ages: Vec<f64> = frames.iter().map(|frame| frame.age).collect();
        ages.sort_by(f64::total_cmp);
        measures.p99_order_age = ages.get(ages.len() * 99 / 100).copied().unwrap_or(0.0);
        let changes = self.decisions.iter().filter(|decision| decision.from != decision.to);
        let decisions = changes.map(|decision| {
            (seconds(start, decision.t), Choice { replicas: decision.to, reason: decision.reason.clone() })
        });
        Recording { measures, frames, decisions: decisions.collect() }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (worst, late) = (self.worst_age(), self.longest_late());
        write!(f, "oldest order {worst:.0} s, late for {late:.0} s on end at most")
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SCALING_RECORDING draws another one, a `scaling.json` that an earlier run left, into the folder SCALING_PICTURE.
    #[test]
    fn a_recording_is_drawn_and_judged() {
        let given = std::env::var("SCALING_RECORDING").ok().map(|file| fs::read_to_string(file).unwrap());
        let mut view: View = serde_json::from_str(given.as_deref().unwrap_or(RECORDING)).unwrap();
        let folder = std::path::PathBuf::from(
            std::env::var("SCALING_PICTURE")
                .unwrap_or_else(|_| format!("{}/../target/scaling-test", env!("CARGO_MANIFEST_DIR"))),
        );
        view.draw(&folder).unwrap();
        let picture = fs::read_to_string(folder.join("scaling.svg")).unwrap();
        assert!(picture.starts_with("<svg") && picture.contains(&view.decisions[0].reason[..8].replace('>', "&gt;")));
        view.judge().unwrap();
        view.targets.drain_after_burst_seconds = 5.0;
        assert!(view.judge().is_err(), "late for longer than the target allows");
    }

    const RECORDING: &str = r#"{
        "targets": {"maxOrderAgeSeconds": 30, "drainAfterBurstSeconds": 120},
        "samples": [
            {"t": "2026-01-01T00:00:00Z", "lag": 0, "oldestOrderAgeSeconds": 0, "arrivalRate": 0, "serviceRate": 0, "replicas": 1},
            {"t": "2026-01-01T00:00:05Z", "lag": 900, "oldestOrderAgeSeconds": 31, "arrivalRate": 90, "serviceRate": 9, "replicas": 1},
            {"t": "2026-01-01T00:00:10Z", "lag": null, "oldestOrderAgeSeconds": null, "arrivalRate": null, "serviceRate": null, "replicas": 4},
            {"t": "2026-01-01T00:00:15Z", "lag": 500, "oldestOrderAgeSeconds": 35, "arrivalRate": 80, "serviceRate": 120, "replicas": 4},
            {"t": "2026-01-01T00:00:25Z", "lag": 400, "oldestOrderAgeSeconds": 33, "arrivalRate": 80, "serviceRate": 120, "replicas": 4}
        ],
        "decisions": [{"t": "2026-01-01T00:00:05Z", "from": 1, "to": 4, "reason": "1 -> 4 consumers: more come in", "limitedBy": null}]
    }"#;
}
