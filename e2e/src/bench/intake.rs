//! order-api in both modes and a bare handler, as processes on one Kafka, and clients that load them.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use local_servers::{Installed, Kafka, Process, Recipe, free_port};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::block_in_place;

use crate::order_log::OrderLog;

const PARTITIONS: i32 = 12;
/// One load.
const TIME: Duration = Duration::from_secs(3);
const START: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(60);
/// What every client sends.
pub const BODY: &str = r#"{"customer":{"name":"Ann Example","email":"ann@example.org","address":"Street 1, 12345 Town"},"items":[{"productId":17,"quantity":2,"unitPrice":{"amount":1999,"currency":"EUR"}},{"productId":3,"quantity":1}],"payment":{"method":"card","token":"tok_1"}}"#;

/// One load's result.
pub struct Load {
    /// Answers with 200 per second.
    pub rate: f64,
    /// The 50th percentile of their times.
    pub p50: Duration,
    /// The 99th.
    pub p99: Duration,
}

/// What all loads were told, against the logs.
#[derive(Default)]
pub struct Counted {
    /// Answers with 200.
    pub answered: i64,
    /// Other answers.
    pub refused: i64,
    /// Answered with 200 and not in the log.
    pub lost: i64,
    /// Records beyond one for an order.
    pub duplicated: i64,
}

/// A server under load, with a topic of its own.
struct Server {
    address: SocketAddr,
    log: OrderLog,
    answered: Vec<Number>,
    refused: i64,
    _process: Process,
}

/// The three servers.
pub struct Intake {
    // They end before what they need.
    idempotent: Server,
    transactional: Server,
    bare: Server,
    kafka: Kafka,
}

type Number = [u8; 36];

impl Intake {
    /// Starts all in `target/local/e2e/NAME`, emptied first.
    pub async fn start(name: &str) -> Result<Self> {
        let installed = Installed::from_env()?;
        let folder = installed.folder().join("e2e").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        let kafka = block_in_place(|| Kafka::start(&installed, &folder.join("kafka")))?;
        let bootstrap = kafka.bootstrap();
        let programs = PathBuf::from(std::env::var_os("PROGRAMS").context("PROGRAMS: cargo xtask bench sets it")?);
        let api = |mode: &str| order_api(&programs, &folder, &bootstrap, mode);
        let myself = std::env::current_exe()?;
        let bare = Recipe::new("bare handler", myself, folder.join("bare.log")).arg("bare");
        Ok(Self {
            idempotent: Server::start(api("Idempotent")?, &bootstrap, "idempotent").await?,
            transactional: Server::start(api("Transactional")?, &bootstrap, "transactional").await?,
            bare: Server::start(bare, &bootstrap, "bare").await?,
            kafka,
        })
    }

    /// order-api, each order by itself.
    pub async fn idempotent(&mut self, clients: usize) -> Result<Load> {
        self.idempotent.load(clients).await
    }

    /// order-api, in transactions.
    pub async fn transactional(&mut self, clients: usize) -> Result<Load> {
        self.transactional.load(clients).await
    }

    /// The bare handler.
    pub async fn bare(&mut self, clients: usize) -> Result<Load> {
        self.bare.load(clients).await
    }

    /// Reads all logs.
    pub async fn count(&self) -> Result<Counted> {
        let mut counted = Counted::default();
        for server in [&self.idempotent, &self.transactional, &self.bare] {
            let ends = server.log.ends().await?;
            let (bootstrap, topic) = (self.kafka.bootstrap(), server.log.topic().to_owned());
            let log = tokio::task::spawn_blocking(move || keys(&bootstrap, &topic, &ends)).await??;
            counted.answered += server.answered.len() as i64;
            counted.refused += server.refused;
            counted.lost += server.answered.iter().filter(|number| !log.contains_key(*number)).count() as i64;
            counted.duplicated += log.values().map(|times| times - 1).sum::<i64>();
            let different: HashSet<&Number> = server.answered.iter().collect();
            ensure!(different.len() == server.answered.len(), "two orders were answered with one number");
        }
        Ok(counted)
    }
}

/// Its database is away: nothing on the write path asks it.
fn order_api(programs: &Path, folder: &Path, bootstrap: &str, mode: &str) -> Result<Recipe> {
    let secrets = folder.join(format!("secrets-{mode}"));
    std::fs::create_dir_all(&secrets)?;
    let namespace = uuid::Uuid::new_v4().to_string();
    for (name, content) in [("username", "nobody"), ("password", "nothing"), ("namespace", namespace.as_str())] {
        std::fs::write(secrets.join(name), content)?;
    }
    Ok(Recipe::new("order-api", programs.join("order-api"), folder.join(format!("order-api-{mode}.log")))
        .env("ADMIN_ADDR", "127.0.0.1:0")
        .env("LOG_FORMAT", "text")
        .env("RUST_LOG", "warn")
        .env("PRODUCER_MODE", mode)
        // All clients have one address.
        .env("CALLER_RATE", "0")
        .env("KAFKA_BOOTSTRAP", bootstrap)
        .env("DATABASE_HOST", "127.0.0.1")
        .env("DATABASE_PORT", "1")
        .env("DATABASE_NAME", "none")
        .env("DATABASE_TLS", "disabled")
        .env("DATABASE_CREDENTIALS_DIR", secrets.display().to_string())
        .env("ORDER_NAMESPACE_FILE", secrets.join("namespace").display().to_string()))
}

impl Server {
    async fn start(recipe: Recipe, bootstrap: &str, topic: &str) -> Result<Self> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap);
        let log = OrderLog::new(config, topic);
        log.create(PARTITIONS).await?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let recipe =
            recipe.env("HTTP_ADDR", address.to_string()).env("KAFKA_TOPIC", topic).env("KAFKA_BOOTSTRAP", bootstrap);
        let mut process = block_in_place(|| Process::start(recipe))?;
        block_in_place(|| process.wait_ready(START, || std::net::TcpStream::connect(address).is_ok()))?;
        let mut server = Self { address, log, answered: Vec::new(), refused: 0, _process: process };
        // A new Kafka makes its topic of transactions first: the first orders may not be taken.
        let deadline = Instant::now() + START;
        while server.answered.is_empty() {
            ensure!(Instant::now() < deadline, "no order was taken on {topic} within {START:?}");
            let until = Instant::now() + Duration::from_millis(100);
            server.note(client(address, until).await?);
        }
        server.refused = 0;
        Ok(server)
    }

    async fn load(&mut self, clients: usize) -> Result<Load> {
        let started = Instant::now();
        let clients = (0..clients).map(|_| tokio::spawn(client(self.address, started + TIME)));
        let mut times = Vec::new();
        for client in clients.collect::<Vec<_>>() {
            let answers = client.await??;
            times.extend(answers.iter().filter(|answer| answer.number.is_some()).map(|answer| answer.time));
            self.note(answers);
        }
        ensure!(!times.is_empty(), "no order was taken within {TIME:?}");
        times.sort_unstable();
        let rate = times.len() as f64 / started.elapsed().as_secs_f64();
        Ok(Load { rate, p50: times[times.len() / 2], p99: times[times.len() * 99 / 100] })
    }

    fn note(&mut self, answers: Vec<Answer>) {
        for answer in answers {
            match answer.number {
                Some(number) => self.answered.push(number),
                None => self.refused += 1,
            }
        }
    }
}

struct Answer {
    /// None: not a 200.
    number: Option<Number>,
    time: Duration,
}

/// One connection that sends the next request when it has the answer. Cheap, so that the servers get the cores.
async fn client(address: SocketAddr, until: Instant) -> Result<Vec<Answer>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let head = "POST /api/orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length:";
    let request = format!("{head} {}\r\n\r\n{BODY}", BODY.len());
    let (mut answers, mut buffer) = (Vec::new(), vec![0; 8192]);
    while Instant::now() < until {
        let started = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let mut length = 0;
        let number = loop {
            let read = stream.read(&mut buffer[length..]).await?;
            ensure!(read > 0, "the server hung up: {}", String::from_utf8_lossy(&buffer[..length]));
            length += read;
            if let Some(number) = whole(&buffer[..length])? {
                break number;
            }
        };
        answers.push(Answer { number, time: started.elapsed() });
    }
    Ok(answers)
}

/// None: more is to come. Else the number of an order that was taken, if it was.
fn whole(answer: &[u8]) -> Result<Option<Option<Number>>> {
    let text = std::str::from_utf8(answer)?;
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Ok(None) };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).context("no content-length")?;
    if body.len() < length.parse()? {
        return Ok(None);
    }
    if !head.starts_with("HTTP/1.1 200") {
        return Ok(Some(None));
    }
    let number = body.split_once(r#""orderNumber":""#).and_then(|(_, rest)| rest.as_bytes().get(..36)?.try_into().ok());
    Ok(Some(Some(number.context("200 without an order number")?)))
}

/// How often each key is in the log up to `ends`, as a reader of committed records sees it.
fn keys(bootstrap: &str, topic: &str, ends: &crate::order_log::Ends) -> Result<HashMap<Number, i64>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "bench-reader")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .create()?;
    let mut open = TopicPartitionList::new();
    for partition in ends.keys() {
        open.add_partition_offset(topic, *partition, Offset::Beginning)?;
    }
    consumer.assign(&open)?;
    let mut keys = HashMap::new();
    let (mut left, deadline) = (ends.len(), Instant::now() + PATIENCE);
    while left > 0 {
        ensure!(Instant::now() < deadline, "the log could not be read to its end within {PATIENCE:?}");
        match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(record)) => {
                let key = record.key().and_then(|key| key.try_into().ok()).context("a key is an order number")?;
                *keys.entry(key).or_default() += 1;
            }
            Some(Err(KafkaError::PartitionEOF(_))) => left -= 1,
            Some(Err(error)) => return Err(error).context("reading a log"),
            None => {}
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        let body = r#"{"orderNumber":"56ae6aa8-3d28-5fe2-b643-6e2ee29e004f","status":"PENDING"}"#;
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        for cut in 0..answer.len() {
            assert_eq!(whole(&answer.as_bytes()[..cut]).unwrap(), None);
        }
        let number = whole(answer.as_bytes()).unwrap().unwrap().unwrap();
        assert_eq!(&number, b"56ae6aa8-3d28-5fe2-b643-6e2ee29e004f");
        let refused = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(whole(refused).unwrap(), Some(None));
    }
}
