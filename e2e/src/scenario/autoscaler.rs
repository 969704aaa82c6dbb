//! search-api is scaled by CPU, with figures of a real metrics-server.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::kubernetes::{find, kubectl, variable};
use crate::patience::until;

const SEARCHERS: usize = 8;

/// Searches until search-api has more than one pod, and the number is the autoscaler's.
pub async fn autoscaler() -> Result<()> {
    let (namespace, pipeline) = (variable("NAMESPACE")?, variable("PIPELINE")?);
    let search = format!("{}/api/products?search=e&limit=200", variable("SEARCH_API_URL")?.trim_end_matches('/'));
    let resource = async || find(&namespace, "orderpipeline", &pipeline).await?.context("there is no OrderPipeline");
    let put = async |value: &Value| {
        let patch = json!([{"op": "replace", "path": "/spec/search", "value": value}]).to_string();
        kubectl(&["patch", "orderpipeline", &pipeline, "-n", &namespace, "--type=json", "-p", &patch]).await
    };
    let before = resource().await?["spec"]["search"].clone();
    let mut scaled = before.clone();
    if let Some(fields) = scaled.as_object_mut() {
        fields.remove("replicas");
        fields.insert("autoscaling".into(), json!({"min": 1, "max": 3, "cpuPercent": 20}));
    }
    put(&scaled).await?;
    // Already installed is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut searchers = JoinSet::new();
    for _ in 0..SEARCHERS {
        let (client, search) = (reqwest::Client::new(), search.clone());
        searchers.spawn(async move {
            loop {
                // What it answers is another scenario's matter; here it costs CPU.
                let _ = client.get(&search).send().await;
            }
        });
    }
    let name = format!("{pipeline}-search-api");
    // metrics-server measures every 15 s, the autoscaler looks every 15 s, and new pods take their time.
    let grown = until("more pods of search-api", async || {
        let resource = resource().await?;
        let conditions = resource["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let active = conditions.iter().find(|one| one["type"] == "AutoscalersActive");
        let active =
            active.map_or_else(|| "not said".to_owned(), |one| format!("{} {}", one["status"], one["message"]));
        let deployment = find(&namespace, "deployment", &name).await?.context("search-api has no Deployment")?;
        let ready = deployment["status"]["readyReplicas"].as_i64().unwrap_or(0);
        ensure!(active.starts_with("\"True\"") && ready > 1, "{ready} ready; AutoscalersActive: {active}");
        Ok(ready)
    })
    .await;
    searchers.abort_all();
    put(&before).await?;
    println!("search-api: 1 -> {} by CPU", grown?);
    Ok(())
}
