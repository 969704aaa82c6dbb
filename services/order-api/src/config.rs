//! Flags and variables, and the configuration they make.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use axum::http::HeaderValue;
use order_events::OrderNamespace;
use secrecy::ExposeSecret;
use service_runtime::database::DatabaseArgs;
use service_runtime::kafka::KafkaArgs;
use service_runtime::{ConfigError, RuntimeArgs, secret_file};

use crate::caller::{Cidr, TrustedProxies};
use crate::publisher::Mode;

/// Order intake over HTTP: orders go to Kafka, their outcome comes from MySQL.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "order-api", version)]
#[expect(missing_docs, reason = "flattened groups document themselves")]
pub struct Args {
    #[command(flatten)]
    pub runtime: RuntimeArgs,

    #[command(flatten)]
    pub database: DatabaseArgs,

    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// Address of the API.
    #[arg(long, env, default_value = "0.0.0.0:8080")]
    pub http_addr: SocketAddr,

    /// File with the UUID that order numbers are derived in. A secret, and for ever the same: another one would
    /// make every retry a second order.
    #[arg(long, env)]
    pub order_namespace_file: PathBuf,

    /// File with the bearer token of the calls that need one; without it they answer 403.
    #[arg(long, env)]
    pub admin_token_file: Option<PathBuf>,

    /// Networks (CIDR, separated by commas) whose X-Forwarded-For is believed. Without them all callers behind a
    /// proxy are one caller.
    #[arg(long, env, default_value = "")]
    pub trusted_proxies: String,

    /// Origins (separated by commas, or `*`) whose pages may call the API.
    #[arg(long, env, default_value = "")]
    pub cors_origins: String,

    /// How orders are written to Kafka.
    #[arg(long, env, value_enum, default_value = "Idempotent")]
    pub producer_mode: ProducerMode,

    /// With PRODUCER_MODE=Transactional: transactional ids begin with this, followed by what is unique to the process. The Kafka
    /// user needs Describe and Write on transactional ids with this prefix.
    #[arg(long, env, default_value = "order-api")]
    pub kafka_transactional_id_prefix: String,

    /// Most orders and cancels waiting for Kafka; more are answered with 503 at once.
    #[arg(long, env, default_value_t = 1024)]
    pub max_in_flight: usize,

    /// Most requests waiting for an outcome (`?wait=`); more are answered with 503 at once.
    #[arg(long, env, default_value_t = 5000)]
    pub max_waiters: usize,

    /// Orders and cancels per second that one caller may send to this process, then 429. 0: no limit.
    #[arg(long, env, default_value_t = 2000)]
    pub caller_rate: u32,

    /// How many of them may come at once.
    #[arg(long, env, default_value_t = 10_000)]
    pub caller_burst: u32,

    /// Orders whose body is remembered, to find another body under the same key.
    #[arg(long, env, default_value_t = 100_000)]
    pub recent_keys: usize,
}

/// How orders are written to Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum ProducerMode {
    /// One record, acknowledged by all in-sync replicas.
    Idempotent,
    /// All orders that wait in one transaction: a reader of committed records sees exactly what was answered with 2xx.
    Transactional,
}

/// What the flags mean, checked.
#[derive(Debug)]
pub struct Config {
    /// The secret that order numbers are derived in.
    pub namespace: OrderNamespace,
    /// How orders are written to Kafka.
    pub producer: Mode,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: TrustedProxies,
    /// Whose pages may call.
    pub cors_origins: Vec<HeaderValue>,
}

impl Config {
    /// Checks everything that clap cannot. The error names the variable.
    pub fn from_args(args: &Args) -> Result<Self, ConfigError> {
        let prefix = args.kafka_transactional_id_prefix.trim();
        if prefix.is_empty() || prefix.len() > 200 || !prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "must be 1 to 200 visible ASCII characters";
            return Err(ConfigError::new("KAFKA_TRANSACTIONAL_ID_PREFIX", message));
        }
        let producer = match args.producer_mode {
            ProducerMode::Idempotent => Mode::Idempotent,
            ProducerMode::Transactional => Mode::Transactional(prefix.to_owned()),
        };
        let file = "ORDER_NAMESPACE_FILE";
        let namespace = secret_file::read(file, &args.order_namespace_file)?;
        let namespace = OrderNamespace::parse(namespace.expose_secret())
            .map_err(|error| ConfigError::new(file, error.to_string()))?;
        Ok(Self {
            namespace,
            producer,
            trusted_proxies: TrustedProxies::new(list::<Cidr>("TRUSTED_PROXIES", &args.trusted_proxies)?),
            cors_origins: list("CORS_ORIGINS", &args.cors_origins)?,
        })
    }
}

/// The parts of a list separated by commas; empty parts are skipped.
fn list<T: FromStr<Err: std::fmt::Display>>(setting: &str, text: &str) -> Result<Vec<T>, ConfigError> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().map_err(|error: T::Err| ConfigError::new(setting, error.to_string()))).collect()
}
