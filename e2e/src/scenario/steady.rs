use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::traced::traced;
use super::{accepted, close, load};
use crate::ledger::Ledger;
use crate::patience::PATIENCE;
use crate::platform::Platform;
use crate::run::Run;

/// Nothing goes wrong, and `verify` says so at every moment of it.
pub async fn steady(platform: &Platform) -> Result<Ledger> {
    let started = Instant::now();
    let run = Run::prepare(platform).await?;
    let mut singles = Vec::new();
    if let Platform::Processes(processes) = platform {
        // First, so that its mail waits for no other.
        singles.push(traced(processes, &run).await?);
    }
    let shoppers = run.shoppers(load(2_000, Some(Duration::from_secs(5))))?;
    let mut looks = 0;
    loop {
        run.verify().await?;
        looks += 1;
        if shoppers.progress().accepted() >= 1_000 {
            break;
        }
        ensure!(started.elapsed() < PATIENCE, "few orders in {PATIENCE:?}: {:?}", shoppers.progress());
    }
    println!("verified {looks} times while orders flowed");
    let mut attempts = shoppers.finish().await?;
    for number in &singles {
        attempts.push(accepted(&attempts, number));
    }
    let ledger = run.ledger(attempts).await?;
    ensure!(ledger.dead_letters == 0, "good orders made {} dead letters", ledger.dead_letters);
    close("nothing goes wrong", started, ledger)
}
