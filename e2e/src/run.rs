//! One run: products, shoppers, and the account at the end.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use orderctl::verify::{self, Report, Sources, verify};
use sqlx::{AssertSqlSafe, MySqlPool};
use uuid::Uuid;

use crate::catalogue::Catalogue;
use crate::customer::Customer;
use crate::evidence;
use crate::ledger::{Attempt, Evidence, Ledger, Outcome};
use crate::load::{Load, Shoppers};
use crate::order_log::{Ends, OrderLog};
use crate::patience::PATIENCE;
use crate::platform::Platform;

/// What was there before, so that a run on a used platform counts only its own.
pub struct Run {
    name: String,
    order_api: String,
    database: MySqlPool,
    sources: Sources,
    log: OrderLog,
    catalogue: Catalogue,
    ends: Ends,
    counted: i64,
    before: Report,
}

impl Run {
    /// Puts products on sale and notes where everything stands.
    pub async fn prepare(platform: &Platform) -> Result<Self> {
        let id = Uuid::new_v4().simple().to_string();
        let name = format!("run-{}", &id[..12]);
        let (database, log, sources) = (platform.database().await?, platform.order_log(), platform.sources());
        let before = verify(&sources).await?;
        ensure!(before.clean, "verify, before the run:\n{before}");
        Ok(Self {
            catalogue: Catalogue::make(&database, &name).await.context("putting products on sale")?,
            ends: log.ends().await?,
            counted: evidence::counted(&database, log.topic()).await?,
            order_api: platform.order_api(),
            name,
            database,
            sources,
            log,
            before,
        })
    }

    /// Sends the shoppers off.
    pub fn shoppers(&self, load: Load) -> Result<Shoppers> {
        Shoppers::start(&self.order_api, &self.name, &self.catalogue, load)
    }

    /// The same shoppers again, with other keys.
    pub fn more_shoppers(&self, load: Load) -> Result<Shoppers> {
        Shoppers::start(&self.order_api, &format!("{}-again", self.name), &self.catalogue, load)
    }

    /// The run's name, by which its orders and products are found.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a statement made of a scenario's own words.
    pub async fn execute(&self, sql: String) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.database).await?;
        Ok(())
    }

    /// Somebody whose single orders are followed.
    pub fn customer(&self, name: &str) -> Result<Customer> {
        Customer::new(&self.order_api, &self.name, name)
    }

    /// A product that does not run out.
    pub fn product(&self) -> u64 {
        self.catalogue.plentiful()
    }

    /// A pool of connections as root.
    pub fn database(&self) -> &MySqlPool {
        &self.database
    }

    /// Orders of this run that MySQL holds now.
    pub async fn persisted(&self) -> Result<i64> {
        let persisted = sqlx::query_scalar("SELECT COUNT(*) FROM orders WHERE customer_email LIKE ?")
            .bind(format!("{}-%", self.name))
            .fetch_one(&self.database)
            .await?;
        Ok(persisted)
    }

    /// Proves, while orders flow, that nothing is lost, twice or oversold.
    pub async fn verify(&self) -> Result<Report> {
        let report = verify(&self.sources).await?;
        ensure!(report.clean, "{report}");
        Ok(report)
    }

    /// What a report counts of this run.
    pub fn own(&self, report: &Report) -> verify::Ledger {
        since(&report.ledger, &self.before.ledger)
    }

    /// Waits for the shoppers and the consumer, and draws the ledger.
    pub async fn settle(&self, shoppers: Shoppers) -> Result<Ledger> {
        self.ledger(shoppers.finish().await?).await
    }

    /// Create records in the log so far.
    pub async fn creates(&self) -> Result<i64> {
        Ok(self.log.creates(&self.ends, &self.log.ends().await?).await?.values().flatten().count() as i64)
    }

    /// Create records that the consumer has counted so far.
    pub async fn counted(&self) -> Result<i64> {
        Ok(evidence::counted(&self.database, self.log.topic()).await? - self.counted)
    }

    /// Waits for the consumer, and draws the ledger of what the shoppers did.
    pub async fn ledger(&self, attempts: Vec<Attempt>) -> Result<Ledger> {
        let after = self.drained().await?;
        let log = self.log.creates(&self.ends, &self.log.ends().await?).await?;
        let answered = attempts.iter().filter_map(|attempt| match &attempt.outcome {
            Outcome::Accepted(number) => Some(number.clone()),
            _ => None,
        });
        let numbers: BTreeSet<String> = answered.chain(log.keys().cloned()).collect();
        let numbers: Vec<String> = numbers.into_iter().collect();
        let letters = |report: &Report| report.dead_letters.values().sum::<i64>();
        Ok(Ledger::draw(&Evidence {
            orders: evidence::orders(&self.database, &self.name, &numbers).await?,
            stock: self.catalogue.stock(&self.database).await?,
            counted: self.own(&after),
            dead_letters: letters(&after) - letters(&self.before),
            differences: after
                .differences
                .iter()
                .map(|one| format!("{}: {} ({})", one.kind, one.found.count, one.found.examples.join("; ")))
                .collect(),
            attempts,
            log,
        }))
    }

    /// Waits until nothing waits in the log. After the deadline the ledger is drawn all the same: it says what is missing.
    async fn drained(&self) -> Result<Report> {
        let (deadline, creates) = (Instant::now() + PATIENCE, self.creates().await?);
        loop {
            // Cheap to ask; only then the whole comparison is worth its while.
            if self.counted().await? >= creates || Instant::now() > deadline {
                let report = verify(&self.sources).await?;
                let waiting = report.waiting.creates + report.waiting.replays + report.waiting.cancels;
                if waiting == 0 {
                    return Ok(report);
                }
                if Instant::now() > deadline {
                    let next = evidence::next(&self.database, self.log.topic()).await?;
                    println!(
                        "the consumer stands still: next {next:?}, log ends {:?}\n{report}",
                        self.log.ends().await?
                    );
                    return Ok(report);
                }
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

fn since(after: &verify::Ledger, before: &verify::Ledger) -> verify::Ledger {
    verify::Ledger {
        accepted: after.accepted - before.accepted,
        replayed: after.replayed - before.replayed,
        persisted: after.persisted - before.persisted,
        duplicate: after.duplicate - before.duplicate,
        conflict: after.conflict - before.conflict,
        failed: after.failed - before.failed,
    }
}
