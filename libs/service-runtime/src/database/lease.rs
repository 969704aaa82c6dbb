//! A pooled connection that goes back only when its work was finished.

use std::io;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{MySql, MySqlConnection, MySqlPool};
use tokio::time::timeout;

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

    /// Does `work` on a connection within `limit`, the wait for the connection included. Later than that, it counts as an I/O
    /// error and the connection is closed.
    pub async fn within<T>(
        pool: &MySqlPool,
        limit: Duration,
        work: impl AsyncFnOnce(&mut MySqlConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let done = timeout(limit, async {
            let mut lease = Self::of(pool).await?;
            let answer = work(lease.connection()).await;
            // An error of the server's is an answer like any other: the connection is whole.
            if matches!(answer, Ok(_) | Err(sqlx::Error::Database(_))) {
                lease.give_back();
            }
            answer
        });
        done.await.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
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
