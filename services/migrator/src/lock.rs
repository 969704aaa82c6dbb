//! One migrator at a time, over all machines: sqlx's own GET_LOCK name, so that `sqlx migrate run` by hand counts too.

use std::time::Duration;

use sqlx::MySqlConnection;
use sqlx::migrate::Migrate;
use tokio::time::timeout;
use tracing::info;

use crate::error::MigrationError;
use crate::wait::with_progress;

/// Takes the lock. The server frees it when the connection ends, also that of a killed migrator, but not before the
/// statement it left running is over: nobody meets a table in the middle of an ALTER.
///
/// # Errors
/// [`MigrationError::Locked`] after `patience`; the caller must drop the connection, which still waits.
pub(crate) async fn acquire(connection: &mut MySqlConnection, patience: Duration) -> Result<(), MigrationError> {
    let waiting = with_progress("waiting for another migrator's lock", connection.lock());
    match timeout(patience, waiting).await {
        Ok(locked) => locked.map_err(MigrationError::Marks),
        Err(_) => Err(MigrationError::Locked { waited: patience }),
    }
}

pub(crate) async fn release(connection: &mut MySqlConnection) {
    if let Err(error) = connection.unlock().await {
        info!(%error, "could not release the lock; the server frees it with the connection");
    }
}
