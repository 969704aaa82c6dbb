use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{close, load};
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::run::Run;

/// Nothing goes wrong, and `verify` says so at every moment of it.
pub async fn steady(platform: &Platform) -> Result<Ledger> {
    let started = Instant::now();
    let run = Run::prepare(platform).await?;
    let shoppers = run.shoppers(load(2_000, Some(Duration::from_secs(5))))?;
    let mut looks = 0;
    while shoppers.progress().accepted() < 1_000 {
        run.verify().await?;
        looks += 1;
    }
    ensure!(looks > 0, "nothing was verified while orders flowed");
    println!("verified {looks} times while orders flowed");
    let ledger = run.settle(shoppers).await?;
    ensure!(ledger.dead_letters == 0, "good orders made {} dead letters", ledger.dead_letters);
    close("nothing goes wrong", started, ledger)
}
