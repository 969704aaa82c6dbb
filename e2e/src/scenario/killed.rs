use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{close, load};
use crate::ledger::Ledger;
use crate::patience::until;
use crate::platform::Platform;
use crate::run::Run;

/// kill -9 of consumer and order-api, three times, each while orders are in hand.
pub async fn killed(platform: &mut Platform) -> Result<Ledger> {
    let started = Instant::now();
    let run = Run::prepare(platform).await?;
    let shoppers = run.shoppers(load(2_000, Some(Duration::from_secs(10))))?;
    let mut persisted = 0;
    for accepted in [150, 400, 650] {
        shoppers.until("orders come in", |progress| progress.accepted() >= accepted).await?;
        // It must have got somewhere since the last time, or it is killed while it starts only.
        persisted = persisted_beyond(&run, persisted).await?;
        platform.kill_consumer().await?;
        platform.restart_order_api().await?;
    }
    let ledger = run.settle(shoppers).await?;
    ensure!(ledger.dead_letters == 0, "killed programs made {} dead letters", ledger.dead_letters);
    close("consumer and order-api killed three times", started, ledger)
}

async fn persisted_beyond(run: &Run, before: i64) -> Result<i64> {
    until("the consumer has written more", async || {
        let now = run.persisted().await?;
        ensure!(now > before, "{now} orders, as when it was killed");
        Ok(now)
    })
    .await
}
