//! One customer at a time, for scenarios that follow a single order.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::patience::PATIENCE;

const ANSWER: Duration = Duration::from_secs(75);

/// Somebody with an e-mail address of the run's.
#[derive(Clone, Debug)]
pub struct Customer {
    http: Client,
    base: String,
    email: String,
    name: String,
    traceparent: Option<String>,
}

impl Customer {
    /// `run`: the run's name, which its orders are found by.
    pub fn new(order_api: &str, run: &str, name: &str) -> Result<Self> {
        // Already installed is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let email = format!("{run}-{}@example.org", name.to_lowercase());
        Ok(Self {
            http: Client::builder().timeout(ANSWER).build()?,
            base: order_api.to_owned(),
            email,
            name: name.to_owned(),
            traceparent: None,
        })
    }

    /// The same, whose orders carry this trace context.
    pub fn traced(self, traceparent: &str) -> Self {
        Self { traceparent: Some(traceparent.to_owned()), ..self }
    }

    /// The address that order numbers are derived from.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// What is posted for one product.
    pub fn body(&self, product: u64, quantity: u32) -> Value {
        json!({
            "customer": {"name": self.name, "email": self.email, "address": "Street 1, 12345 Town"},
            "items": [{"productId": product, "quantity": quantity}],
            "payment": {"method": "card", "token": "tok_e2e"},
        })
    }

    /// Orders under `key`, again while the platform says to come later. Gives the number.
    pub async fn order(&self, key: &str, product: u64, quantity: u32) -> Result<String> {
        let body = self.body(product, quantity);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut request = self.http.post(format!("{}/api/orders", self.base)).header("Idempotency-Key", key);
            if let Some(traceparent) = &self.traceparent {
                request = request.header("traceparent", traceparent);
            }
            let error = match request.json(&body).send().await {
                Ok(answer) if answer.status() == StatusCode::OK => {
                    let answer: Value = answer.json().await?;
                    return Ok(answer["orderNumber"].as_str().context("200 without an order number")?.to_owned());
                }
                Ok(answer) if later(answer.status()) => answer.status().to_string(),
                Ok(answer) => bail!("order-api answered {} to a good order: {}", answer.status(), answer.text().await?),
                Err(error) => error.to_string(),
            };
            ensure!(Instant::now() < deadline, "an order was not accepted within {PATIENCE:?}: {error}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Cancels, again while the platform says to come later.
    pub async fn cancel(&self, number: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let error = match self.http.post(format!("{}/api/orders/{number}/cancel", self.base)).send().await {
                Ok(answer) if answer.status() == StatusCode::ACCEPTED => return Ok(()),
                Ok(answer) if later(answer.status()) => answer.status().to_string(),
                Ok(answer) => bail!("order-api answered {} to a cancel: {}", answer.status(), answer.text().await?),
                Err(error) => error.to_string(),
            };
            ensure!(Instant::now() < deadline, "a cancel was not accepted within {PATIENCE:?}: {error}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Waits until the order has this status; says at the end which one it has instead.
    pub async fn until(&self, number: &str, status: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.status(number).await?;
            if found.as_deref() == Some(status) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "order {number} is {found:?} and not {status}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The order's status when it is known, by a call that waits for it a little.
    async fn status(&self, number: &str) -> Result<Option<String>> {
        let request = self.http.get(format!("{}/api/orders/{number}?wait=5s", self.base));
        // Restarts and outages are what scenarios are made of.
        let Ok(answer) = request.send().await else { return Ok(None) };
        if answer.status() != StatusCode::OK {
            return Ok(None);
        }
        let Ok(answer) = answer.json::<Value>().await else { return Ok(None) };
        Ok(answer["status"].as_str().map(str::to_owned))
    }
}

fn later(status: StatusCode) -> bool {
    matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)
}
