//! The ledger scenarios on the local node: `cargo xtask test --cluster`.

use anyhow::{Context, Result};
use e2e::platform::{Node, Platform};
use e2e::{ledger::Ledger, scenario};

/// Runs one scenario; its failure comes with pods, events and logs.
async fn play(scenario: impl AsyncFnOnce(&mut Platform) -> Result<Ledger>) -> Result<()> {
    let mut platform = Platform::Node(Node::from_env()?);
    let result = scenario(&mut platform).await;
    if result.is_err() {
        eprintln!("{}", platform.dump().await);
    }
    result.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local node: cargo xtask test --cluster"]
async fn steady() -> Result<()> {
    play(async |platform| scenario::steady(platform).await).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local node: cargo xtask test --cluster"]
async fn poison_among_a_thousand() -> Result<()> {
    play(scenario::poison).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local node: cargo xtask test --cluster"]
async fn consumer_and_order_api_killed_three_times_in_both_producer_modes() -> Result<()> {
    play(async |platform| {
        scenario::killed(platform).await.context("Idempotent")?;
        platform.set_producer_mode("Transactional").await?;
        let result = scenario::killed(platform).await.context("Transactional");
        // The others find the resource as it was.
        platform.set_producer_mode("Idempotent").await?;
        result
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local node: cargo xtask test --cluster"]
async fn database_away_for_20_seconds_with_cancels_and_a_conflict() -> Result<()> {
    play(scenario::database_away).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local node: cargo xtask test --cluster"]
async fn kafka_restarted() -> Result<()> {
    play(scenario::kafka_restarted).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local node: cargo xtask test --cluster"]
async fn a_minute_read_only() -> Result<()> {
    play(async |platform| scenario::read_only(platform).await).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local node: cargo xtask test --cluster"]
async fn consumers_follow_the_load() -> Result<()> {
    let pictures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/scaling");
    play(async |platform| scenario::consumers_scale(platform, &pictures).await).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local node with metrics-server: cargo xtask test --cluster"]
async fn search_api_is_scaled_by_cpu() -> Result<()> {
    scenario::autoscaler().await
}
