//! `order-pipeline-operator decide`: the decision function as a filter.
//!
//! One observation per line of JSON on stdin, one decision per line on stdout, at once. A line that cannot be read gets
//! a message on stderr and no decision; what was learnt from the lines before stays.

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use pipeline_api::Scaling;
use serde::{Deserialize, Serialize};

use crate::scaling::{History, LimitedBy, Observation, Policy, decide};

/// Where the policy is.
#[derive(Args, Clone, Debug)]
pub struct DecideArgs {
    /// The `scaling` block of the resource as YAML or JSON, plus `partitions`.
    #[arg(long)]
    pub policy: PathBuf,
}

/// A line of output.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    replicas: u32,
    reason: &'a str,
    /// Empty: nothing limits.
    limited_by: &'static str,
}

/// Reads observations until the input ends. Gives how many lines could not be read.
///
/// # Errors
/// When input or output fail, not for lines that mean nothing.
pub fn filter(policy: &Policy, input: impl BufRead, mut output: impl Write, mut errors: impl Write) -> io::Result<u64> {
    let (mut history, mut bad) = (History::default(), 0);
    for (number, line) in (1..).zip(input.split(b'\n')) {
        let line = line?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let observation = match read(&line) {
            Ok(observation) => observation,
            Err(error) => {
                bad += 1;
                writeln!(errors, "line {number}: {error}")?;
                continue;
            }
        };
        // Time is what the line says: a filter has no clock.
        let (decision, next) = decide(&observation, policy, std::mem::take(&mut history), observation.t);
        history = next;
        let limited_by = decision.limited_by.map_or("", LimitedBy::as_str);
        let line = Line { replicas: decision.replicas, reason: &decision.reason, limited_by };
        serde_json::to_writer(&mut output, &line)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(bad)
}

fn read(line: &[u8]) -> Result<Observation, String> {
    let observation: Observation =
        serde_json::from_slice(line).map_err(|error| format!("not an observation: {error}"))?;
    if !observation.t.is_finite() || observation.t.abs() > 1e12 {
        return Err(format!("not an observation: t is {}", observation.t));
    }
    Ok(observation)
}

/// The filter on this process's streams.
///
/// # Errors
/// When the policy cannot be read or a stream fails; not for lines that mean nothing, which stderr names.
pub fn run(args: &DecideArgs) -> Result<()> {
    let policy = policy_file(Some(&args.policy))?;
    match filter(&policy, io::stdin().lock(), io::stdout().lock(), io::stderr().lock()) {
        // Whoever read the decisions has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map(drop).context("cannot go on"),
    }
}

/// A policy as a file has it; None: the resource's defaults on 12 partitions.
///
/// # Errors
/// When the file cannot be read or a field of it means nothing; the message names both.
pub fn policy_file(path: Option<&Path>) -> Result<Policy> {
    let Some(path) = path else { return Ok(Policy::new(&Scaling::default(), 12)?) };
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (policy, unknown) = policy(&text).with_context(|| path.display().to_string())?;
    if !unknown.is_empty() {
        eprintln!("{}: not known, and without effect: {}", path.display(), unknown.join(", "));
    }
    Ok(policy)
}

/// The policy, and the fields that mean nothing.
fn policy(text: &str) -> Result<(Policy, Vec<String>)> {
    #[derive(Deserialize)]
    struct Partitions {
        partitions: u32,
        replicas: Option<u32>,
    }
    // JSON is YAML. The block may stand under its own name, as in the resource.
    let value: serde_yaml::Value = serde_yaml::from_str(text)?;
    let mut value = match value.get("scaling") {
        Some(inner) if inner.is_mapping() => {
            let mut inner = inner.clone();
            for (key, outer) in
                value.as_mapping().into_iter().flatten().filter(|(key, _)| key.as_str() != Some("scaling"))
            {
                inner[key] = outer.clone();
            }
            inner
        }
        _ => value,
    };
    let around: Partitions = serde_yaml::from_value(value.clone())?;
    let fields = value.as_mapping_mut().context("must be an object")?;
    for name in ["partitions", "replicas"] {
        fields.remove(name);
    }
    const KNOWN: [&str; 7] =
        ["mode", "minReplicas", "maxReplicas", "assumedCapacity", "targets", "scaleDownAfter", "schedules"];
    let names = fields.keys().filter_map(|key| key.as_str());
    let unknown = names.filter(|key| !KNOWN.contains(key)).map(str::to_owned).collect();
    let scaling: Scaling = serde_yaml::from_value(value)?;
    Ok((Policy::new(&scaling, around.partitions)?.with_manual(around.replicas), unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str =
        "{partitions: 12, minReplicas: 1, maxReplicas: 12, assumedCapacity: 100, targets: {maxOrderAge: 30s}}";

    fn filtered(lines: &str) -> (Vec<serde_json::Value>, String, u64) {
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let bad = filter(&policy(POLICY).unwrap().0, lines.as_bytes(), &mut out, &mut errors).unwrap();
        let out = String::from_utf8(out).unwrap();
        (out.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), String::from_utf8(errors).unwrap(), bad)
    }

    fn line(t: u32, replicas: u32, committed: u32, end: u32) -> String {
        let partition = format!(r#"{{"committed":{committed},"end":{end}}}"#);
        let partitions = vec![partition; 12].join(",");
        format!(r#"{{"t":{t},"replicas":{replicas},"ready":{replicas},"partitions":[{partitions}]}}"#) + "\n"
    }

    #[test]
    fn one_decision_per_line_with_exactly_these_names() {
        let (out, errors, bad) = filtered(&(line(0, 1, 0, 0) + &line(5, 1, 30, 30)));
        assert_eq!((out.len(), errors.as_str(), bad), (2, "", 0));
        let mut names: Vec<&String> = out[0].as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["limitedBy", "reason", "replicas"]);
        assert!(out[0]["reason"].is_string() && out[0]["limitedBy"].is_string());
    }

    #[test]
    fn a_line_that_means_nothing_is_named_and_costs_nothing() {
        let good: String = (0..10).map(|i| line(5 * i, 1, 10 * i, 200 * i)).collect();
        let middle = good.lines().nth(4).unwrap();
        let spoilt = good.replace(
            middle,
            &format!("{middle}\n{{\"t\":\n\n[1]\n{{\"replicas\":1}}\n{{\"t\":1,\"replicas\":-1}}\n\u{1}"),
        );
        let (out, errors, bad) = filtered(&spoilt);
        let (undisturbed, ..) = filtered(&good);
        assert_eq!(out, undisturbed);
        assert_eq!(bad, 5);
        for (error, number) in errors.lines().zip([6, 8, 9, 10, 11]) {
            assert!(error.starts_with(&format!("line {number}: not an observation")), "{error}");
        }
        assert!(out.last().unwrap()["replicas"].as_u64().unwrap() > 1, "{out:?}");
    }

    #[test]
    fn policies_in_several_spellings() {
        let (plain, _) = policy("partitions: 6\nmaxReplicas: 8\ntargets: {maxOrderAge: 20s}\n").unwrap();
        assert_eq!((plain.partitions, plain.max_replicas, plain.max_order_age), (6, 8, 20.0));
        let (nested, _) =
            policy(r#"{"scaling": {"maxReplicas": 8, "targets": {"maxOrderAge": "20s"}}, "partitions": 6}"#).unwrap();
        assert_eq!((nested.partitions, nested.max_replicas, nested.max_order_age), (6, 8, 20.0));
    }

    #[test]
    fn a_policy_that_means_nothing_is_named() {
        let message = |text: &str| format!("{:#}", policy(text).unwrap_err());
        assert!(message("maxReplicas: 3").contains("partitions"));
        assert_eq!(policy("{partitions: 3, maxReplica: 3}").unwrap().1, ["maxReplica"]);
        assert!(message("{partitions: 3, minReplicas: 5, maxReplicas: 2}").contains("minReplicas"));
        assert!(message("{partitions: 3, targets: {maxOrderAge: soon}}").contains("targets.maxOrderAge"));
        assert!(
            message("{partitions: 3, schedules: [{cron: 'x', duration: 1h, minReplicas: 1}]}").contains("schedules[0]")
        );
    }
}
