//! A search-api of a test's own, with a catalogue of its own on the server that tests share.

use std::path::PathBuf;

use search_api::follow::Following;
use search_api::search::Limits;
use service_runtime::auth::AdminToken;
use service_runtime::database::{DatabaseArgs, DatabaseTls};
use service_runtime::{CancellationToken, LogFormat, Process, RuntimeArgs};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::fixture::variable;

/// It stops when dropped.
pub struct SearchApi {
    pub url: String,
    pub database: MySqlConnectOptions,
    files: TempDir,
    stop: CancellationToken,
}

impl Drop for SearchApi {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl SearchApi {
    pub async fn start() -> Self {
        let url = variable("TEST_MYSQL_URL");
        let server: MySqlConnectOptions = url.parse().unwrap();
        let schema = format!("catalog_{}", Uuid::new_v4().simple());
        run(&server, &format!("CREATE DATABASE {schema} CHARACTER SET utf8mb4")).await;
        let database = server.clone().database(&schema);
        sqlx::migrate!("../migrations").run(&mut database.connect().await.unwrap()).await.unwrap();

        let files = tempfile::tempdir().unwrap();
        let (password, _) = url.trim_start_matches("mysql://root:").split_once('@').unwrap();
        for (name, text) in [("username", "root"), ("password", password), ("token", "a-test's-token")] {
            std::fs::write(files.path().join(name), text).unwrap();
        }
        let database_args = DatabaseArgs {
            database_host: "127.0.0.1".to_owned(),
            database_port: server.get_port(),
            database_name: schema,
            database_credentials_dir: files.path().to_owned(),
            database_ca_file: Some(variable("TEST_MYSQL_CA").into()),
            database_tls: DatabaseTls::Required,
            database_max_connections: 6,
        };
        let runtime = RuntimeArgs {
            admin_addr: "127.0.0.1:0".parse().unwrap(),
            log_format: LogFormat::Text,
            shutdown_grace: std::time::Duration::from_secs(5),
        };
        let mut process = Process::start("search-api", "test", &runtime).unwrap();
        let limits = Limits { like_scans: 2, like_time: std::time::Duration::from_secs(5) };
        let token = AdminToken::from_file(Some(&files.path().join("token")));
        let following = Following::with_memory(256 << 20);
        let router = search_api::start(&mut process, database_args, limits, following, token, &[]).unwrap();
        let address = process.serve("http", "127.0.0.1:0".parse().unwrap(), router).await.unwrap();
        process.serve_admin().await.unwrap();
        let stop = process.shutdown.clone();
        tokio::spawn(process.run());
        Self { url: format!("http://{address}"), database, files, stop }
    }

    pub fn token_file(&self) -> PathBuf {
        self.files.path().join("token")
    }

    pub async fn close(self) {
        run(&self.database, &format!("DROP DATABASE {}", self.database.get_database().unwrap())).await;
    }
}

async fn run(server: &MySqlConnectOptions, sql: &str) {
    let mut connection = server.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
