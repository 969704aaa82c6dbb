//! The platform as child processes, with a MySQL and a Kafka that are its own to stop and kill.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use local_servers::{Installed, Kafka, Mail, Mysql, MysqlOptions};
use order_events::OrderNamespace;
use orderctl::verify::Sources;
use rdkafka::ClientConfig;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, MySqlPool};
use tokio::task::block_in_place;

use super::services::{Service, Surroundings};
use crate::bench::Replay;
use crate::order_log::OrderLog;

const TOPIC: &str = "orders";
const PARTITIONS: i32 = 6;

/// What one platform has otherwise than another.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// `Idempotent` or `Transactional`.
    pub producer_mode: &'static str,
    /// Consumers at the same time.
    pub consumers: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self { producer_mode: "Idempotent", consumers: 1 }
    }
}

/// All of it. Dropping it ends every process; the logs stay.
pub struct Processes {
    // The services come first: they end before what they need.
    shop: Option<[Service; 2]>,
    order_api: Service,
    order_api_url: String,
    consumers: Vec<Service>,
    notifier: Service,
    mysql: Mysql,
    kafka: Kafka,
    mail: Mail,
    surroundings: Surroundings,
}

impl Processes {
    /// Starts everything. `name` is a folder for data and logs in `target/local/e2e`, emptied first.
    pub async fn start(name: &str) -> Result<Self> {
        Self::start_with(name, Setup::default()).await
    }

    /// The same, but for what `setup` says.
    pub async fn start_with(name: &str, setup: Setup) -> Result<Self> {
        let installed = Installed::from_env()?;
        let folder = installed.folder().join("e2e").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        let (mysql, kafka, mail) = block_in_place(|| servers(&installed, &folder))?;
        let surroundings = Surroundings::new(&folder, &mysql, &kafka, &mail)?;
        let mut root = MySqlConnection::connect_with(&options(&mysql)).await?;
        root.execute(AssertSqlSafe(format!("CREATE DATABASE {}", surroundings.database_name()))).await?;
        order_log(&kafka).create(PARTITIONS).await?;
        block_in_place(|| {
            surroundings.migrate(surroundings.database_name())?;
            let (order_api, order_api_url) = surroundings.order_api(setup.producer_mode)?;
            Ok(Self {
                shop: None,
                order_api,
                order_api_url,
                consumers: (0..setup.consumers)
                    .map(|index| surroundings.order_consumer(index))
                    .collect::<Result<_>>()?,
                notifier: surroundings.notifier()?,
                mysql,
                kafka,
                mail,
                surroundings,
            })
        })
    }

    /// Starts search-api and the storefront with the built page; gives the shop's base URL.
    pub fn open_shop(&mut self, page: &Path, ops: &str) -> Result<String> {
        block_in_place(|| {
            let (search, search_url) = self.surroundings.search_api()?;
            let (storefront, url) = self.surroundings.storefront(page, &search_url, &self.order_api_url, ops)?;
            self.shop = Some([search, storefront]);
            Ok(url)
        })
    }

    /// Ends the consumers the hard way; they stay away.
    pub(crate) fn stop_consumer(&mut self) -> Result<()> {
        block_in_place(|| self.consumers.iter_mut().try_for_each(Service::kill))
    }

    /// Starts the consumers after [`Processes::stop_consumer`], without waiting for them.
    pub(crate) fn start_consumer(&mut self) -> Result<()> {
        block_in_place(|| self.consumers.iter_mut().try_for_each(Service::start_again))
    }

    /// One of the consumers.
    pub(crate) fn consumer(&mut self, index: usize) -> &mut Service {
        &mut self.consumers[index]
    }

    /// The secret that order numbers are derived in.
    pub(crate) fn namespace(&self) -> Result<OrderNamespace> {
        self.surroundings.namespace()
    }

    /// Stops the mail server; what it has is forgotten.
    pub(crate) fn take_mail_down(&mut self) -> Result<()> {
        block_in_place(|| self.mail.process().kill())
    }

    /// Starts it again, empty, without waiting for it.
    pub(crate) fn bring_mail_back(&mut self) -> Result<()> {
        block_in_place(|| self.mail.process().start_again())
    }

    /// The logs of order-api, the first consumer and the notifier.
    pub(crate) fn logs(&self) -> [&Path; 3] {
        [&self.order_api, &self.consumers[0], &self.notifier].map(Service::log)
    }

    /// `http://host:port` of the mail server's own API.
    pub(crate) fn mail_api(&self) -> String {
        self.mail.api()
    }

    pub(super) fn sources(&self) -> Sources {
        let mut kafka = ClientConfig::new();
        kafka.set("bootstrap.servers", self.kafka.bootstrap());
        let database = options(&self.mysql).database(self.surroundings.database_name());
        Sources { database, kafka, topic: TOPIC.to_owned() }
    }

    /// A second schema on the same server, with the same tables, to replay statements on.
    pub(crate) async fn replay(&self) -> Result<Replay> {
        let replay = Replay::prepare(options(&self.mysql), self.surroundings.database_name()).await?;
        block_in_place(|| self.surroundings.migrate(replay.schema()))?;
        Ok(replay)
    }

    pub(super) fn order_api(&self) -> String {
        self.order_api_url.clone()
    }

    pub(super) async fn database(&self) -> Result<MySqlPool> {
        let options = options(&self.mysql).database(self.surroundings.database_name());
        Ok(MySqlPoolOptions::new().max_connections(4).connect_with(options).await?)
    }

    pub(super) fn order_log(&self) -> OrderLog {
        order_log(&self.kafka)
    }

    pub(super) fn kill_consumer(&mut self) -> Result<()> {
        block_in_place(|| {
            self.consumers.iter_mut().try_for_each(Service::kill)?;
            self.consumers.iter_mut().try_for_each(Service::start_again)
        })
    }

    pub(super) fn restart_order_api(&mut self) -> Result<()> {
        block_in_place(|| {
            self.order_api.kill()?;
            self.order_api.start_again()?;
            self.order_api.wait_ready()
        })
    }

    pub(super) fn take_database_down(&mut self) -> Result<()> {
        block_in_place(|| self.mysql.stop())
    }

    pub(super) fn bring_database_back(&mut self) -> Result<()> {
        block_in_place(|| self.mysql.start_again())
    }

    pub(super) fn take_kafka_down(&mut self) -> Result<()> {
        block_in_place(|| self.kafka.stop())
    }

    pub(super) fn bring_kafka_back(&mut self) -> Result<()> {
        block_in_place(|| self.kafka.start_again())
    }

    pub(super) fn dump(&self) -> String {
        let services =
            [&self.order_api, &self.notifier].into_iter().chain(&self.consumers).chain(self.shop.iter().flatten());
        services.map(|service| last_lines(service.log())).collect::<Vec<_>>().join("\n")
    }
}

/// The three servers, started at the same time.
fn servers(installed: &Installed, folder: &Path) -> Result<(Mysql, Kafka, Mail)> {
    std::thread::scope(|scope| {
        let mysql = scope.spawn(|| Mysql::start(installed, &folder.join("mysql"), &MysqlOptions::default()));
        let mail = scope.spawn(|| Mail::start(installed, &folder.join("mail")));
        let kafka = Kafka::start(installed, &folder.join("kafka"));
        let joined = "starting a server does not panic";
        Ok((mysql.join().expect(joined)?, kafka?, mail.join().expect(joined)?))
    })
}

fn order_log(kafka: &Kafka) -> OrderLog {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.bootstrap());
    OrderLog::new(config, TOPIC)
}

fn options(mysql: &Mysql) -> MySqlConnectOptions {
    MySqlConnectOptions::new()
        .host("127.0.0.1")
        .port(mysql.port())
        .username(mysql.user())
        .password(mysql.password())
        .ssl_mode(MySqlSslMode::VerifyIdentity)
        .ssl_ca(mysql.ca_file())
}

fn last_lines(log: &Path) -> String {
    let text = String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    format!("--- {}\n{}", PathBuf::from(log).display(), lines[lines.len().saturating_sub(40)..].join("\n"))
}
