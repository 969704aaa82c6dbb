//! One Kafka broker that is its own controller (KRaft), quick to start.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::{Installed, Process, Recipe, archive, certificates, free_port};

const START: Duration = Duration::from_secs(180);
const STOP: Duration = Duration::from_secs(60);
const CLUSTER_ID: &str = "bG9jYWwtc2VydmVycy0xMg";

/// A broker on loopback without TLS and without users. Topics are not made by themselves.
#[derive(Debug)]
pub struct Kafka {
    process: Process,
    port: u16,
    secure: Option<Secure>,
}

/// What a broker of [`Kafka::start_secure`] offers besides.
#[derive(Clone, Debug)]
pub struct Secure {
    /// `127.0.0.1:port`: TLS, and clients must show a certificate.
    pub tls: String,
    /// `127.0.0.1:port`: TLS, and users log in by SCRAM-SHA-512.
    pub sasl: String,
    /// PEM of the authority.
    pub ca: PathBuf,
    /// PEM of a client's certificate.
    pub client_certificate: PathBuf,
    /// Its key.
    pub client_key: PathBuf,
}

impl Kafka {
    /// Starts a broker that keeps its data and log in `folder`, which is made when it is not there. A folder
    /// that was used before is taken up again.
    pub fn start(installed: &Installed, folder: &Path) -> Result<Self> {
        let archived = archived(installed)?;
        let java = [format!("-XX:SharedArchiveFile={}", classes(&archived))];
        Self::start_in(installed, folder, &archived, &java, None)
    }

    /// One with a listener for client certificates and one for users, too.
    pub fn start_secure(installed: &Installed, folder: &Path) -> Result<Self> {
        let archived = archived(installed)?;
        let tls = folder.join("tls");
        certificates::make(&tls, "kafka")?;
        certificates::client(&tls, "client")?;
        let secure = Secure {
            tls: format!("127.0.0.1:{}", free_port()?),
            sasl: format!("127.0.0.1:{}", free_port()?),
            ca: tls.join("ca.crt"),
            client_certificate: tls.join("client.crt"),
            client_key: tls.join("client.key"),
        };
        let java = [format!("-XX:SharedArchiveFile={}", classes(&archived))];
        Self::start_in(installed, folder, &archived, &java, Some(secure))
    }

    fn start_in(
        installed: &Installed,
        folder: &Path,
        archived: &Path,
        java: &[String],
        secure: Option<Secure>,
    ) -> Result<Self> {
        let data = folder.join("data");
        if !data.exists() {
            archive::copy(&archived.join("data"), &data)?;
        }
        let (port, controller) = (free_port()?, free_port()?);
        let config = folder.join("server.properties");
        fs::write(&config, properties(&data, port, controller, secure.as_ref()))?;
        let recipe = java_recipe(installed, archived, &folder.join("kafka.log"))
            .args(java)
            .args(["-Xms256m", "-Xmx384m"])
            .arg("kafka.Kafka")
            .arg(config);
        let mut kafka = Self { process: Process::start(recipe)?, port, secure };
        kafka.wait_ready(0)?;
        Ok(kafka)
    }

    /// `127.0.0.1:port`; it stays the same over restarts.
    pub fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The other listeners; none without [`Kafka::start_secure`].
    pub fn secure(&self) -> Option<&Secure> {
        self.secure.as_ref()
    }

    /// Makes a user for [`Secure::sasl`], or gives it another password.
    pub fn set_password(&self, installed: &Installed, folder: &Path, user: &str, password: &str) -> Result<()> {
        let log = folder.join("users.log");
        let recipe = java_recipe(installed, &archived(installed)?, &log)
            .args(["kafka.admin.ConfigCommand", "--bootstrap-server", &self.bootstrap(), "--alter"])
            .args(["--entity-type", "users", "--entity-name", user])
            .arg("--add-config")
            .arg(format!("SCRAM-SHA-512=[iterations=4096,password={password}]"));
        let status = Process::start(recipe)?.wait(START)?.context("Kafka did not make a user in time")?;
        ensure!(status.success(), "Kafka did not make a user: see {}", log.display());
        Ok(())
    }

    /// The broker's process, to freeze and thaw it.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// SIGTERM, and waits until it has gone.
    pub fn stop(&mut self) -> Result<()> {
        self.process.stop(STOP).map(drop)
    }

    /// kill -9.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Starts it again on the same port and data, and waits until it serves.
    pub fn start_again(&mut self) -> Result<()> {
        let before = log_length(self.process.log());
        self.process.start_again()?;
        self.wait_ready(before)
    }

    /// The port opens before the controller lets the broker serve, so the log is asked: its part after
    /// `from` bytes, which is this start's.
    fn wait_ready(&mut self, from: usize) -> Result<()> {
        let log = self.process.log().to_owned();
        self.process.wait_ready(START, || {
            let text = fs::read(&log).unwrap_or_default();
            String::from_utf8_lossy(&text[from.min(text.len())..]).contains("Kafka Server started")
        })
    }
}

fn log_length(log: &Path) -> usize {
    fs::metadata(log).map_or(0, |meta| meta.len() as usize)
}

fn classes(archived: &Path) -> String {
    archived.join("classes.jsa").display().to_string()
}

fn java_recipe(installed: &Installed, archived: &Path, log: &Path) -> Recipe {
    Recipe::new("Kafka", installed.java(), log)
        .args(["-XX:+UseSerialGC", "-XX:-UsePerfData", "-Djava.awt.headless=true"])
        .arg(format!("-Dlog4j2.configurationFile={}", archived.join("log4j2.properties").display()))
        .args(["-cp", &format!("{}/*", installed.kafka_libs().display())])
}

/// A formatted data folder, and an archive of the classes that a broker loads: with it a start takes half
/// the time.
fn archived(installed: &Installed) -> Result<PathBuf> {
    let archived = installed.archive("kafka");
    archive::ensure_made(&archived, "kafka 1", |folder| {
        fs::write(folder.join("log4j2.properties"), LOGGING)?;
        let config = folder.join("format.properties");
        let data = folder.join("data");
        fs::write(&config, properties(&data, 9092, 9093, None))?;
        let format = java_recipe(installed, folder, &folder.join("format.log"))
            .args(["kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER_ID, "--config"])
            .arg(config);
        let mut format = Process::start(format)?;
        let status = format.wait(START)?.context("Kafka did not format its data folder in time")?;
        ensure!(status.success(), "Kafka cannot format a data folder: see {}", format.log().display());
        let first = folder.join("first");
        fs::create_dir(&first)?;
        let record = format!("-XX:ArchiveClassesAtExit={}", classes(folder));
        Kafka::start_in(installed, &first, folder, &[record], None)?.stop()?;
        fs::remove_dir_all(first)?;
        Ok(())
    })?;
    Ok(archived)
}

const LOGGING: &str = "\
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %-5p %c{1} %m%n
rootLogger.level=WARN
rootLogger.appenderRef.out.ref=out
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=INFO
";

/// One node, both roles, replication factor 1 everywhere.
fn properties(data: &Path, port: u16, controller: u16, secure: Option<&Secure>) -> String {
    let listener = |name: &str, address: &str| format!(",{name}://{address}");
    let (more, protocols, tls) = match secure {
        None => Default::default(),
        Some(secure) => (
            listener("TLS", &secure.tls) + &listener("SASL", &secure.sasl),
            ",TLS:SSL,SASL:SASL_SSL",
            secure_properties(secure),
        ),
    };
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{more}
advertised.listeners=CLIENT://127.0.0.1:{port}{more}
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}
{tls}inter.broker.listener.name=CLIENT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
",
        data = data.display()
    )
}

/// Certificates in PEM: keys and chain of one file each.
fn secure_properties(secure: &Secure) -> String {
    let folder = secure.ca.parent().unwrap_or(Path::new("."));
    let one_line = |file: &Path| fs::read_to_string(file).unwrap_or_default().trim().replace('\n', "\\n");
    format!(
        "ssl.keystore.type=PEM
ssl.keystore.certificate.chain={chain}
ssl.keystore.key={key}
ssl.truststore.type=PEM
ssl.truststore.certificates={ca}
listener.name.tls.ssl.client.auth=required
listener.name.sasl.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
",
        chain = one_line(&folder.join("tls.crt")),
        key = one_line(&folder.join("tls.key")),
        ca = one_line(&secure.ca),
    )
}
