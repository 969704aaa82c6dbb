//! Callers over HTTP, as shoppers' pages are.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::programs::reqwest_client;

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self { http: reqwest_client()?, url: url.to_owned() })
    }

    /// Milliseconds and the body.
    pub async fn search(&self, text: &str) -> Result<(f64, Vec<u8>)> {
        self.get("/api/products", &[("search", text)]).await
    }

    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<(f64, Vec<u8>)> {
        let started = Instant::now();
        let response = self.http.get(format!("{}{path}", self.url)).query(query).send().await?;
        let status = response.status();
        let body = response.bytes().await?;
        ensure!(status.is_success(), "{path} {query:?}: {status}");
        Ok((started.elapsed().as_secs_f64() * 1000.0, body.to_vec()))
    }

    /// The ids on the first page.
    pub async fn ids(&self, text: &str) -> Result<Vec<u64>> {
        let page: Value = serde_json::from_slice(&self.search(text).await?.1)?;
        Ok(page["items"].as_array().into_iter().flatten().filter_map(|item| item["id"].as_u64()).collect())
    }
}

/// The times of all searches that so many clients do in that time, one after the other each.
pub async fn mix(client: &Client, texts: &'static [&str], clients: usize, time: Duration) -> Result<Vec<f64>> {
    let run = |offset: usize, client: Client, time: Duration| async move {
        let (mut times, started) = (Vec::new(), Instant::now());
        while started.elapsed() < time {
            times.push(client.search(texts[(times.len() + offset) % texts.len()]).await?.0);
        }
        anyhow::Ok(times)
    };
    // Warm.
    run(0, client.clone(), time / 10).await?;
    let tasks: Vec<_> = (0..clients).map(|offset| tokio::spawn(run(offset, client.clone(), time))).collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    Ok(times)
}
