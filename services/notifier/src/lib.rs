//! Sends the mails that the consumer wrote into the outbox, each once.
//!
//! A row is claimed for a while, its mail rendered from the order as stored, handed to the SMTP server, and marked.
//! Only a crash between the server's acceptance and the mark sends it again, then with the same Message-ID. A mail that says
//! what is no longer so, since the order's status changed before it went out, is not sent.
//!
//! Invariants: a claim is never worked on after it may have run out; a server that is away costs no row an attempt;
//! no address and no mail text is ever logged.

mod claim;
pub mod failure;
pub mod mail;
pub mod message;
mod metrics;
mod order;
mod outbox;
pub mod retry;
pub mod smtp;
mod unsent;
mod worker;

use std::time::Duration;

use service_runtime::database::{Database, DatabaseArgs, Session};
use service_runtime::{ConfigError, Process};

pub use order::{Line, Order};
use outbox::Outbox;
use smtp::{Mailer, SmtpArgs};
use worker::{Timing, Worker};

/// The oldest schema with everything this code reads.
const REQUIRED_SCHEMA: i64 = 14;

/// Starts `workers` senders and what watches the outbox. Waits for nothing: both servers may be away.
///
/// # Errors
/// Credentials or an SMTP configuration that cannot be used.
pub fn start(process: &mut Process, database: DatabaseArgs, smtp: &SmtpArgs, workers: u16) -> Result<(), ConfigError> {
    let database = connect(database)?;
    let mailer = Mailer::new(smtp)?;
    let metrics = metrics::Metrics::register(&mut process.registry);
    let health = worker::Backends { mysql: process.health.component("mysql"), smtp: process.health.component("smtp") };
    let outbox = Outbox::new(database.clone());
    for number in 0..workers {
        let worker = Worker {
            name: format!("{}/{number}", uuid::Uuid::new_v4()),
            outbox: outbox.clone(),
            mailer: mailer.clone(),
            metrics: metrics.clone(),
            health: health.clone(),
            timing: Timing::default(),
        };
        process.spawn("mail worker", worker.run(process.shutdown.clone()));
    }
    process.spawn("outbox watch", unsent::watch(outbox, metrics, process.shutdown.clone()));
    process.spawn("database credentials", database.follow_credentials(process.shutdown.clone()));
    Ok(())
}

fn connect(args: DatabaseArgs) -> Result<Database, ConfigError> {
    let session = Session {
        statements: vec![
            // No gap locks: a claim must not hold up the consumer's inserts.
            "SET SESSION transaction_isolation = 'READ-COMMITTED'".to_owned(),
            // A frozen notifier must not keep its row locks.
            "SET SESSION wait_timeout = 60".to_owned(),
            "SET SESSION innodb_lock_wait_timeout = 5".to_owned(),
        ],
        acquire_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(30),
        test_before_acquire: true,
    };
    Database::new(args, session)
}
