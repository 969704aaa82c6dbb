//! A migrator killed between a statement and its mark, for each kind of statement.

use std::time::Duration;

use migrator::{MigrationError, migrate, migrations};
use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::database::TestDatabase;

const PATIENCE: Duration = Duration::from_secs(60);

/// `migrations` plus one statement, as version 9001.
fn with(sql: &'static str) -> Migrator {
    let mut all: Vec<Migration> = migrations().iter().cloned().collect();
    all.push(Migration::new(9001, "one more".into(), MigrationType::Simple, SqlStr::from_static(sql), false));
    let mut migrator = Migrator::with_migrations(all);
    migrator.set_ignore_missing(true);
    migrator
}

/// What a kill leaves: the mark says "begun", the statement ran or did not.
async fn killed_in(database: &TestDatabase, ours: &Migrator, ran: bool) {
    migrate(database.connect().await, &migrations(), PATIENCE).await.unwrap();
    let last = ours.iter().last().unwrap();
    let sql = "INSERT INTO _sqlx_migrations VALUES (?, 'one more', NOW(), FALSE, ?, -1)";
    let mark = sqlx::query(sql).bind(last.version).bind(&*last.checksum);
    mark.execute(&mut database.connect().await).await.unwrap();
    if ran {
        database.run(last.sql.as_str()).await;
    }
}

const ALTER: &str = "ALTER TABLE outbox ADD COLUMN more INT NULL, ADD INDEX outbox_more (more)";

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn every_kind_of_statement_is_finished() {
    let kinds = [
        ALTER,
        "CREATE INDEX outbox_by_attempts ON outbox (attempts)",
        "ALTER TABLE outbox ADD CONSTRAINT outbox_few CHECK (attempts < 1000)",
        "CREATE TABLE IF NOT EXISTS more (id INT PRIMARY KEY)",
        "CREATE TRIGGER IF NOT EXISTS outbox_watch BEFORE INSERT ON outbox FOR EACH ROW SET @x = 1",
        "DROP TABLE IF EXISTS pending_cancels",
    ];
    for sql in kinds {
        for ran in [true, false] {
            let database = TestDatabase::create().await;
            let ours = with(sql);
            killed_in(&database, &ours, ran).await;
            let report = migrate(database.connect().await, &ours, PATIENCE).await;
            let report = report.unwrap_or_else(|error| panic!("{sql}, ran: {ran}: {error}"));
            assert_eq!(report.version, 9001);
            assert_eq!(report.applied.is_empty(), ran, "{sql}");
            assert!(database.marks().await.iter().all(|(_, success)| *success), "{sql}");
            database.drop().await;
        }
    }
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn every_embedded_migration_can_be_cut_off() {
    let database = TestDatabase::create().await;
    let ours = migrations();
    migrate(database.connect().await, &ours, PATIENCE).await.unwrap();
    let before = database.tables().await;
    for version in ours.iter().map(|m| m.version) {
        database.run(&format!("UPDATE _sqlx_migrations SET success = FALSE WHERE version = {version}")).await;
        migrate(database.connect().await, &ours, PATIENCE).await.unwrap();
    }
    assert_eq!(database.tables().await, before);
    assert!(database.marks().await.iter().all(|(_, success)| *success));
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_failed_statement_is_mended_by_a_later_text() {
    let database = TestDatabase::create().await;
    let wrong = with("ALTER TABLE outbox ADD COLUMN more NONSENSE");
    let outcome = migrate(database.connect().await, &wrong, PATIENCE).await;
    assert!(matches!(outcome, Err(MigrationError::Failed { version: 9001, .. })), "{outcome:?}");
    let report = migrate(database.connect().await, &with(ALTER), PATIENCE).await.unwrap();
    assert_eq!(report.applied, [9001]);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn half_of_an_alter_is_for_a_person() {
    let database = TestDatabase::create().await;
    let ours = with(ALTER);
    killed_in(&database, &ours, false).await;
    database.run("ALTER TABLE outbox ADD COLUMN more INT NULL").await;
    let outcome = migrate(database.connect().await, &ours, PATIENCE).await;
    assert!(matches!(outcome, Err(MigrationError::HalfDone { version: 9001, .. })), "{outcome:?}");
    database.drop().await;
}
