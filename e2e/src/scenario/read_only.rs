use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::close;
use crate::ledger::Ledger;
use crate::load::Load;
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
    let since = Instant::now();
    let persisted = run.persisted().await?;
    let before = shoppers.progress().accepted();
    let result = shoppers.until("orders are accepted", |progress| progress.accepted() >= before + 200).await;
    let report = run.verify().await;
    tokio::time::sleep_until((since + OUTAGE).into()).await;
    let written = run.persisted().await? - persisted;
    // Turning the first off leaves the second on.
    run.execute("SET GLOBAL super_read_only = OFF".to_owned()).await?;
    run.execute("SET GLOBAL read_only = OFF".to_owned()).await?;
    result?;
    let waiting = report?.waiting.creates;
    ensure!(written == 0, "{written} orders were written into a database that can only be read");
    ensure!(waiting >= 200, "{waiting} orders wait in the log after 200 were accepted");

    let ledger = run.settle(shoppers).await?;
    ensure!(ledger.dead_letters == 0, "a database that can only be read made {} dead letters", ledger.dead_letters);
    close("MySQL read-only for a minute", started, ledger)
}
