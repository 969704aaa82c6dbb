//! Shoppers: several clients that place orders, repeat some, and try again when they are refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::catalogue::Catalogue;
use crate::ledger::{Attempt, Outcome};
use crate::patience::PATIENCE;

const ANSWER: Duration = Duration::from_secs(15);

/// How much is ordered, and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Orders in all, each under a key of its own.
    pub orders: usize,
    /// Clients that order at the same time.
    pub clients: usize,
    /// Least time in which all is ordered; None: as fast as it goes.
    pub spread: Option<Duration>,
}

/// What is counted while the clients work.
#[derive(Debug, Default)]
pub struct Progress {
    accepted: AtomicUsize,
    refused: AtomicUsize,
}

impl Progress {
    /// Answers with 200 so far.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Answers with 503 so far.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }
}

/// Clients at work.
pub struct Shoppers {
    clients: JoinSet<Result<Vec<Attempt>>>,
    progress: Arc<Progress>,
}

impl Shoppers {
    /// Sends them off.
    pub fn start(order_api: &str, run: &str, catalogue: &Catalogue, load: Load) -> Result<Self> {
        let progress = Arc::new(Progress::default());
        // Already installed is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().timeout(ANSWER).build()?;
        let mut clients = JoinSet::new();
        for number in 0..load.clients {
            let shopper = Shopper {
                http: http.clone(),
                url: format!("{order_api}/api/orders"),
                email: format!("{run}-{number}@example.org"),
                address: format!("198.51.100.{}", number + 1),
                progress: progress.clone(),
            };
            let catalogue = catalogue.clone();
            let intents: Vec<usize> = (number..load.orders).step_by(load.clients).collect();
            let pause = load.spread.map(|spread| spread / intents.len() as u32);
            clients.spawn(shopper.shop(intents, catalogue, pause));
        }
        Ok(Self { clients, progress })
    }

    /// Waits until `reached`.
    pub async fn until(&self, what: &str, reached: impl Fn(&Progress) -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !reached(&self.progress) {
            ensure!(Instant::now() < deadline, "not so after {PATIENCE:?}: {what} ({:?})", self.progress);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// What is counted so far.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Waits until every client has all its orders accepted.
    pub async fn finish(mut self) -> Result<Vec<Attempt>> {
        let mut attempts = Vec::new();
        while let Some(client) = self.clients.join_next().await {
            attempts.extend(client??);
        }
        Ok(attempts)
    }
}

struct Shopper {
    http: Client,
    url: String,
    email: String,
    address: String,
    progress: Arc<Progress>,
}

impl Shopper {
    async fn shop(self, intents: Vec<usize>, catalogue: Catalogue, pause: Option<Duration>) -> Result<Vec<Attempt>> {
        let started = Instant::now();
        let mut attempts = Vec::new();
        for (done, intent) in intents.into_iter().enumerate() {
            if let Some(pause) = pause {
                tokio::time::sleep_until((started + pause * done as u32).into()).await;
            }
            let (key, body) = (format!("{}-{intent}", self.email), self.body(&catalogue));
            self.order(intent, &key, &body, &mut attempts).await?;
            // One in twelve presses the button again, one in twelve twice at once.
            match rand::random_range(0..12) {
                0 => self.order(intent, &key, &body, &mut attempts).await?,
                1 => {
                    let (first, second) = tokio::join!(self.send(&key, &body), self.send(&key, &body));
                    attempts.extend([first?, second?].map(|(outcome, _)| Attempt { intent, outcome }));
                }
                _ => {}
            }
        }
        Ok(attempts)
    }

    fn body(&self, catalogue: &Catalogue) -> Value {
        let mut products: Vec<u64> = (0..rand::random_range(1..4)).map(|_| catalogue.pick()).collect();
        products.sort_unstable();
        products.dedup();
        let items: Vec<Value> = products
            .iter()
            .map(|product| json!({"productId": product, "quantity": rand::random_range(1..4)}))
            .collect();
        json!({
            "customer": {"name": "Ann Example", "email": self.email, "address": "Street 1, 12345 Town"},
            "items": items,
            "payment": {"method": "card", "token": "tok_e2e"},
        })
    }

    /// Tries until it is accepted, always under the same key.
    async fn order(&self, intent: usize, key: &str, body: &Value, attempts: &mut Vec<Attempt>) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (outcome, wait) = self.send(key, body).await?;
            let accepted = matches!(outcome, Outcome::Accepted(_));
            attempts.push(Attempt { intent, outcome });
            if accepted {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "an order was not accepted within {PATIENCE:?}");
            tokio::time::sleep(wait).await;
        }
    }

    /// One attempt, and how long to wait before the next.
    async fn send(&self, key: &str, body: &Value) -> Result<(Outcome, Duration)> {
        let request = self.http.post(&self.url).header("Idempotency-Key", key);
        let sent = request.header("X-Forwarded-For", &self.address).json(body).send().await;
        let Ok(response) = sent else {
            return Ok((Outcome::NoAnswer, Duration::from_millis(100)));
        };
        let wait = retry_after(&response);
        let status = response.status();
        let Ok(answer) = response.json::<Value>().await else {
            return Ok((Outcome::NoAnswer, wait));
        };
        let number = answer["orderNumber"].as_str().map(str::to_owned);
        let outcome = match (status, number) {
            (StatusCode::OK, number) => Outcome::Accepted(number.context("200 without an order number")?),
            (StatusCode::SERVICE_UNAVAILABLE, Some(number)) => Outcome::Unknown(number),
            (StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS, None) => {
                Outcome::Refused(status.as_u16())
            }
            _ => bail!("order-api answered {status} to a good order: {answer}"),
        };
        if matches!(outcome, Outcome::Accepted(_)) {
            self.progress.accepted.fetch_add(1, Ordering::Relaxed);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            self.progress.refused.fetch_add(1, Ordering::Relaxed);
        }
        Ok((outcome, wait))
    }
}

/// What the answer asks for, but no longer than a second: the scenario ends sooner, and the service has to
/// bear impatient clients.
fn retry_after(response: &Response) -> Duration {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0)).clamp(Duration::from_millis(100), Duration::from_secs(1))
}
