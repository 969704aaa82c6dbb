use std::time::Instant;

use anyhow::{Result, ensure};
use sqlx::{AssertSqlSafe, Connection};

use super::close;
use crate::ledger::Ledger;
use crate::load::Load;
use crate::platform::Platform;
use crate::run::Run;

/// All that consumers write, in an order that foreign keys allow.
const TABLES: [&str; 8] = [
    "orders",
    "order_items",
    "stock_movements",
    "inventory",
    "pending_cancels",
    "consumer_offsets",
    "outbox",
    "dead_letters",
];

/// The database is put back to an earlier state under a running consumer, as from a backup. The log has all that came since, so
/// everything comes again, once.
pub async fn restored(platform: &Platform) -> Result<Ledger> {
    let started = Instant::now();
    let run = Run::prepare(platform).await?;
    let load = Load { orders: 300, clients: 8, spread: None };
    let mut attempts = run.shoppers(load)?.finish().await?;
    let backup = run.ledger(attempts.clone()).await?;
    ensure!(backup.is_clean(), "before the backup:\n{backup}");
    for table in TABLES {
        run.execute(format!("CREATE TABLE backup_of_{table} AS SELECT * FROM {table}")).await?;
    }

    let first = attempts.iter().map(|attempt| attempt.intent + 1).max().unwrap_or(0);
    let later = run.more_shoppers(Load { orders: 300, clients: 8, spread: None })?.finish().await?;
    attempts.extend(later.into_iter().map(|mut attempt| {
        attempt.intent += first;
        attempt
    }));
    let before = run.ledger(attempts.clone()).await?;

    let mut connection = run.database().acquire().await?;
    let mut transaction = connection.begin().await?;
    for table in TABLES.iter().rev() {
        sqlx::query(AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut *transaction).await?;
    }
    for table in TABLES {
        sqlx::query(AssertSqlSafe(format!("INSERT INTO {table} SELECT * FROM backup_of_{table}")))
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    drop(connection);
    ensure!(backup.persisted < before.persisted, "nothing was put back");
    let ledger = run.ledger(attempts).await?;
    for table in TABLES {
        run.execute(format!("DROP TABLE backup_of_{table}")).await?;
    }
    ensure!(ledger.accepted == before.accepted && ledger.dead_letters == 0, "before:\n{before}\nafter:\n{ledger}");
    close("database put back to an earlier state", started, ledger)
}
