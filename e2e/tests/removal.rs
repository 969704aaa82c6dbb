//! How a platform goes, on the local node: `cargo xtask test --cluster`.

use anyhow::{Result, ensure};
use e2e::second::Second;

/// The operator is not uninstalled under a resource; the resource goes in order, with its topics or without.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local node: cargo xtask test --cluster"]
async fn a_platform_goes_in_order_and_its_operator_last() -> Result<()> {
    let second = Second::plan().await?;
    let result = story(&second).await;
    if result.is_err() {
        eprintln!("{}", second.dump().await);
    }
    second.remove().await;
    result
}

async fn story(second: &Second) -> Result<()> {
    second.install().await?;
    second.start("Retain").await?;
    second.order(20).await?;

    let said = second.refused_uninstall().await?;
    println!("helm uninstall was refused: {}", said.trim());
    ensure!(said.contains(&format!("{}/second", second.namespace())), "the guard names nothing: {said}");
    second.ready().await?;
    second.roll_back().await?;

    second.delete().await?;
    ensure!(second.in_kafka("kafkatopics").await?.len() == 2, "deletionPolicy Retain keeps the topics");
    let kept = second.records().await?;
    ensure!(kept.is_some_and(|records| records >= 20), "the retained topic has {kept:?} records");
    println!("deleted with Retain: its topic has its {} records still", kept.unwrap_or_default());

    // The same resource again takes the topic over and goes on where it was.
    second.start("Delete").await?;
    second.order(5).await?;
    let orders = second.orders().await?;
    ensure!(orders == 25, "{orders} orders instead of 25 after the resource was made anew");
    second.delete().await?;
    ensure!(second.in_kafka("kafkatopics").await?.is_empty(), "deletionPolicy Delete leaves no topics");
    second.topic_gone().await?;
    println!("made anew and deleted with Delete: 25 orders, no topic, no user");

    second.uninstall().await?;
    println!("helm uninstall went through");
    Ok(())
}
