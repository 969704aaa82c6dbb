use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{accepted, close, load};
use crate::customer::Customer;
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::run::Run;

const OUTAGE: Duration = Duration::from_secs(20);
/// No catalogue comes this far.
const NO_PRODUCT: u64 = 1 << 40;

/// MySQL is stopped for 20 s. Orders keep being accepted, also by an order-api that starts meanwhile, and so are cancels. One
/// shopper's key comes with two bodies, which nobody can know until the database is back.
pub async fn database_away(platform: &mut Platform) -> Result<Ledger> {
    let started = Instant::now();
    let run = Run::prepare(platform).await?;
    let customer = run.customer("Cancelling")?;
    let mut singles = cancels_with_a_database(platform, &run, &customer).await?;
    let decided = customer.order("decided", run.product(), 2).await?;
    customer.until(&decided, "CONFIRMED").await?;
    let shoppers = run.shoppers(load(2_000, Some(Duration::from_secs(25))))?;
    shoppers.until("orders come in", |progress| progress.accepted() >= 200).await?;

    platform.take_database_down().await?;
    let (down, before) = (Instant::now(), shoppers.progress().accepted());
    singles.extend(ten_orders(&run, &customer, "away").await?);
    let waiting = customer.order("waiting", run.product(), 3).await?;
    let kept = customer.order("two-bodies", run.product(), 1).await?;
    for number in [&decided, &waiting, &decided, &waiting] {
        customer.cancel(number).await?;
    }
    platform.restart_order_api().await?;
    singles.extend(ten_orders(&run, &customer, "restarted").await?);
    // The new one remembers no keys, and cannot ask for them.
    let other = customer.order("two-bodies", run.product(), 9).await?;
    ensure!(kept == other, "one key gave two numbers");
    tokio::time::sleep_until((down + OUTAGE).into()).await;
    let meanwhile = shoppers.progress().accepted() - before;
    platform.bring_database_back().await?;
    println!("MySQL was away for {:.1} s; shoppers had {meanwhile} orders accepted", down.elapsed().as_secs_f64());

    for number in [&decided, &waiting] {
        customer.until(number, "CANCELLED").await?;
    }
    customer.until(&kept, "CONFIRMED").await?;
    singles.extend([decided, waiting, kept]);
    let mut attempts = shoppers.finish().await?;
    for number in &singles {
        attempts.push(accepted(&attempts, number));
    }
    let ledger = run.ledger(attempts).await?;
    // More than one when the second body's first answer was lost and it came again.
    ensure!(
        ledger.conflict >= 1 && ledger.dead_letters == ledger.conflict,
        "the conflict and nothing else is a dead letter:\n{ledger}"
    );
    close("MySQL stopped for 20 s", started, ledger)
}

/// They must be accepted one after the other, whatever the shoppers do. Gives their numbers.
async fn ten_orders(run: &Run, customer: &Customer, key: &str) -> Result<Vec<String>> {
    let mut numbers = Vec::new();
    for n in 0..10 {
        numbers.push(customer.order(&format!("{key}-{n}"), run.product(), 1).await?);
    }
    Ok(numbers)
}

/// After, before and while an order is processed; twice; and one that was rejected. Gives the orders' numbers.
async fn cancels_with_a_database(platform: &mut Platform, run: &Run, customer: &Customer) -> Result<Vec<String>> {
    let after = customer.order("after", run.product(), 2).await?;
    customer.until(&after, "CONFIRMED").await?;
    let rejected = customer.order("rejected", NO_PRODUCT, 1).await?;
    customer.until(&rejected, "REJECTED").await?;
    for number in [&after, &after, &rejected] {
        customer.cancel(number).await?;
    }
    let mut numbers = vec![after];
    for n in 0..20 {
        // Some of these meet the create in one batch, some behind it.
        let number = customer.order(&format!("while-{n}"), run.product(), 1).await?;
        customer.cancel(&number).await?;
        numbers.push(number);
    }
    if let Platform::Processes(processes) = platform {
        let number = order_events::OrderNumber::derive(&processes.namespace()?, customer.email(), "before").to_string();
        customer.cancel(&number).await?;
        let same = customer.order("before", run.product(), 1).await?;
        ensure!(same == number, "the number of an order can be known before it is placed");
        numbers.push(number);
    }
    for number in &numbers {
        customer.until(number, "CANCELLED").await?;
    }
    customer.until(&rejected, "REJECTED").await?;
    numbers.push(rejected);
    Ok(numbers)
}
