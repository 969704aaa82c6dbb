use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use orderctl::connect::api::Api;
use reqwest::Method;
use serde_json::{Value, json};

use super::{accepted, close, load};
use crate::ledger::Ledger;
use crate::patience::until;
use crate::platform::Platform;
use crate::run::Run;

/// Two orders that MySQL refuses, among a thousand that it takes. One is mended by an edited replay and confirmed once; the other
/// is cancelled, and no replay revives it.
pub async fn poison(platform: &mut Platform) -> Result<Ledger> {
    let started = Instant::now();
    let run = Run::prepare(platform).await?;
    let name = run.name().replace('-', "_");
    let refuse = format!("ALTER TABLE orders ADD CONSTRAINT {name} CHECK (customer_name <> '{}')", run.name());
    run.execute(refuse).await?;
    let result = among_good_ones(platform, &run, started).await;
    run.execute(format!("ALTER TABLE orders DROP CHECK {name}")).await?;
    result
}

async fn among_good_ones(platform: &mut Platform, run: &Run, started: Instant) -> Result<Ledger> {
    let (admin, bad) = (platform.admin()?, run.customer(run.name())?);
    let shoppers = run.shoppers(load(1_000, None))?;
    shoppers.until("orders come in", |progress| progress.accepted() >= 300).await?;
    let mended = bad.order("mended", run.product(), 2).await?;
    let revoked = bad.order("revoked", run.product(), 2).await?;
    let mut attempts = shoppers.finish().await?;
    let mut letters = Vec::new();
    for number in [&mended, &revoked] {
        bad.until(number, "FAILED").await?;
        letters.push(only_letter(&admin, number).await?);
        attempts.push(accepted(&attempts, number));
    }
    let before = run.verify().await?;
    println!("with FAILED orders: {}", before.to_string().lines().next().unwrap_or_default());
    ensure!(run.own(&before).failed == 2, "two orders have failed:\n{before}");

    bad.cancel(&revoked).await?;
    bad.until(&revoked, "CANCELLED").await?;
    let mut body = bad.body(run.product(), 2);
    body["customer"]["name"] = "Ann Example".into();
    for letter in &letters {
        for _ in 0..2 {
            let (path, request) =
                (format!("/api/dead-letters/{letter}/replay"), json!({ "body": body, "again": true }));
            // However often it is sent, it counts once.
            until("the replay is taken", async || {
                admin.admin(Method::POST, &path, &[], Some(&request)).await.map_err(told)
            })
            .await?;
        }
    }
    bad.until(&mended, "CONFIRMED").await?;
    let ledger = run.ledger(attempts).await?;
    ensure!(ledger.dead_letters == 2, "two orders are refused, and {} dead letters were written", ledger.dead_letters);
    bad.until(&revoked, "CANCELLED").await?;
    close("two poison orders among a thousand", started, ledger)
}

/// The id of the order's dead letter, which has no other.
async fn only_letter(admin: &Api, number: &str) -> Result<u64> {
    until("its dead letter", async || {
        let query = [("orderNumber", number.to_owned())];
        let page = admin.admin(Method::GET, "/api/dead-letters", &query, None).await.map_err(told)?;
        let items: &[Value] = page["items"].as_array().map_or(&[], Vec::as_slice);
        let [letter] = items else { bail!("order {number} has {} dead letters", items.len()) };
        letter["id"].as_u64().context("a dead letter without id")
    })
    .await
}

fn told(failure: orderctl::failure::Failure) -> anyhow::Error {
    anyhow::anyhow!("{failure}")
}
