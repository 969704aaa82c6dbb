//! The run itself: lock, read the marks, judge what is half-done, preflight, apply one by one.

use std::time::{Duration, Instant};

use service_runtime::database::mysql_code;
use sqlx::migrate::{MigrateError, Migration, Migrator};
use sqlx::{Connection, MySqlConnection};
use tracing::info;

use crate::error::MigrationError;
use crate::plan::{Mark, plan};
use crate::server::Server;
use crate::wait::with_progress;
use crate::{lock, preflight, privileges, repair, statement, target_version};

/// sqlx's own table, so that its tools understand our databases.
const MARKS: &str = "_sqlx_migrations";

/// What a run did.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// The version of the schema now; above ours when a newer program has been here.
    pub version: i64,
    pub applied: Vec<i64>,
}

/// Brings the database to our version. Safe to call again after any failure.
///
/// # Errors
/// See [`MigrationError`]; what was applied before the error stays applied.
pub async fn migrate(
    mut connection: MySqlConnection,
    migrations: &Migrator,
    lock_patience: Duration,
) -> Result<Report, MigrationError> {
    lock::acquire(&mut connection, lock_patience).await?;
    let outcome = run(&mut connection, migrations).await;
    lock::release(&mut connection).await;
    // Closing is a courtesy to the server's log; the work is done.
    let _ = connection.close().await;
    outcome
}

/// Lists what [`migrate`] would run, changes nothing and needs no lock.
///
/// # Errors
/// The same as `migrate` up to the first change.
pub async fn check(mut connection: MySqlConnection, migrations: &Migrator) -> Result<Vec<String>, MigrationError> {
    let marks = read_marks(&mut connection).await?;
    let plan = plan(migrations, &marks)?;
    let begun: Vec<&Migration> = plan.half_done.iter().map(|(migration, _)| *migration).collect();
    preflight(&mut connection, begun.iter().chain(&plan.pending).copied()).await?;
    let line = |m: &&Migration, note: &str| format!("{:04} {}{note}", m.version, m.description);
    let begun = begun.iter().map(|m| line(m, " (begun, not finished: will be judged)"));
    Ok(begun.chain(plan.pending.iter().map(|m| line(m, ""))).collect())
}

async fn run(connection: &mut MySqlConnection, migrations: &Migrator) -> Result<Report, MigrationError> {
    use sqlx::migrate::Migrate;

    let marks = read_marks(connection).await?;
    let first = plan(migrations, &marks)?;
    let begun = first.half_done.iter().map(|(migration, _)| *migration);
    preflight(connection, begun.chain(first.pending.iter().copied())).await?;
    for (migration, mark) in &first.half_done {
        repair::repair(connection, migration, mark).await?;
    }
    connection.ensure_migrations_table(MARKS).await.map_err(MigrationError::Marks)?;

    let marks = read_marks(connection).await?;
    let plan = plan(migrations, &marks)?;
    let target = target_version(migrations);
    if plan.newer.is_empty() {
        info!("schema version is {}, going to {target}: {} to apply", plan.current, plan.pending.len());
    } else {
        info!("schema version is {}, newer than our {target}: nothing of it is touched", plan.current);
    }
    let mut applied = Vec::new();
    for (at, migration) in plan.pending.iter().enumerate() {
        apply(connection, migration, at + 1, plan.pending.len()).await?;
        applied.push(migration.version);
    }
    Ok(Report { version: plan.current.max(target), applied })
}

async fn apply(
    connection: &mut MySqlConnection,
    migration: &Migration,
    number: usize,
    of: usize,
) -> Result<(), MigrationError> {
    use sqlx::migrate::Migrate;

    let label = format!("{:04} {}", migration.version, migration.description);
    let start = Instant::now();
    let result = with_progress(&label, connection.apply(MARKS, migration)).await;
    result.map_err(|cause| MigrationError::Failed {
        version: migration.version,
        description: migration.description.to_string(),
        cure: cure(&cause),
        cause,
    })?;
    info!("[{number}/{of}] {label}: done in {} ms", start.elapsed().as_millis());
    Ok(())
}

/// What preflight could not foresee, by MySQL's code.
fn cure(error: &MigrateError) -> Option<String> {
    let MigrateError::ExecuteMigration(cause, _) = error else { return None };
    let cure = match mysql_code(cause)? {
        1419 => "set log_bin_trust_function_creators = 1 on the server, or grant SUPER",
        1142 | 1227 | 1044 => "grant this user the named privilege and run again",
        1290 => "the server is read-only: use the primary",
        1114 | 1021 => "free disk space on the server and run again",
        1205 => "a long transaction holds the table: let it end and run again",
        _ => return None,
    };
    Some(cure.to_owned())
}

async fn preflight<'a>(
    connection: &mut MySqlConnection,
    statements: impl Iterator<Item = &'a Migration>,
) -> Result<(), MigrationError> {
    let statements: Vec<&str> = statements.map(|migration| migration.sql.as_str()).collect();
    if statements.is_empty() {
        return Ok(());
    }
    let needed = privileges::needed(statements.iter().map(|sql| (statement::effect(sql), *sql)));
    let problems = preflight::problems(&Server::read(connection).await?, &needed);
    if problems.is_empty() { Ok(()) } else { Err(MigrationError::Preflight(problems)) }
}

/// Empty when the table is not there yet.
async fn read_marks(connection: &mut MySqlConnection) -> Result<Vec<Mark>, MigrationError> {
    let query = "SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version";
    let rows = sqlx::query_as::<_, (i64, Vec<u8>, bool)>(query).fetch_all(connection).await;
    match rows {
        Ok(rows) => {
            Ok(rows.into_iter().map(|(version, checksum, success)| Mark { version, checksum, success }).collect())
        }
        Err(error) if mysql_code(&error) == Some(1146) => Ok(Vec::new()),
        Err(error) => Err(MigrationError::Query(error)),
    }
}
