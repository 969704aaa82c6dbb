//! How much of what Kafka and HTTP give order-api passes on, what transactions cost, and how near the consumer comes
//! to MySQL's own speed.
//!
//! In turns, round by round: order-api against a bare handler that produces the same bytes with acks=all and answers
//! the same JSON (64 clients), order-api with transactions against order-api without (256 clients). Then the
//! consumer, as `bench chain` measures it. A fast run that lost an order would be worth nothing, so all are counted.

use anyhow::Result;
use serde_json::{Value, json};

use super::intake::{Intake, Load};
use super::{Figure, chain, median, rounded};

const ROUNDS: usize = 5;
const FEW: usize = 64;
const MANY: usize = 256;
const AIM: f64 = 0.7;

/// Runs it; takes about five minutes on two cores.
pub async fn orders() -> Result<Figure> {
    let mut intake = Intake::start("bench-orders").await?;
    let (mut api, mut bare, mut plain, mut transactional) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    // The first round warms up.
    for round in 0..=ROUNDS {
        let loads = [
            intake.idempotent(FEW).await?,
            intake.bare(FEW).await?,
            intake.idempotent(MANY).await?,
            intake.transactional(MANY).await?,
        ];
        eprintln!("  round {round}: {}", loads.each_ref().map(|load| format!("{:.0}/s", load.rate)).join(", "));
        if round > 0 {
            let [first, second, third, fourth] = loads;
            api.push(first);
            bare.push(second);
            plain.push(third);
            transactional.push(fourth);
        }
    }
    let counted = intake.count().await?;
    drop(intake);
    let api_vs_limit = ratios(&api, &bare);
    let transactional_vs_idempotent = ratios(&transactional, &plain);
    eprintln!(
        "  api_vs_limit {:?}, transactional_vs_idempotent {:?}, {} lost, {} duplicated of {}",
        listed(&api_vs_limit),
        listed(&transactional_vs_idempotent),
        counted.lost,
        counted.duplicated,
        counted.answered
    );
    let chain = chain().await?;

    let of_all = [median(&api_vs_limit), median(&transactional_vs_idempotent), chain.ratio];
    let chained = |name: &str| chain.detail[name].as_i64().unwrap_or(0);
    Ok(Figure {
        bench: "orders",
        figure: "the lowest of transactional_vs_idempotent, api_vs_limit and consumer_vs_sql",
        ratio: of_all.into_iter().fold(f64::INFINITY, f64::min),
        aim: Some(AIM),
        better: "higher",
        rounds: ROUNDS,
        detail: json!({
            "transactional_vs_idempotent": rounded(of_all[1]),
            "api_vs_limit": rounded(of_all[0]),
            "consumer_vs_sql": rounded(of_all[2]),
            "transactionalRatios": listed(&transactional_vs_idempotent),
            "apiRatios": listed(&api_vs_limit),
            "consumerRatios": chain.detail["ratios"],
            "order-api, 64 clients": told(&api),
            "bare handler, 64 clients": told(&bare),
            "idempotent, 256 clients": told(&plain),
            "transactional, 256 clients": told(&transactional),
            "consumer": {
                "ordersPerSecond": chain.detail["ordersPerSecond"],
                "sameSqlPerSecond": chain.detail["rawOrdersPerSecond"],
            },
            "answered": counted.answered + chained("accepted"),
            "refused": counted.refused,
            "lost": counted.lost + chained("lost"),
            "duplicated": counted.duplicated + chained("duplicated"),
            "oversold": chained("oversold"),
            "ledgersClean": chain.detail["ledgersClean"],
        }),
    })
}

fn ratios(ours: &[Load], limit: &[Load]) -> Vec<f64> {
    ours.iter().zip(limit).map(|(ours, limit)| ours.rate / limit.rate).collect()
}

fn listed(values: &[f64]) -> Vec<f64> {
    values.iter().copied().map(rounded).collect()
}

/// Medians.
fn told(loads: &[Load]) -> Value {
    let of = |value: fn(&Load) -> f64| rounded(median(&loads.iter().map(value).collect::<Vec<_>>()));
    json!({
        "perSecond": of(|load| load.rate),
        "p50Milliseconds": of(|load| load.p50.as_secs_f64() * 1_000.0),
        "p99Milliseconds": of(|load| load.p99.as_secs_f64() * 1_000.0),
    })
}
