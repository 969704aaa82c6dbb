//! How fast accepted orders become rows, against MySQL alone running the very same statements.
//!
//! A round: orders are accepted while the consumer is off, then it is started and must work them off. The
//! statements of the first such load are recorded by MySQL's general log; between the rounds they are replayed
//! on a schema of their own, without Kafka and without us.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use super::replay::Replay;
use super::{Figure, median, rounded};
use crate::ledger::Ledger;
use crate::load::Load;
use crate::platform::{Platform, Processes};
use crate::run::Run;

const ROUNDS: usize = 5;
const ORDERS: usize = 6_000;
const DRAIN: Duration = Duration::from_secs(120);

/// Runs it; takes a minute or two.
pub async fn chain() -> Result<Figure> {
    let mut platform = Platform::Processes(Processes::start("bench-chain").await?);
    let mut ledgers = Vec::new();

    // Warms everything up, and makes the rows of `consumer_offsets` that the recorded statements update.
    ledgers.push(drained(&mut platform, None).await?.0.ledger);
    let replay = platform.processes()?.replay().await?;
    let (recorded, _) = drained(&mut platform, Some(&replay)).await?;
    ledgers.push(recorded.ledger);
    let statements = replay.recorded().await?;

    let (mut ours, mut raw, mut accepted) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let (result, orders_accepted) = drained(&mut platform, None).await?;
        ours.push(result.rate);
        accepted.push(orders_accepted);
        ledgers.push(result.ledger);
        raw.push(replay.run(&statements).await?);
        eprintln!("  round {}: {:.0} orders/s, MySQL alone {:.0} orders/s", round + 1, ours[round], raw[round]);
    }
    let ratios: Vec<f64> = ours.iter().zip(&raw).map(|(ours, raw)| ours / raw).collect();
    let sum = |term: fn(&Ledger) -> i64| ledgers.iter().map(term).sum::<i64>();
    Ok(Figure {
        bench: "chain",
        figure: "orders persisted per second from Kafka, against the same SQL alone",
        ratio: median(&ratios),
        aim: None,
        better: "higher",
        rounds: ROUNDS,
        detail: json!({
            "ordersPerSecond": rounded(median(&ours)),
            "rawOrdersPerSecond": rounded(median(&raw)),
            "acceptedPerSecond": rounded(median(&accepted)),
            "ratios": ratios.iter().copied().map(rounded).collect::<Vec<_>>(),
            "ordersPerRound": ORDERS,
            "accepted": sum(|ledger| ledger.accepted),
            "persisted": sum(|ledger| ledger.persisted),
            "lost": sum(|ledger| ledger.lost),
            "duplicated": sum(|ledger| ledger.duplicated),
            "oversold": sum(|ledger| ledger.oversold),
            "ledgersClean": ledgers.iter().all(Ledger::is_clean),
        }),
    })
}

struct Drained {
    /// Create records worked off per second.
    rate: f64,
    ledger: Ledger,
}

/// One round. Gives back its result and how fast the orders were accepted.
async fn drained(platform: &mut Platform, replay: Option<&Replay>) -> Result<(Drained, f64)> {
    platform.processes()?.stop_consumer()?;
    let run = Run::prepare(platform).await?;
    if let Some(replay) = replay {
        replay.start_recording().await?;
    }
    let started = Instant::now();
    let shoppers = run.shoppers(Load { orders: ORDERS, clients: 16, spread: None })?;
    let attempts = shoppers.finish().await?;
    let accepted = attempts.len() as f64 / started.elapsed().as_secs_f64();
    let creates = run.creates().await?;

    platform.processes()?.start_consumer()?;
    let (mut first, deadline) = (None, Instant::now() + DRAIN);
    let rate = loop {
        let done = run.counted().await?;
        // The time until the consumer has its partitions is not what is measured.
        let (since, before) = *first.get_or_insert((Instant::now(), done));
        if done == 0 {
            first = None;
        }
        if done >= creates {
            break (done - before) as f64 / since.elapsed().as_secs_f64();
        }
        ensure!(Instant::now() < deadline, "the consumer worked off {done} of {creates} orders in {DRAIN:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    if let Some(replay) = replay {
        replay.stop_recording().await?;
    }
    let ledger = run.ledger(attempts).await?;
    Ok((Drained { rate, ledger }, accepted))
}
