//! A notifier of a test's own.

use std::time::Duration;

use notifier::smtp::{SmtpArgs, SmtpTls};
use service_runtime::database::{DatabaseArgs, DatabaseTls};
use service_runtime::{CancellationToken, Health, LogFormat, Process, RuntimeArgs};
use tokio::task::JoinHandle;

use crate::database::Shop;

/// Stops when dropped, or gracefully by [`Post::stop`].
pub struct Post {
    pub health: Health,
    stop: CancellationToken,
    process: Option<JoinHandle<anyhow::Result<()>>>,
    _credentials: tempfile::TempDir,
}

impl Drop for Post {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Post {
    /// `smtp`: `127.0.0.1:port`.
    pub fn start(shop: &Shop, smtp: &str) -> Self {
        Self::start_with(shop, smtp, |_| {})
    }

    /// With other arguments for the mail server.
    pub fn start_with(shop: &Shop, smtp: &str, change: impl FnOnce(&mut SmtpArgs)) -> Self {
        // As main does by sqlx's and lettre's features; tests with reqwest have more than one user of rustls.
        let _already_set = rustls::crypto::ring::default_provider().install_default();
        let credentials = tempfile::tempdir().unwrap();
        std::fs::write(credentials.path().join("username"), "root").unwrap();
        std::fs::write(credentials.path().join("password"), &shop.password).unwrap();
        let database = DatabaseArgs {
            database_host: "127.0.0.1".to_owned(),
            database_port: shop.port,
            database_name: shop.name.clone(),
            database_credentials_dir: credentials.path().to_owned(),
            database_ca_file: Some(shop.ca.clone()),
            database_tls: DatabaseTls::Required,
            database_max_connections: 4,
        };
        let (host, port) = smtp.split_once(':').unwrap();
        let mut smtp = SmtpArgs {
            smtp_host: host.to_owned(),
            smtp_port: port.parse().unwrap(),
            smtp_from: "The Shop <orders@shop.example>".to_owned(),
            smtp_tls: SmtpTls::None,
            smtp_ca_file: None,
            smtp_credentials_dir: None,
        };
        change(&mut smtp);
        let runtime = RuntimeArgs {
            admin_addr: "127.0.0.1:0".parse().unwrap(),
            log_format: LogFormat::Text,
            shutdown_grace: Duration::from_secs(20),
        };
        let mut process = Process::start("notifier", "test", &runtime).unwrap();
        notifier::start(&mut process, database, &smtp, 2).unwrap();
        let (health, stop) = (process.health.clone(), process.shutdown.clone());
        let process = Some(tokio::spawn(process.run()));
        Self { health, stop, process, _credentials: credentials }
    }

    /// Tells it to stop, as SIGTERM does, at once; the future ends when the process would have ended.
    pub fn stop(mut self) -> impl Future<Output = ()> {
        self.stop.cancel();
        async move { self.process.take().unwrap().await.unwrap().unwrap() }
    }

    /// Until a backend (`mysql`, `smtp`) is known to be up, or not.
    pub async fn until(&self, backend: &'static str, up: bool) {
        let component = self.health.component(backend);
        let reached = async {
            while component.is_up() != Some(up) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), reached).await.unwrap();
    }
}
