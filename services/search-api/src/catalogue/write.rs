//! Writing within a deadline; what failed for another's sake is tried again.

use std::time::Duration;

use axum::http::StatusCode;
use service_runtime::database::{Lease, mysql_code};
use service_runtime::http::internal_error;
use service_runtime::problem::Problem;
use sqlx::MySqlConnection;
use tokio::time::timeout;

use super::Catalogue;
use crate::database::ReadError;

/// Longest transaction; locks held by orders are waited for within it.
const LIMIT: Duration = Duration::from_secs(10);
/// For a database that is away to come back.
const PATIENCE: Duration = Duration::from_secs(2);
/// Lost deadlocks and lock waits, after which the caller may try again.
const ATTEMPTS: u32 = 5;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    #[error(transparent)]
    Away(#[from] ReadError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("there is no such product")]
    NoSuchProduct,
    #[error("another product has this sku")]
    SkuTaken,
    #[error("{available} pieces are there")]
    TooFew { available: i64 },
}

/// What a transaction does on its connection.
pub(crate) trait Work {
    type Answer;
    fn run(&self, connection: &mut MySqlConnection) -> impl Future<Output = Result<Self::Answer, WriteError>> + Send;
}

impl Catalogue {
    /// Runs the work until it is through. More patient than a read: nobody waits at a page, and an import that breaks off
    /// must be sent again.
    pub(crate) async fn write<W: Work>(&self, work: &W) -> Result<W::Answer, WriteError> {
        timeout(PATIENCE, self.contact.usable()).await.unwrap_or(Err(ReadError::Unavailable))?;
        timeout(LIMIT, self.attempts(work)).await.unwrap_or(Err(ReadError::Unavailable.into()))
    }

    async fn attempts<W: Work>(&self, work: &W) -> Result<W::Answer, WriteError> {
        let mut attempt = 1;
        loop {
            let mut lease = Lease::of(&self.pool).await?;
            let result = work.run(lease.connection()).await;
            match &result {
                // Deadlock, lock wait: nothing was written.
                Err(error) if matches!(error.code(), Some(1213 | 1205)) && attempt < ATTEMPTS => attempt += 1,
                // The connection may be in the middle of anything: it is closed, which rolls back.
                Err(WriteError::Database(_)) => return result,
                Ok(_) | Err(_) => {
                    lease.give_back();
                    return result;
                }
            }
        }
    }
}

impl WriteError {
    pub(crate) fn code(&self) -> Option<u16> {
        match self {
            Self::Database(error) => mysql_code(error),
            _ => None,
        }
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Away(error) => error.into(),
            WriteError::NoSuchProduct => {
                Self::new(StatusCode::NOT_FOUND, "no-such-product", "There is no such product")
            }
            WriteError::SkuTaken => Self::new(StatusCode::CONFLICT, "sku-taken", "Another product has this sku"),
            WriteError::TooFew { available } => {
                Self::new(StatusCode::CONFLICT, "too-few", "The stock would go below zero")
                    .detail(format!("{available} pieces are there."))
            }
            WriteError::Database(error) => match mysql_code(&error) {
                Some(1205 | 1213) => {
                    Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The product is being changed").retry_after(1)
                }
                Some(_) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "a statement failed");
                    internal_error()
                }
                None => ReadError::Unavailable.into(),
            },
        }
    }
}
