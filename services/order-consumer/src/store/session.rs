//! The consumer's database sessions, and how texts of several statements are run on them.

use std::time::Duration;

use futures::TryStreamExt;
use service_runtime::database::Session;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Either, MySqlConnection};

use super::sql::Sql;

/// READ COMMITTED: a batch decides on what is committed when it holds the locks. The time limits bound how long a consumer that is
/// frozen or cut off inside its transaction can hold up the others: MySQL ends its session after 20 s without a word, also in the
/// middle of a statement or an answer, and whoever waits for its locks gives up after 5 s and tries again. Strict: a value that
/// does not fit is refused, not cut to what fits.
pub fn session() -> Session {
    Session {
        statements: vec![
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED".to_owned(),
            "SET SESSION wait_timeout = 20, net_read_timeout = 20, net_write_timeout = 20, innodb_lock_wait_timeout = 5"
                .to_owned(),
            "SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',STRICT_ALL_TABLES')".to_owned(),
        ],
        acquire_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(10),
        // One round trip per batch, against a failed batch after every pause longer than the server's patience.
        test_before_acquire: false,
    }
}

/// What one statement gave.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) rows: Vec<MySqlRow>,
    /// Rows found, not only changed: sqlx asks the server for that count.
    pub(super) affected: u64,
}

/// Runs all statements in one round trip; one answer per statement.
pub(super) async fn run(connection: &mut MySqlConnection, sql: Sql) -> Result<Vec<Answer>, sqlx::Error> {
    let expected = sql.statements();
    if expected == 0 {
        return Ok(Vec::new());
    }
    let mut answers = Vec::with_capacity(expected);
    let mut rows = Vec::new();
    {
        let mut stream = sqlx::raw_sql(AssertSqlSafe(sql.into_text())).fetch_many(&mut *connection);
        while let Some(item) = stream.try_next().await? {
            match item {
                Either::Right(row) => rows.push(row),
                Either::Left(done) => {
                    answers.push(Answer { rows: std::mem::take(&mut rows), affected: done.rows_affected() });
                }
            }
        }
    }
    if answers.len() == expected {
        Ok(answers)
    } else {
        Err(sqlx::Error::Protocol(format!("{} answers to {expected} statements", answers.len())))
    }
}
