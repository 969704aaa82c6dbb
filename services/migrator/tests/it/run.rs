//! From nothing, again, and two at once.

use std::time::Duration;

use migrator::{MigrationError, check, migrate, migrations, target_version};

use crate::database::TestDatabase;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn from_nothing_then_again() {
    let database = TestDatabase::create().await;
    let ours = migrations();
    let all: Vec<i64> = ours.iter().map(|m| m.version).collect();

    assert_eq!(check(database.connect().await, &ours).await.unwrap().len(), all.len());
    assert!(database.tables().await.is_empty(), "check must change nothing");

    let first = migrate(database.connect().await, &ours, PATIENCE).await.unwrap();
    assert_eq!((first.version, first.applied), (target_version(&ours), all));
    assert!(database.tables().await.contains(&"outbox".to_owned()));

    let second = migrate(database.connect().await, &ours, PATIENCE).await.unwrap();
    assert_eq!((second.version, second.applied), (target_version(&ours), vec![]));
    assert!(check(database.connect().await, &ours).await.unwrap().is_empty());
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn two_at_once_apply_each_migration_once() {
    let database = TestDatabase::create().await;
    let ours = migrations();
    let (one, two) = tokio::join!(
        migrate(database.connect().await, &ours, PATIENCE),
        migrate(database.connect().await, &ours, PATIENCE)
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    let mut applied = [one.applied, two.applied].concat();
    applied.sort_unstable();
    assert_eq!(applied, ours.iter().map(|m| m.version).collect::<Vec<_>>());
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_held_lock_is_reported() {
    use sqlx::migrate::Migrate;

    let database = TestDatabase::create().await;
    let mut other = database.connect().await;
    other.lock().await.unwrap();
    let outcome = migrate(database.connect().await, &migrations(), Duration::from_millis(200)).await;
    assert!(matches!(outcome, Err(MigrationError::Locked { .. })), "{outcome:?}");
    drop(other);
    // The server frees a lock with its connection: no killed migrator blocks the next one.
    migrate(database.connect().await, &migrations(), PATIENCE).await.unwrap();
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_newer_schema_is_left_alone() {
    let database = TestDatabase::create().await;
    let ours = migrations();
    migrate(database.connect().await, &ours, PATIENCE).await.unwrap();
    database.run("INSERT INTO _sqlx_migrations VALUES (9999, 'later', NOW(), TRUE, 'x', 1)").await;
    let report = migrate(database.connect().await, &ours, PATIENCE).await.unwrap();
    assert_eq!((report.version, report.applied), (9999, vec![]));
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn an_edited_migration_is_refused() {
    let database = TestDatabase::create().await;
    let ours = migrations();
    migrate(database.connect().await, &ours, PATIENCE).await.unwrap();
    database.run("UPDATE _sqlx_migrations SET checksum = 'x' WHERE version = 2").await;
    let outcome = migrate(database.connect().await, &ours, PATIENCE).await;
    assert!(matches!(outcome, Err(MigrationError::Edited { version: 2 })), "{outcome:?}");
    database.drop().await;
}

/// kill -9 at ever later moments, until one run is left alone.
#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn killed_at_any_moment_the_next_run_finishes() {
    let database = TestDatabase::create().await;
    let credentials = tempfile::tempdir().unwrap();
    let mut command = database.migrator(credentials.path());
    for milliseconds in (0..400).step_by(20) {
        let mut process = command.spawn().unwrap();
        // Not a wait for anything: the moment of the kill is what varies.
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        process.kill().unwrap();
        process.wait().unwrap();
    }
    assert!(command.status().unwrap().success());
    let wanted: Vec<_> = migrations().iter().map(|m| (m.version, true)).collect();
    assert_eq!(database.marks().await, wanted);
    database.drop().await;
}
