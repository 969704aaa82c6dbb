//! A pooled connection that goes back only when its work was finished.

use sqlx::pool::PoolConnection;
use sqlx::{MySql, MySqlConnection, MySqlPool};

/// Dropped in the middle of a statement (deadline, caller gone, error), the connection is closed at once. The pool
/// would keep it, wait without limit for the rest of the answer, and so lose one place after the other to a server
/// that is frozen or behind a cut network.
#[derive(Debug)]
pub struct Lease(Option<PoolConnection<MySql>>);

impl Lease {
    /// Waits for a connection no longer than the pool's acquire timeout.
    pub async fn of(pool: &MySqlPool) -> Result<Self, sqlx::Error> {
        Ok(Self(Some(pool.acquire().await?)))
    }

    /// The connection, to work on.
    pub fn connection(&mut self) -> &mut MySqlConnection {
        self.0.as_mut().expect("taken only by give_back, which consumes the lease")
    }

    /// The work is done and the connection is whole.
    pub fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}
