//! kubectl and helm, with the cluster of our environment (`target/local/env`).

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// A variable of `target/local/env`; the error names it.
pub fn variable(name: &str) -> Result<String> {
    std::env::var(name)
        .with_context(|| format!("{name} is not set: source target/local/env, which `cargo xtask up` writes"))
}

/// Runs kubectl and gives back what it printed.
pub async fn kubectl(args: &[&str]) -> Result<String> {
    run("kubectl", args, None).await
}

/// Runs helm and gives back what it printed.
pub async fn helm(args: &[&str]) -> Result<String> {
    run("helm", args, None).await
}

/// Applies objects; secrets among them stand in no argument.
pub async fn apply(objects: &[Value]) -> Result<()> {
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let args = ["apply", "--server-side", "--force-conflicts", "--field-manager=e2e", "--filename=-"];
    run("kubectl", &args, Some(&list.to_string())).await.map(drop)
}

/// One object, or None when there is none.
pub async fn find(namespace: &str, kind: &str, name: &str) -> Result<Option<Value>> {
    let text = kubectl(&["get", kind, name, "-n", namespace, "--ignore-not-found", "-o", "json"]).await?;
    if text.trim().is_empty() { Ok(None) } else { Ok(Some(serde_json::from_str(&text)?)) }
}

/// The names of all objects of a kind with these labels.
pub async fn names(namespace: &str, kind: &str, labels: &str) -> Result<Vec<String>> {
    Ok(kubectl(&["get", kind, "-n", namespace, "-l", labels, "-o", "name"]).await?.lines().map(str::to_owned).collect())
}

async fn run(program: &str, args: &[&str], input: Option<&str>) -> Result<String> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().with_context(|| format!("cannot run {program}"))?;
    let mut stdin = child.stdin.take().context("its input is piped")?;
    let text = input.unwrap_or_default().to_owned();
    // From a task of its own: it may print before it has read all.
    let writing = tokio::spawn(async move { stdin.write_all(text.as_bytes()).await });
    let out = child.wait_with_output().await?;
    if !out.status.success() {
        bail!("{program} {}: {}", args.join(" "), String::from_utf8_lossy(&out.stderr).trim());
    }
    writing.await??;
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}
