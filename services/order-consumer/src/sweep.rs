//! Cancels whose order came by another partition: after the topic grew, one order's events may sit in two partitions, so that a
//! pending cancel was not seen by the create's batch, or came after it. Once a minute they are applied.

use std::time::Duration;

use service_runtime::CancellationToken;
use sqlx::MySqlPool;

use crate::store::apply_pending_cancels;

const EVERY: Duration = Duration::from_secs(60);

/// Runs until shutdown. Errors are left to the next minute: the workers report a database that is away.
pub async fn run(pool: MySqlPool, shutdown: CancellationToken) -> anyhow::Result<()> {
    while shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        match apply_pending_cancels(&pool).await {
            Ok(0) => {}
            Ok(applied) => tracing::info!(applied, "cancels applied that had waited for their order"),
            Err(error) => tracing::debug!(%error, "pending cancels not looked at"),
        }
    }
    Ok(())
}
