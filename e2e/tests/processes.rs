//! The ledger scenarios on plain processes: `cargo xtask test --integration`. Several share a platform, because starting one takes as
//! long as many a scenario.

use anyhow::{Context, Result};
use e2e::platform::{Platform, Processes, Setup};
use e2e::scenario::{self, MailAway};

/// Runs scenarios on a platform of their own; a failure comes with the last lines of every service's log.
async fn play(name: &str, setup: Setup, scenarios: impl AsyncFnOnce(&mut Platform) -> Result<()>) -> Result<()> {
    let mut platform = Platform::Processes(Processes::start_with(name, setup).await?);
    let result = scenarios(&mut platform).await;
    if result.is_err() {
        eprintln!("{}", platform.dump().await);
    }
    result
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn calm_then_poison_then_a_restored_database_then_kafka_restarted() -> Result<()> {
    play("calm", Setup::default(), async |platform| {
        scenario::steady(platform).await.context("steady")?;
        scenario::poison(platform).await.context("poison")?;
        scenario::restored(platform).await.context("restored")?;
        scenario::kafka_restarted(platform).await.context("Kafka restarted").map(drop)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn database_away_for_20_seconds_with_cancels_and_a_conflict() -> Result<()> {
    play("database-away", Setup::default(), async |platform| scenario::database_away(platform).await.map(drop)).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn consumer_and_order_api_killed_three_times() -> Result<()> {
    play("killed", Setup::default(), async |platform| scenario::killed(platform).await.map(drop)).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn consumer_and_order_api_killed_three_times_with_transactions() -> Result<()> {
    let setup = Setup { producer_mode: "Transactional", ..Setup::default() };
    play("killed-transactional", setup, async |platform| scenario::killed(platform).await.map(drop)).await
}

#[test]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
fn a_minute_read_only_and_meanwhile_elsewhere_a_minute_without_mail_and_frozen_consumers() -> Result<()> {
    // Both wait most of the time, so they wait at the same time; each with its own threads, because starting servers blocks.
    std::thread::scope(|scope| {
        let read_only = scope.spawn(|| alone(read_only()));
        let frozen = alone(frozen_without_mail());
        let read_only = read_only.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        read_only.and(frozen)
    })
}

fn alone(scenarios: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(scenarios)
}

async fn read_only() -> Result<()> {
    play("read-only", Setup::default(), async |platform| {
        scenario::read_only(platform).await.context("read-only").map(drop)
    })
    .await
}

async fn frozen_without_mail() -> Result<()> {
    play("frozen", Setup { consumers: 2, ..Setup::default() }, async |platform| {
        let mail = MailAway::begin(platform).await?;
        scenario::frozen(platform).await.context("frozen")?;
        mail.end(platform).await.context("mail server away")
    })
    .await
}
