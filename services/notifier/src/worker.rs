//! One sender: claim a few rows, send them one after the other, note the end of each.

use std::time::{Duration, Instant};

use service_runtime::database::Schema;
use service_runtime::{CancellationToken, Component};
use tokio::time::{sleep, timeout};

use crate::claim::Claim;
use crate::failure::{Failure, Fault};
use crate::mail::Kind;
use crate::message::message;
use crate::metrics::Metrics;
use crate::order::Order;
use crate::outbox::Outbox;
use crate::retry::{Next, next, pause};
use crate::smtp::Mailer;

const BATCH: u32 = 10;
/// A frozen server does not answer at all.
const QUERY_LIMIT: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(crate) struct Backends {
    pub(crate) mysql: Component,
    pub(crate) smtp: Component,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// Between two looks into an empty outbox.
    pub(crate) idle: Duration,
    /// After the database was away: mails that went out meanwhile are marked first, by whoever sent them.
    pub(crate) settle: Duration,
    /// Between two tries to mark what has been sent.
    pub(crate) mark: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { idle: Duration::from_millis(500), settle: Duration::from_secs(2), mark: Duration::from_millis(200) }
    }
}

pub(crate) struct Worker {
    /// Unique per process and worker: it says whose a claim is.
    pub(crate) name: String,
    pub(crate) outbox: Outbox,
    pub(crate) mailer: Mailer,
    pub(crate) metrics: Metrics,
    pub(crate) health: Backends,
    pub(crate) timing: Timing,
}

/// Why a round ended early.
enum Trouble {
    Database(String),
    Smtp,
}

impl Worker {
    /// Works until shutdown; the mail in hand is finished, the other claims are freed.
    pub(crate) async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let mut failures = 0;
        while !shutdown.is_cancelled() {
            let wait = match self.round(failures, &shutdown).await {
                Ok(sent) => {
                    failures = 0;
                    if sent > 0 { Duration::ZERO } else { self.timing.idle }
                }
                Err(trouble) => {
                    if let Trouble::Database(why) = trouble {
                        self.health.mysql.down(why);
                    }
                    failures += 1;
                    pause(failures)
                }
            };
            let _stopped = shutdown.run_until_cancelled(sleep(wait)).await;
        }
        Ok(())
    }

    /// Gives how many rows were worked on.
    async fn round(&self, failures: u32, shutdown: &CancellationToken) -> Result<usize, Trouble> {
        if self.health.mysql.is_up() != Some(true) {
            self.greet_database(failures, shutdown).await?;
        }
        // After a failure one row is enough to find out whether the server is back.
        let most = if failures == 0 { BATCH } else { 1 };
        let claims = self.ask(self.outbox.claim(&self.name, most)).await?;
        let count = claims.len();
        let mut claims = claims.into_iter();
        while let Some(claim) = claims.next() {
            let may_send = !shutdown.is_cancelled() && claim.is_safe_at(Instant::now());
            let outcome = if may_send { self.work(&claim).await } else { self.free(&claim).await };
            if outcome.is_err() {
                for claim in claims {
                    // A claim that cannot be freed now runs out by itself.
                    let _ = self.free(&claim).await;
                }
                return outcome.map(|()| 0);
            }
        }
        Ok(count)
    }

    async fn greet_database(&self, failures: u32, shutdown: &CancellationToken) -> Result<(), Trouble> {
        if let Schema::TooOld(found) = self.ask(self.outbox.schema()).await? {
            return Err(Trouble::Database(format!("schema version {found} is too old: the migrator has not run")));
        }
        self.health.mysql.up();
        if failures > 0 {
            let _stopped = shutdown.run_until_cancelled(sleep(self.timing.settle)).await;
        }
        Ok(())
    }

    async fn work(&self, claim: &Claim) -> Result<(), Trouble> {
        let Some(kind) = claim.kind else {
            // A newer program's mail: it will send it.
            let later = self.outbox.retry(claim, &self.name, Duration::from_secs(60), "unknown kind of mail");
            return self.ask(later).await;
        };
        let Some(order) = self.ask(self.outbox.order(&claim.order_number)).await? else {
            let failure = Failure { fault: Fault::Mail, why: "there is no such order".to_owned() };
            return self.note(claim, kind, &failure).await;
        };
        if order.status != Some(kind) {
            // A FAILED order was mended, a confirmed one cancelled, before we came to tell of it: only the last word is told.
            tracing::info!(trace_id = claim.trace_id(), outbox.id = claim.id, kind = kind.as_str(), "mail superseded");
            self.metrics.superseded(kind);
            return self.ask(self.outbox.supersede(claim, &self.name)).await;
        }
        match self.send(&order, kind).await {
            Ok(()) => {
                self.health.smtp.up();
                self.metrics.sent(kind);
                // The row, not the order: whoever has an order's number may read and cancel it.
                tracing::info!(trace_id = claim.trace_id(), outbox.id = claim.id, kind = kind.as_str(), "mail sent");
                self.mark_sent(claim).await;
                Ok(())
            }
            Err(failure) => self.note(claim, kind, &failure).await,
        }
    }

    async fn send(&self, order: &Order, kind: Kind) -> Result<(), Failure> {
        self.mailer.send(message(order, kind, self.mailer.from())?).await
    }

    /// The server has it: nothing may stop us from saying so but our own end. A database that is away is waited for,
    /// since a claim that ran out without a mark would send the mail again.
    async fn mark_sent(&self, claim: &Claim) {
        while let Err(Trouble::Database(why)) = self.ask(self.outbox.sent(claim, &self.name)).await {
            self.health.mysql.down(why);
            sleep(self.timing.mark).await;
        }
    }

    async fn note(&self, claim: &Claim, kind: Kind, failure: &Failure) -> Result<(), Trouble> {
        self.metrics.failed(kind, failure.fault);
        let (id, trace_id, why) = (claim.id, claim.trace_id(), failure.why.as_str());
        match next(failure.fault, claim.attempts) {
            Next::Release => {
                self.health.smtp.down(why);
                self.ask(self.outbox.release(claim, &self.name, Some(why))).await?;
                Err(Trouble::Smtp)
            }
            Next::After(delay) => {
                tracing::warn!(
                    trace_id,
                    outbox.id = id,
                    kind = kind.as_str(),
                    why,
                    "mail refused, next try in {delay:?}"
                );
                self.ask(self.outbox.retry(claim, &self.name, delay, why)).await
            }
            Next::GiveUp => {
                tracing::error!(trace_id, outbox.id = id, kind = kind.as_str(), why, "mail given up");
                self.metrics.given_up(kind);
                self.ask(self.outbox.give_up(claim, &self.name, why)).await
            }
        }
    }

    async fn free(&self, claim: &Claim) -> Result<(), Trouble> {
        self.ask(self.outbox.release(claim, &self.name, None)).await
    }

    /// A database call with a time limit.
    async fn ask<T>(&self, call: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, Trouble> {
        match timeout(QUERY_LIMIT, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Trouble::Database(error.to_string())),
            Err(_) => Err(Trouble::Database(format!("no answer within {QUERY_LIMIT:?}"))),
        }
    }
}
