//! Our own programs as child processes.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use local_servers::{Kafka, Mail, Mysql, Process, Recipe, free_port};
use order_events::OrderNamespace;

use crate::patience::PATIENCE;

const DATABASE: &str = "orders";
/// Opens the dead letters of this platform, which lives as long as its test.
pub const ADMIN_TOKEN: &str = "e2e-admin-token";

/// One service and the port of its probes.
pub struct Service {
    process: Process,
    admin: u16,
}

impl Service {
    fn start(recipe: Recipe) -> Result<Self> {
        let admin = free_port()?;
        let recipe = recipe.env("ADMIN_ADDR", format!("127.0.0.1:{admin}"));
        let mut service = Self { process: Process::start(recipe)?, admin };
        service.wait_ready()?;
        Ok(service)
    }

    /// kill -9.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Starts it again on the same ports without waiting for it.
    pub fn start_again(&mut self) -> Result<()> {
        self.process.start_again()
    }

    /// Waits until it says that it is ready.
    pub fn wait_ready(&mut self) -> Result<()> {
        let admin = self.admin;
        self.process.wait_ready(PATIENCE, || is_ready(admin))
    }

    /// SIGSTOP: it keeps its connections and answers nothing.
    pub fn freeze(&self) -> Result<()> {
        self.process.freeze()
    }

    /// SIGCONT after [`Service::freeze`].
    pub fn thaw(&self) -> Result<()> {
        self.process.thaw()
    }

    /// Its log.
    pub fn log(&self) -> &Path {
        self.process.log()
    }
}

/// What all of our programs are told about their surroundings.
pub struct Surroundings {
    programs: PathBuf,
    folder: PathBuf,
    database: Vec<(&'static str, String)>,
    kafka: Vec<(&'static str, String)>,
    mail: Vec<(&'static str, String)>,
}

impl Surroundings {
    /// Writes the files that a Secret would mount into `folder`.
    pub fn new(folder: &Path, mysql: &Mysql, kafka: &Kafka, mail: &Mail) -> Result<Self> {
        let credentials = folder.join("database");
        fs::create_dir_all(&credentials)?;
        fs::write(credentials.join("username"), mysql.user())?;
        fs::write(credentials.join("password"), mysql.password())?;
        fs::write(folder.join("namespace"), uuid::Uuid::new_v4().to_string())?;
        fs::write(folder.join("token"), ADMIN_TOKEN)?;
        let (smtp_host, smtp_port) =
            mail.smtp().split_once(':').map(|(host, port)| (host.to_owned(), port.to_owned())).context("host:port")?;
        Ok(Self {
            programs: programs()?,
            folder: folder.to_owned(),
            database: vec![
                ("DATABASE_HOST", "127.0.0.1".to_owned()),
                ("DATABASE_PORT", mysql.port().to_string()),
                ("DATABASE_NAME", DATABASE.to_owned()),
                ("DATABASE_CREDENTIALS_DIR", credentials.display().to_string()),
                ("DATABASE_CA_FILE", mysql.ca_file().display().to_string()),
            ],
            kafka: vec![
                ("KAFKA_BOOTSTRAP", kafka.bootstrap()),
                ("KAFKA_TOPIC", "orders".to_owned()),
                ("KAFKA_SECURITY_PROTOCOL", "plaintext".to_owned()),
            ],
            mail: vec![
                ("SMTP_HOST", smtp_host),
                ("SMTP_PORT", smtp_port),
                ("SMTP_FROM", "shop@example.org".to_owned()),
                ("SMTP_TLS", "none".to_owned()),
            ],
        })
    }

    /// The schema's name.
    pub fn database_name(&self) -> &'static str {
        DATABASE
    }

    /// Applies the migrations to a schema.
    pub fn migrate(&self, schema: &str) -> Result<()> {
        let recipe = with(self.recipe("migrator"), &self.database).env("DATABASE_NAME", schema);
        let mut migrator = Process::start(recipe.env("TERMINATION_LOG", self.folder.join("migrator.json")))?;
        let status = migrator.wait(PATIENCE)?.context("the migrator did not end in time")?;
        ensure!(status.success(), "the migrator ended with {status}: see {}", migrator.log().display());
        Ok(())
    }

    /// order-api, with its base URL. `mode`: Idempotent or Transactional.
    pub fn order_api(&self, mode: &str) -> Result<(Service, String)> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let recipe = with(with(self.recipe("order-api"), &self.database), &self.kafka)
            .env("HTTP_ADDR", &address)
            .env("KAFKA_CLIENT_ID", "order-api-0")
            .env("PRODUCER_MODE", mode)
            .env("TRUSTED_PROXIES", "127.0.0.0/8")
            .env("ORDER_NAMESPACE_FILE", self.folder.join("namespace"))
            .env("ADMIN_TOKEN_FILE", self.folder.join("token"));
        Ok((Service::start(recipe)?, format!("http://{address}")))
    }

    /// search-api, with its base URL.
    pub fn search_api(&self) -> Result<(Service, String)> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let recipe = with(self.recipe("search-api"), &self.database).env("HTTP_ADDR", &address);
        Ok((Service::start(recipe)?, format!("http://{address}")))
    }

    /// storefront in front of both, with its base URL. `page` is the built page's folder, `ops` what stands in
    /// for the operator.
    pub fn storefront(&self, page: &Path, search: &str, orders: &str, ops: &str) -> Result<(Service, String)> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let recipe = self
            .recipe("storefront")
            .env("HTTP_ADDR", &address)
            .env("WEB_ROOT", page)
            .env("SEARCH_API_URL", search)
            .env("ORDER_API_URL", orders)
            .env("OPS_URL", ops);
        Ok((Service::start(recipe)?, format!("http://{address}")))
    }

    /// order-consumer; `index` tells several apart.
    pub fn order_consumer(&self, index: usize) -> Result<Service> {
        let name = format!("order-consumer-{index}");
        let recipe = with(with(self.recipe_as("order-consumer", &name), &self.database), &self.kafka);
        Service::start(recipe.env("KAFKA_CLIENT_ID", name))
    }

    /// The secret that order numbers are derived in.
    pub fn namespace(&self) -> Result<OrderNamespace> {
        Ok(OrderNamespace::parse(&fs::read_to_string(self.folder.join("namespace"))?)?)
    }

    /// notifier.
    pub fn notifier(&self) -> Result<Service> {
        Service::start(with(with(self.recipe("notifier"), &self.database), &self.mail))
    }

    fn recipe(&self, program: &str) -> Recipe {
        self.recipe_as(program, program)
    }

    fn recipe_as(&self, program: &str, name: &str) -> Recipe {
        Recipe::new(name, self.programs.join(program), self.folder.join(format!("{name}.log")))
            .env("LOG_FORMAT", "text")
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned()))
    }
}

fn with(recipe: Recipe, variables: &[(&'static str, String)]) -> Recipe {
    variables.iter().fold(recipe, |recipe, (name, value)| recipe.env(*name, value))
}

/// The folder with our programs: `PROGRAMS`, else where cargo puts them beside this one.
fn programs() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("PROGRAMS") {
        return Ok(folder.into());
    }
    let own = std::env::current_exe()?;
    let folder = own.ancestors().skip(1).find(|folder| folder.join("order-api").is_file());
    Ok(folder.context("our programs are not built: run `cargo build` first")?.to_owned())
}

fn is_ready(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut head = [0; 12];
    stream.set_read_timeout(Some(Duration::from_secs(2))).is_ok()
        && stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").is_ok()
        && stream.read_exact(&mut head).is_ok()
        && head.ends_with(b"200")
}
