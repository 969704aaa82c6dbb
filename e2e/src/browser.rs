//! Scenarios in a real browser: Playwright's tests in `services/storefront/web/scenarios` drive the page, and ask
//! a small server here for what no browser can do: products, faults, and what MySQL holds.

mod backstage;
mod operator;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::customer::Customer;
use crate::kubernetes::variable;
use crate::platform::{ADMIN_TOKEN, Platform};

/// Where a browser finds the shop and what is behind it.
#[derive(Debug)]
pub struct Stage {
    shop: String,
    backstage: String,
    token: String,
}

impl Stage {
    /// Opens the shop of `platform` and serves what is behind it, as long as the runtime lives.
    pub async fn open(platform: Arc<Mutex<Platform>>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let backstage = format!("http://{}", listener.local_addr()?);
        let (shop, token) = match &mut *platform.lock().await {
            Platform::Processes(processes) => {
                let page = web().join("dist");
                let shop = processes.open_shop(&page, &format!("{backstage}/operator"))?;
                first_order(&shop).await?;
                (shop, ADMIN_TOKEN.to_owned())
            }
            Platform::Node(_) => {
                (variable("STOREFRONT_URL")?.trim_end_matches('/').to_owned(), variable("ADMIN_TOKEN")?)
            }
        };
        tokio::spawn(async move { axum::serve(listener, backstage::routes(platform)).await });
        Ok(Self { shop, backstage, token })
    }

    /// The shop's base URL.
    pub fn shop(&self) -> &str {
        &self.shop
    }

    /// The base URL of what is behind it.
    pub fn backstage(&self) -> &str {
        &self.backstage
    }

    /// Opens the operations view.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Runs Playwright's tests whose title contains `filter`; empty: all.
    pub async fn play(&self, filter: &str) -> Result<()> {
        let web = web();
        let mut command = Command::new(web.join("node_modules/.bin/playwright"));
        command.current_dir(&web).arg("test").kill_on_drop(true);
        command.envs([("STOREFRONT_URL", &self.shop), ("BACKSTAGE_URL", &self.backstage), ("OPS_TOKEN", &self.token)]);
        if !filter.is_empty() {
            command.args(["--grep", filter]);
        }
        let status = command.status().await.context("cannot run Playwright: cargo xtask test installs it")?;
        ensure!(status.success(), "scenarios in the browser failed: {status}");
        Ok(())
    }
}

/// A Kafka that has just started may need longer for its first order than a page waits for an answer. A product that there is not,
/// so that nothing of it is seen in the shop.
async fn first_order(shop: &str) -> Result<()> {
    let customer = Customer::new(shop, "browser", "First")?;
    let number = customer.order("first", 1 << 40, 1).await?;
    customer.until(&number, "REJECTED").await
}

fn web() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../services/storefront/web"))
}
