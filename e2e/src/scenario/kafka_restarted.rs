use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{close, load};
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::run::Run;

/// Kafka goes and comes back. Shoppers are refused meanwhile, and what was accepted stays.
pub async fn kafka_restarted(platform: &mut Platform) -> Result<Ledger> {
    let started = Instant::now();
    let run = Run::prepare(platform).await?;
    let shoppers = run.shoppers(load(2_000, Some(Duration::from_secs(15))))?;
    shoppers.until("orders come in", |progress| progress.accepted() >= 200).await?;

    platform.take_kafka_down().await?;
    shoppers.until("orders are refused with 503 without Kafka", |progress| progress.refused() >= 8).await?;
    // Before anything is accepted again: the shoppers may be done by the time that Kafka is known to be back.
    let back = shoppers.progress().accepted();
    platform.bring_kafka_back().await?;
    let served = Instant::now();
    shoppers.until("orders are accepted again", |progress| progress.accepted() >= back + 100).await?;
    println!("orders were accepted again {:.1} s after Kafka served", served.elapsed().as_secs_f64());

    let ledger = run.settle(shoppers).await?;
    ensure!(ledger.dead_letters == 0, "a Kafka restart made {} dead letters", ledger.dead_letters);
    close("Kafka restarted", started, ledger)
}
