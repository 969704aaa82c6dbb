//! The shop as plain processes, to look at and to develop against, until Ctrl-C. Needs what
//! `cargo xtask test --integration` needs, and the variables of `cargo xtask servers up`.

use std::sync::Arc;

use anyhow::Result;
use e2e::browser::Stage;
use e2e::platform::{Platform, Processes};
use tokio::sync::Mutex;

#[tokio::main]
async fn main() -> Result<()> {
    let platform = Platform::Processes(Processes::start("shop").await?);
    let stage = Stage::open(Arc::new(Mutex::new(platform))).await?;
    println!("export STOREFRONT_URL={} BACKSTAGE_URL={} OPS_TOKEN={}", stage.shop(), stage.backstage(), stage.token());
    tokio::signal::ctrl_c().await?;
    Ok(())
}
