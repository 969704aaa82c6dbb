//! How a service reaches MySQL: a lazy pool that starts while the server is away, credentials from a mounted
//! Secret that may change, TLS by default, and the schema's version.

mod lease;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::{ConnectOptions, Executor, MySqlPool};
use tokio_util::sync::CancellationToken;

use crate::{ConfigError, secret_file};
pub use lease::Lease;

/// A handful of rows: a server that needs longer is frozen or behind a cut network.
const SCHEMA_LIMIT: Duration = Duration::from_secs(10);

/// Where MySQL is and who we are there.
#[derive(Clone, Debug, clap::Args)]
pub struct DatabaseArgs {
    /// Host name; with TLS it must be in the server's certificate.
    #[arg(long, env)]
    pub database_host: String,

    /// TCP port.
    #[arg(long, env, default_value_t = 3306)]
    pub database_port: u16,

    /// Schema name.
    #[arg(long, env)]
    pub database_name: String,

    /// Folder with the files `username` and `password` (a mounted Secret); read again for new connections.
    #[arg(long, env)]
    pub database_credentials_dir: PathBuf,

    /// CA (PEM) that signed the server's certificate. Without it the system's roots count.
    #[arg(long, env)]
    pub database_ca_file: Option<PathBuf>,

    /// `required`: TLS, server verified. `disabled`: for tests on one machine.
    #[arg(long, env, value_enum, default_value = "required")]
    pub database_tls: DatabaseTls,

    /// Most connections of this process.
    #[arg(long, env, default_value_t = 8)]
    pub database_max_connections: u32,
}

/// Whether the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DatabaseTls {
    /// TLS with the server's CA and host name verified.
    Required,
    /// Plain text.
    Disabled,
}

/// What a service asks of its connections.
#[derive(Clone, Debug)]
pub struct Session {
    /// Run on each new connection, for example `SET SESSION wait_timeout = 20`.
    pub statements: Vec<String>,
    /// Longest wait for a connection, a new one's set-up included.
    pub acquire_timeout: Duration,
    /// Idle connections are closed after this; must be below the session's `wait_timeout`.
    pub idle_timeout: Duration,
    /// Ask an idle connection whether it lives before use (one round trip).
    pub test_before_acquire: bool,
}

/// A pool and what keeps its credentials fresh.
#[derive(Clone, Debug)]
pub struct Database {
    pool: MySqlPool,
    args: Arc<DatabaseArgs>,
}

/// The schema as a service finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// New enough.
    Usable,
    /// Older than the code; the migrator has not run yet. Holds the version found, 0 for none.
    TooOld(i64),
}

impl Database {
    /// Makes the pool; connects only when used, so a service starts while its database is away.
    pub fn new(args: DatabaseArgs, session: Session) -> Result<Self, ConfigError> {
        let options = connect_options(&args, &read_credentials(&args)?);
        let statements: Arc<[String]> = session.statements.into();
        let pool = MySqlPoolOptions::new()
            .max_connections(args.database_max_connections)
            .acquire_timeout(session.acquire_timeout)
            .idle_timeout(session.idle_timeout)
            .test_before_acquire(session.test_before_acquire)
            .after_connect(move |connection, _| {
                let statements = statements.clone();
                Box::pin(async move {
                    for statement in statements.iter() {
                        connection.execute(sqlx::AssertSqlSafe(statement.as_str())).await?;
                    }
                    Ok(())
                })
            })
            .connect_lazy_with(options);
        Ok(Self { pool, args: Arc::new(args) })
    }

    /// The pool.
    pub fn pool(&self) -> &MySqlPool {
        &self.pool
    }

    /// Watches the mounted credentials once a second; new connections use what is there now. Runs until shutdown.
    pub async fn follow_credentials(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let mut current = read_credentials(&self.args).ok();
        while shutdown.run_until_cancelled(tokio::time::sleep(Duration::from_secs(1))).await.is_some() {
            match read_credentials(&self.args) {
                Ok(found) if current.as_ref().is_none_or(|current| !found.equals(current)) => {
                    tracing::info!("database credentials changed; new connections use them");
                    self.pool.set_connect_options(connect_options(&self.args, &found));
                    current = Some(found);
                }
                // A Secret's files are replaced one by one; the last good ones stay until both can be read.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Compares the migrations that ran with the version this code needs. A newer schema is fine: migrations
    /// expand first and contract later.
    pub async fn schema(&self, required: i64) -> Result<Schema, sqlx::Error> {
        let version = sqlx::query_scalar::<_, Option<i64>>("SELECT MAX(version) FROM _sqlx_migrations WHERE success");
        let version =
            Lease::within(&self.pool, SCHEMA_LIMIT, async |connection| version.fetch_one(connection).await).await;
        let version = match version {
            Ok(version) => version.unwrap_or(0),
            // 1146: no such table. No migration ever ran.
            Err(error) if mysql_code(&error) == Some(1146) => 0,
            Err(error) => return Err(error),
        };
        Ok(if version >= required { Schema::Usable } else { Schema::TooOld(version) })
    }
}

/// MySQL's error number (for example 1062), when the server sent one.
pub fn mysql_code(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?;
    error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().map(sqlx::mysql::MySqlDatabaseError::number)
}

struct Credentials {
    username: SecretString,
    password: SecretString,
}

impl Credentials {
    fn equals(&self, other: &Self) -> bool {
        self.username.expose_secret() == other.username.expose_secret()
            && self.password.expose_secret() == other.password.expose_secret()
    }
}

fn read_credentials(args: &DatabaseArgs) -> Result<Credentials, ConfigError> {
    let read = |key| secret_file::read("DATABASE_CREDENTIALS_DIR", &args.database_credentials_dir.join(key));
    Ok(Credentials { username: read("username")?, password: read("password")? })
}

fn connect_options(args: &DatabaseArgs, credentials: &Credentials) -> MySqlConnectOptions {
    let options = MySqlConnectOptions::new()
        .host(&args.database_host)
        .port(args.database_port)
        .database(&args.database_name)
        .username(credentials.username.expose_secret())
        .password(credentials.password.expose_secret())
        .charset("utf8mb4")
        // Statements may hold what shoppers sent; a slow one must not put that into the log.
        .disable_statement_logging();
    match (args.database_tls, &args.database_ca_file) {
        (DatabaseTls::Disabled, _) => options.ssl_mode(MySqlSslMode::Disabled),
        (DatabaseTls::Required, Some(ca)) => options.ssl_mode(MySqlSslMode::VerifyIdentity).ssl_ca(ca),
        (DatabaseTls::Required, None) => options.ssl_mode(MySqlSslMode::VerifyIdentity),
    }
}
