//! What the server must allow, found out before anything is changed.

use std::time::Duration;

use local_servers::{Installed, Mysql, MysqlOptions};
use migrator::{MigrationError, migrate, migrations};

use crate::database::TestDatabase;

const PATIENCE: Duration = Duration::from_secs(60);
const ENOUGH: &str = "SELECT, INSERT, UPDATE, DELETE, CREATE, REFERENCES, TRIGGER, INDEX, ALTER";

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_plain_user_is_enough() {
    let database = TestDatabase::create().await;
    migrate(database.connect_with(ENOUGH).await, &migrations(), PATIENCE).await.unwrap();
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_missing_privilege_names_its_grant() {
    let database = TestDatabase::create().await;
    let connection = database.connect_with(&ENOUGH.replace(" TRIGGER,", "")).await;
    let error = migrate(connection, &migrations(), PATIENCE).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, MigrationError::Preflight(_)), "{text}");
    assert!(text.contains(&format!("GRANT TRIGGER ON `{}`.* TO ", database.name)), "{text}");
    assert!(database.tables().await.is_empty(), "nothing may be changed before all is known to work");
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_wrong_character_set_names_its_cure() {
    let database = TestDatabase::create().await;
    database.as_root(&format!("ALTER DATABASE `{}` CHARACTER SET latin1", database.name)).await;
    let error = migrate(database.connect().await, &migrations(), PATIENCE).await.unwrap_err();
    assert!(error.to_string().contains("CHARACTER SET utf8mb4"), "{error}");
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn error_1419_is_foreseen_and_named() {
    let installed = Installed::from_env().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = MysqlOptions { flags: vec!["--log-bin-trust-function-creators=0".to_owned()] };
    let server = Mysql::start(&installed, folder.path(), &options).unwrap();
    let database = TestDatabase::create_at(&server.url()).await;
    let error = migrate(database.connect_with(ENOUGH).await, &migrations(), PATIENCE).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("1419") && text.contains("log_bin_trust_function_creators = 1"), "{text}");
    assert!(database.tables().await.is_empty());
    // Root holds SUPER and needs no trust.
    migrate(database.connect().await, &migrations(), PATIENCE).await.unwrap();
}
