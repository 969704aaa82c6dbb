//! Reading from MySQL within a deadline, whatever state it is in.
//!
//! A stopped server refuses, a frozen one or a cut network says nothing at all: so every read has a time limit here,
//! and goes on for more than a moment only while [`contact`] hears the server.

pub mod contact;
mod statement;

use std::sync::Arc;
use std::time::Duration;

use service_runtime::database::{Lease, mysql_code};
use sqlx::MySqlPool;
use sqlx::mysql::MySqlRow;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use contact::Contact;
pub use statement::Statement;

/// A caller hears within 300 ms that the database is away; the rest is for the way there and back.
const QUICK: Duration = Duration::from_millis(240);
/// Also the session's `max_execution_time`.
const BY_KEY: Duration = Duration::from_secs(1);
/// The server ends a statement by itself; this much later we stop waiting for it to say so.
const SLACK: Duration = Duration::from_millis(500);
/// Reads in hand or waiting for a connection. At a millisecond each on a few connections, one that came later would
/// wait longer than its caller should: it is refused at once.
const MOST_READS: usize = 256;
/// Between two tries on connections that turn out to be dead.
const RETRY: Duration = Duration::from_millis(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the database does not answer")]
    Unavailable,
    #[error("the schema has version {found}, this program needs {required}", required = crate::REQUIRED_SCHEMA)]
    SchemaTooOld { found: i64 },
    #[error("too many requests wait already")]
    Busy,
    #[error("the statement ran into its time limit")]
    TooSlow,
    #[error("the database refused a statement of ours")]
    Refused(#[source] sqlx::Error),
}

/// The only way to the database.
#[derive(Clone, Debug)]
pub struct Reads {
    pool: MySqlPool,
    contact: Contact,
    room: Arc<Semaphore>,
}

impl Reads {
    pub fn new(pool: MySqlPool, contact: Contact) -> Self {
        Self { pool, contact, room: Arc::new(Semaphore::new(MOST_READS)) }
    }

    /// A read by key: it takes a millisecond, and on a server that is up but overloaded no longer than [`BY_KEY`].
    pub(crate) async fn quick(&self, statement: &Statement) -> Result<Vec<MySqlRow>, ReadError> {
        match self.keyed(statement).await {
            Err(ReadError::TooSlow) => Err(ReadError::Unavailable),
            answer => answer,
        }
    }

    /// As [`Reads::quick`], for a caller that has another way when the read proves too slow.
    pub(crate) async fn keyed(&self, statement: &Statement) -> Result<Vec<MySqlRow>, ReadError> {
        self.patient(async { Ok(()) }, BY_KEY, statement).await
    }

    /// A read that may take up to `limit` once it is its `turn`, but little longer than [`QUICK`] when the server gives
    /// no sign of life in that time.
    pub(crate) async fn patient<T>(
        &self,
        turn: impl Future<Output = Result<T, ReadError>>,
        limit: Duration,
        statement: &Statement,
    ) -> Result<Vec<MySqlRow>, ReadError> {
        let _place = self.room.try_acquire().map_err(|_| ReadError::Busy)?;
        let answer = async {
            self.contact.usable().await?;
            let _turn = turn.await?;
            timeout(limit + SLACK, self.read(statement)).await.unwrap_or(Err(ReadError::TooSlow))
        };
        let lost = self.contact.lost(Instant::now());
        tokio::select! {
            biased;
            answer = answer => answer,
            () = lost => Err(ReadError::Unavailable),
        }
    }

    /// Reads change nothing, so one whose connection broke is tried on the next, until the caller's deadline.
    async fn read(&self, statement: &Statement) -> Result<Vec<MySqlRow>, ReadError> {
        loop {
            let mut lease = Lease::of(&self.pool).await.map_err(|_| ReadError::Unavailable)?;
            match statement.rows(lease.connection()).await {
                Ok(rows) => {
                    self.contact.heard();
                    lease.give_back();
                    return Ok(rows);
                }
                Err(error) => match classify(error) {
                    // Dropping the lease closes the connection.
                    None => sleep(RETRY).await,
                    Some(error) => {
                        lease.give_back();
                        return Err(error);
                    }
                },
            }
        }
    }
}

/// None: the connection is at fault, not the statement. Codes: MySQL's error reference.
fn classify(error: sqlx::Error) -> Option<ReadError> {
    match mysql_code(&error) {
        Some(1317 | 3024) => Some(ReadError::TooSlow),
        Some(1040 | 1053 | 1077 | 1079 | 1203 | 1226 | 1927 | 3169 | 4031) => None,
        // Grants or tables are gone: a person mends that, and then it works again.
        Some(1044 | 1045 | 1049 | 1142 | 1143 | 1146) => {
            tracing::error!(%error, "the database refuses us");
            Some(ReadError::Unavailable)
        }
        Some(_) => Some(ReadError::Refused(error)),
        None => match error {
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => None,
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => Some(ReadError::Unavailable),
            error => Some(ReadError::Refused(error)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_too_much_is_refused_at_once() {
        let pool = sqlx::mysql::MySqlPoolOptions::new().connect_lazy("mysql://nobody@127.0.0.1:1/none").unwrap();
        let reads = Reads::new(pool, Contact::silent());
        let statement = Statement::new("SELECT 1");
        let all = (0..MOST_READS + 5).map(|_| reads.keyed(&statement));
        let answers = futures::future::join_all(all).await;
        let busy = answers.iter().filter(|answer| matches!(answer, Err(ReadError::Busy))).count();
        assert_eq!(busy, 5);
        // And there is room again.
        assert!(!matches!(reads.keyed(&statement).await, Err(ReadError::Busy)));
    }

    #[test]
    fn a_broken_connection_is_not_the_statements_fault() {
        let broken = sqlx::Error::Io(std::io::ErrorKind::BrokenPipe.into());
        assert!(classify(broken).is_none());
        assert!(matches!(classify(sqlx::Error::RowNotFound), Some(ReadError::Refused(_))));
        assert!(matches!(classify(sqlx::Error::PoolTimedOut), Some(ReadError::Unavailable)));
    }
}
