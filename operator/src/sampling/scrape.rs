//! Asks the ready consumers for their own figures, all at once. One that does not answer is left out.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;

use super::exposition::{self, Figures};
use super::target::Consumer;

/// A consumer on the same network answers in milliseconds.
const TIMEOUT: Duration = Duration::from_secs(2);
const LARGEST: usize = 1 << 20;
const AT_ONCE: usize = 16;

/// Figures by pod.
pub type Scrape = BTreeMap<String, Figures>;

/// Asks every consumer.
pub async fn scrape(client: &reqwest::Client, consumers: &[Consumer]) -> Scrape {
    let each = futures::stream::iter(consumers.iter().cloned().map(|consumer| one(client.clone(), consumer)));
    each.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
}

/// A client for it: no proxy stands between us and a pod.
///
/// # Errors
/// When the process has no TLS provider, which reqwest asks for even where none is used.
pub fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().no_proxy().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build()
}

async fn one(client: reqwest::Client, consumer: Consumer) -> Option<(String, Figures)> {
    match text(&client, &consumer).await {
        Ok(text) => Some((consumer.pod, exposition::read(&text))),
        Err(error) => {
            tracing::debug!(%error, pod = consumer.pod, "a consumer does not show its metrics");
            None
        }
    }
}

async fn text(client: &reqwest::Client, consumer: &Consumer) -> reqwest::Result<String> {
    let response = client.get(format!("http://{}/metrics", consumer.admin)).send().await?.error_for_status()?;
    let mut bytes = Vec::new();
    let mut body = response.bytes_stream();
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk?);
        if bytes.len() > LARGEST {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
