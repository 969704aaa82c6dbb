//! Waiting for a database that is not there yet, and telling that from one that will never let us in.

use std::time::Duration;

use service_runtime::database::mysql_code;
use sqlx::MySqlConnection;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use crate::error::MigrationError;

const ATTEMPT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_secs(1);

/// Whether to try again after a failed connect.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Wait,
    GiveUp { cure: Option<String> },
}

/// Codes: MySQL's error reference. Everything not known to be final is waited for: a server that starts says odd things.
pub fn verdict(error: &sqlx::Error) -> Verdict {
    let give_up = |cure: &str| Verdict::GiveUp { cure: Some(cure.to_owned()) };
    match error {
        sqlx::Error::Database(_) => match mysql_code(error) {
            Some(1044) => give_up("GRANT this user its rights on the database"),
            Some(1045) => give_up("check user name and password in the credentials Secret"),
            Some(1049) => give_up("CREATE DATABASE … CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci"),
            Some(3159) => give_up("the server requires TLS: set DATABASE_CA_FILE"),
            _ => Verdict::Wait,
        },
        sqlx::Error::Tls(_) => give_up("check DATABASE_CA_FILE and that the certificate names DATABASE_HOST"),
        sqlx::Error::Configuration(_) => Verdict::GiveUp { cure: None },
        _ => Verdict::Wait,
    }
}

/// Calls `connect` until it succeeds, is refused for good, or `patience` is over.
///
/// # Errors
/// [`MigrationError::Refused`], or [`MigrationError::Unreachable`] with the last cause.
pub async fn connect<C>(mut connect: C, patience: Duration) -> Result<MySqlConnection, MigrationError>
where
    C: AsyncFnMut() -> Result<MySqlConnection, sqlx::Error>,
{
    let start = Instant::now();
    loop {
        let error = match timeout(ATTEMPT, connect()).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => error,
            Err(_) => sqlx::Error::PoolTimedOut,
        };
        if let Verdict::GiveUp { cure } = verdict(&error) {
            return Err(MigrationError::Refused { cure, cause: error });
        }
        let waited = start.elapsed();
        if waited + PAUSE >= patience {
            return Err(MigrationError::Unreachable { waited, last: error });
        }
        warn!(%error, "no database yet after {} s, waiting up to {} s", waited.as_secs(), patience.as_secs());
        sleep(PAUSE).await;
    }
}

/// Runs `work` and says every few seconds that it still runs.
pub(crate) async fn with_progress<T>(what: &str, work: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let mut work = std::pin::pin!(work);
    loop {
        match timeout(Duration::from_secs(5), &mut work).await {
            Ok(done) => return done,
            Err(_) => info!("{what}: {} s so far", start.elapsed().as_secs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_port_is_waited_for() {
        let refused = sqlx::Error::Io(std::io::ErrorKind::ConnectionRefused.into());
        assert_eq!(verdict(&refused), Verdict::Wait);
        assert_eq!(verdict(&sqlx::Error::PoolTimedOut), Verdict::Wait);
    }

    #[test]
    fn a_bad_certificate_is_final() {
        let tls = sqlx::Error::Tls("UnknownIssuer".into());
        assert!(matches!(verdict(&tls), Verdict::GiveUp { cure: Some(cure) } if cure.contains("DATABASE_CA_FILE")));
    }

    #[tokio::test]
    async fn patience_ends_with_the_last_cause() {
        let refuse = async || Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionRefused.into()));
        let error = connect(refuse, Duration::ZERO).await.unwrap_err();
        assert!(matches!(error, MigrationError::Unreachable { last: sqlx::Error::Io(_), .. }));
    }
}
