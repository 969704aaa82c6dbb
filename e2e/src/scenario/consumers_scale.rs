//! Consumers follow the load: on the node alone, with the operator, Kafka and MySQL as they are.

mod resource;
mod view;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;

use super::close;
use crate::ledger::{Attempt, Ledger};
use crate::load::Load;
use crate::patience::within;
use crate::platform::Platform;
use crate::run::Run;
use resource::Resource;
use view::View;

/// At least so many must come.
const AT_LEAST: i64 = 4;
/// What one consumer can do is measured first: how small it is held depends on the machine. More than it does in the
/// time of the measurement.
const FIRST: Load = Load { orders: 1_500, clients: 16, spread: Some(Duration::from_secs(8)) };
const MEASURED: Duration = Duration::from_secs(15);
/// Then so many times that comes in. One order in six is sent twice, so three consumers are not enough.
const TIMES: f64 = 3.0;
const LASTS: Duration = Duration::from_secs(80);
/// More a second would measure order-api.
const MOST: f64 = 400.0;
/// The group must be much smaller again within this time of the load's end. Two minutes of it the decision stays ready for
/// another burst: twelve times `scaleDownAfter`.
const SHRINKS: Duration = Duration::from_secs(300);

/// How long the operations view may be asked for.
const ANSWERS: Duration = Duration::from_secs(60);

/// Consumers are held small by a CPU limit, then more orders come in than three of them can work off. The group grows,
/// no order stays late for twice as long as the target allows, the load ends, the group shrinks, and every order is accounted
/// for. `pictures`: where the recording goes, as JSON and as SVG.
pub async fn consumers_scale(platform: &Platform, pictures: &Path) -> Result<Ledger> {
    let (started, since) = (Instant::now(), Timestamp::now());
    let resource = Resource::from_env()?;
    let before = resource.hold_consumer_small().await?;
    let played = play(platform, &resource, started).await;
    // The operations view has the recording even when something went wrong: then it is worth most.
    let view = within(ANSWERS, "the operations view", async || View::fetch(&resource, since).await).await;
    if let Ok(view) = &view {
        view.draw(pictures).context("drawing the run")?;
    }
    resource.put_back(&before).await?;
    let (ledger, peak, end) = played?;
    let view = view?;
    println!("consumers: 1 -> {peak} -> {end}; {view}");
    ensure!(peak >= AT_LEAST, "{peak} consumers were the most, {AT_LEAST} were needed");
    view.judge()?;
    close("consumers follow the load", started, ledger)
}

/// The ledger, the most consumers there were, and how many stayed.
async fn play(platform: &Platform, resource: &Resource, started: Instant) -> Result<(Ledger, i64, i64)> {
    let clock = || started.elapsed().as_secs_f64();
    let run = Run::prepare(platform).await?;
    let first = run.shoppers(FIRST)?;
    let rate = measure(&run).await?;
    println!("{:5.1} s: one consumer works off {rate:.0} orders a second", clock());
    resource.release().await?;
    let orders = ((TIMES * rate).min(MOST) * LASTS.as_secs_f64()) as usize;
    let mut attempts = first.finish().await?;
    let load = run.more_shoppers(Load { orders, clients: 24, spread: Some(LASTS) })?;
    let settling = async {
        let later = load.finish().await?;
        println!("{:5.1} s: the load ends", clock());
        attempts.extend(later.into_iter().map(|attempt| Attempt { intent: attempt.intent + FIRST.orders, ..attempt }));
        run.ledger(attempts).await
    };
    let mut peak = 0;
    tokio::pin!(settling);
    let ledger = loop {
        tokio::select! {
            ledger = &mut settling => break ledger?,
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                let now = resource.consumers().await?;
                if now > peak {
                    println!("{:5.1} s: {now} consumers", clock());
                    peak = now;
                }
            }
        }
    };
    println!("{:5.1} s: all is worked off", clock());
    let end = within(SHRINKS, "half of the consumers at most", async || {
        let now = resource.consumers().await?;
        ensure!((1..=peak / 2).contains(&now), "{now} consumers");
        Ok(now)
    })
    .await?;
    println!("{:5.1} s: {end} consumers", clock());
    Ok((ledger, peak, end))
}

/// Orders a second that the one consumer works off while more wait than it can do.
async fn measure(run: &Run) -> Result<f64> {
    within(SHRINKS, "first orders are worked off", async || {
        let persisted = run.persisted().await?;
        ensure!(persisted > 0, "none yet");
        Ok(())
    })
    .await?;
    let (start, before) = (Instant::now(), run.persisted().await?);
    tokio::time::sleep(MEASURED).await;
    let done = (run.persisted().await? - before) as f64;
    Ok((done / start.elapsed().as_secs_f64()).max(1.0))
}
