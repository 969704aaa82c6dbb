use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::close;
use crate::ledger::Ledger;
use crate::load::{Load, Shoppers};
use crate::platform::Platform;
use crate::run::Run;

const OUTAGE: Duration = Duration::from_secs(60);

/// MySQL can only be read for a minute, as after a failover to a replica. Orders keep being accepted, none is written, none becomes
/// a dead letter.
pub async fn read_only(platform: &Platform) -> Result<Ledger> {
    let started = Instant::now();
    let run = Run::prepare(platform).await?;
    let shoppers = run.shoppers(Load { orders: 600, clients: 8, spread: Some(OUTAGE + Duration::from_secs(5)) })?;
    shoppers.until("orders come in", |progress| progress.accepted() >= 30).await?;

    run.execute("SET GLOBAL super_read_only = ON".to_owned()).await?;
    let looked = meanwhile(&run, &shoppers).await;
    // Whatever was seen; turning the first off leaves the second on.
    run.execute("SET GLOBAL super_read_only = OFF".to_owned()).await?;
    run.execute("SET GLOBAL read_only = OFF".to_owned()).await?;
    looked?;

    let ledger = run.settle(shoppers).await?;
    ensure!(ledger.dead_letters == 0, "a database that can only be read made {} dead letters", ledger.dead_letters);
    close("MySQL read-only for a minute", started, ledger)
}

/// For a minute: orders are accepted and wait in the log, and nothing is written.
async fn meanwhile(run: &Run, shoppers: &Shoppers) -> Result<()> {
    let since = Instant::now();
    let persisted = run.persisted().await?;
    let before = shoppers.progress().accepted();
    shoppers.until("orders are accepted", |progress| progress.accepted() >= before + 200).await?;
    let waiting = run.verify().await?.waiting.creates;
    ensure!(waiting >= 200, "{waiting} orders wait in the log after 200 were accepted");
    tokio::time::sleep_until((since + OUTAGE).into()).await;
    let written = run.persisted().await? - persisted;
    ensure!(written == 0, "{written} orders were written into a database that can only be read");
    Ok(())
}
