//! A database of a test's own, gone when the test is over.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::mysql::MySqlConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, MySqlConnection};

pub struct TestDatabase {
    pub name: String,
    root: MySqlConnectOptions,
}

impl TestDatabase {
    pub async fn create() -> Self {
        Self::create_at(&std::env::var("TEST_MYSQL_URL").expect("TEST_MYSQL_URL: run `cargo xtask servers up`")).await
    }

    pub async fn create_at(url: &str) -> Self {
        let root: MySqlConnectOptions = url.parse().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let name = format!("migrator_{now}_{:?}", std::thread::current().id()).replace(['(', ')'], "");
        let database = Self { name, root };
        database.as_root(&format!("CREATE DATABASE `{}` CHARACTER SET utf8mb4", database.name)).await;
        database
    }

    /// A connection of root's, in this database.
    pub async fn connect(&self) -> MySqlConnection {
        self.root.clone().database(&self.name).connect().await.unwrap()
    }

    /// A connection of a user who holds `privileges` on this database and nothing else.
    pub async fn connect_with(&self, privileges: &str) -> MySqlConnection {
        let user = self.user();
        self.as_root(&format!("CREATE USER `{user}`@`%` IDENTIFIED BY 'secret'")).await;
        self.as_root(&format!("GRANT {privileges} ON `{}`.* TO `{user}`@`%`", self.name)).await;
        self.root.clone().username(&user).password("secret").database(&self.name).connect().await.unwrap()
    }

    /// The program itself, as root on this database.
    pub fn migrator(&self, credentials: &Path) -> Command {
        let url = std::env::var("TEST_MYSQL_URL").unwrap();
        let (login, address) = url.trim_start_matches("mysql://").split_once('@').unwrap();
        let (username, password) = login.split_once(':').unwrap();
        std::fs::write(credentials.join("username"), username).unwrap();
        std::fs::write(credentials.join("password"), password).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_migrator"));
        command
            .env("DATABASE_HOST", "127.0.0.1")
            .env("DATABASE_PORT", address.rsplit_once(':').unwrap().1)
            .env("DATABASE_NAME", &self.name)
            .env("DATABASE_CREDENTIALS_DIR", credentials)
            .env("DATABASE_CA_FILE", std::env::var("TEST_MYSQL_CA").expect("TEST_MYSQL_CA"))
            .env("TERMINATION_LOG", credentials.join("termination"))
            .stdout(Stdio::null());
        command
    }

    pub async fn as_root(&self, sql: &str) {
        let mut root = self.root.connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut root).await.unwrap();
        root.close().await.unwrap();
    }

    pub async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connect().await).await.unwrap();
    }

    pub async fn tables(&self) -> Vec<String> {
        let sql = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1";
        sqlx::query_scalar(sql).fetch_all(&mut self.connect().await).await.unwrap()
    }

    pub async fn marks(&self) -> Vec<(i64, bool)> {
        let sql = "SELECT version, success FROM _sqlx_migrations ORDER BY version";
        sqlx::query_as(sql).fetch_all(&mut self.connect().await).await.unwrap()
    }

    /// A user's name may have 32 characters.
    fn user(&self) -> String {
        format!("u{}", &self.name[self.name.len() - 24..])
    }

    pub async fn drop(self) {
        self.as_root(&format!("DROP USER IF EXISTS `{}`@`%`", self.user())).await;
        self.as_root(&format!("DROP DATABASE `{}`", self.name)).await;
    }
}
