use std::time::Instant;

use anyhow::{Result, ensure};
use order_events::OrderNumber;

use super::{accepted, close};
use crate::ledger::Ledger;
use crate::load::Load;
use crate::patience::until;
use crate::platform::Platform;
use crate::run::Run;

/// One of two consumers stands still past its session: once between two batches, once inside its transaction with the row of a
/// product locked that everybody orders. The other goes on while the frozen one stands still; it comes back and does no harm.
pub async fn frozen(platform: &mut Platform) -> Result<Ledger> {
    let started = Instant::now();
    let run = Run::prepare(platform).await?;
    let customer = run.customer("Waiting")?;
    let mut singles = Vec::new();

    // Nothing is in the log: it stands between two batches.
    singles.push(decided(&run, "first").await?);
    platform.processes()?.consumer(0).freeze()?;
    let shoppers = run.shoppers(Load { orders: 500, clients: 8, spread: None })?;
    let mut attempts = shoppers.finish().await?;
    all_processed(&run, "the other consumer takes over").await?;
    platform.processes()?.consumer(0).thaw()?;
    singles.push(decided(&run, "second").await?);

    // Alone, so that it is the one to meet the order whose outbox row is taken: that row is written last, after the stock.
    platform.processes()?.consumer(1).kill()?;
    singles.push(decided(&run, "third").await?);
    let held = OrderNumber::derive(&platform.processes()?.namespace()?, customer.email(), "held").to_string();
    let mut blocker = run.database().begin().await?;
    sqlx::query("INSERT INTO outbox (order_number, kind) VALUES (?, 'CONFIRMED')")
        .bind(&held)
        .execute(&mut *blocker)
        .await?;
    ensure!(customer.order("held", run.product(), 1).await? == held, "an order's number can be computed");
    until_it_waits(&run).await?;
    platform.processes()?.consumer(0).freeze()?;
    blocker.rollback().await?;
    let since = Instant::now();
    platform.processes()?.consumer(1).start_again()?;
    for n in 0..20 {
        singles.push(customer.order(&format!("hot-{n}"), run.product(), 1).await?);
    }
    all_processed(&run, "the others go on").await?;
    println!(
        "with a product's row locked by a frozen consumer the others went on after {:.1} s",
        since.elapsed().as_secs_f64()
    );
    platform.processes()?.consumer(0).thaw()?;
    singles.push(held);
    singles.push(decided(&run, "last").await?);

    for number in &singles {
        customer.until(number, "CONFIRMED").await?;
        attempts.push(accepted(&attempts, number));
    }
    let ledger = run.ledger(attempts).await?;
    ensure!(ledger.dead_letters == 0, "frozen consumers made {} dead letters", ledger.dead_letters);
    close("a consumer frozen between batches and inside one", started, ledger)
}

/// One order, until it is decided: whoever is there has its partitions.
async fn decided(run: &Run, key: &str) -> Result<String> {
    let customer = run.customer("Waiting")?;
    let number = customer.order(key, run.product(), 1).await?;
    customer.until(&number, "CONFIRMED").await?;
    Ok(number)
}

async fn all_processed(run: &Run, what: &str) -> Result<()> {
    let creates = run.creates().await?;
    until(what, async || {
        let counted = run.counted().await?;
        ensure!(counted >= creates, "{counted} of {creates} orders");
        Ok(())
    })
    .await
}

/// Until some transaction waits for a row of the outbox.
async fn until_it_waits(run: &Run) -> Result<()> {
    let waits = "SELECT COUNT(*) FROM performance_schema.data_lock_waits w JOIN performance_schema.data_locks l \
                 ON l.engine_lock_id = w.requesting_engine_lock_id WHERE l.object_name = 'outbox'";
    until("a consumer waits inside its transaction", async || {
        let waiting: i64 = sqlx::query_scalar(waits).fetch_one(run.database()).await?;
        ensure!(waiting > 0, "none waits");
        Ok(())
    })
    .await
}
