//! The page in a real browser: on plain processes (`cargo xtask test --integration`), and on the local node where
//! its variables are set (`--cluster`).

use std::sync::Arc;

use anyhow::Result;
use e2e::browser::Stage;
use e2e::platform::{Node, Platform, Processes};
use tokio::sync::Mutex;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL, Kafka, Chromium and the built page: cargo xtask test --integration or --cluster"]
async fn the_shop_in_a_browser() -> Result<()> {
    let platform = match std::env::var_os("STOREFRONT_URL") {
        Some(_) => Platform::Node(Node::from_env()?),
        None => Platform::Processes(Processes::start("browser").await?),
    };
    let platform = Arc::new(Mutex::new(platform));
    let stage = Stage::open(platform.clone()).await?;
    let result = stage.play("").await;
    if result.is_err() {
        eprintln!("{}", platform.lock().await.dump().await);
    }
    result
}
