//! Everything that can stop a migration, each with what a person should do.

use std::time::Duration;

use crate::preflight::Problem;

#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    #[error("the database did not answer within {waited:?}")]
    Unreachable {
        waited: Duration,
        #[source]
        last: sqlx::Error,
    },
    /// Waiting would not help: wrong password, no such database, no TLS.
    #[error("the database refuses us{}", cure_text(.cure))]
    Refused {
        cure: Option<String>,
        #[source]
        cause: sqlx::Error,
    },
    #[error("another migrator held the lock for {waited:?}; look for a migration Job that hangs")]
    Locked { waited: Duration },
    #[error("the database is not fit for this schema:{}", list(.0))]
    Preflight(Vec<Problem>),
    #[error(
        "migration {version} was applied with other text than this program has: an applied migration must never be \
         edited; run the program version that applied it, or restore the file"
    )]
    Edited { version: i64 },
    #[error("migration {version} of a newer program is half-done: run that program's migrator first")]
    HalfDoneByNewer { version: i64 },
    #[error("migration {version} is half-done and cannot be judged: {why}")]
    HalfDone { version: i64, why: String },
    #[error("migration {version} ({description}) failed{}", cure_text(.cure))]
    Failed {
        version: i64,
        description: String,
        cure: Option<String>,
        #[source]
        cause: sqlx::migrate::MigrateError,
    },
    #[error("reading or writing the marks of applied migrations failed")]
    Marks(#[source] sqlx::migrate::MigrateError),
    #[error("asking the database about itself failed")]
    Query(#[source] sqlx::Error),
}

fn cure_text(cure: &Option<String>) -> String {
    cure.as_ref().map(|cure| format!("; {cure}")).unwrap_or_default()
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  - {problem}")).collect()
}
