//! A database and topics of the test's own, orders to put in, and the ledger that must hold in the end.

use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kafka_offsets::{GroupReader, describe_topics};
use order_events::{
    Currency, Customer, Money, OrderCancelled, OrderEvent, OrderLine, OrderNumber, OrderPlaced, Payment, encode,
    fingerprint, header,
};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use sqlx::{AssertSqlSafe, MySqlPool};
use uuid::Uuid;

use crate::consumer::Consumer;

pub struct World {
    pub pool: MySqlPool,
    pub topic: String,
    pub producer: FutureProducer,
    pub admin: AdminClient<DefaultClientContext>,
    pub folder: tempfile::TempDir,
    pub partitions: i32,
    variables: Vec<(String, String)>,
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: cargo xtask test --integration"))
}

impl World {
    pub async fn new(partitions: i32) -> Self {
        Self::on(&variable("TEST_MYSQL_URL"), Path::new(&variable("TEST_MYSQL_CA")), partitions).await
    }

    /// With product 1, and so many of it.
    pub async fn selling(partitions: i32, stock: i64) -> Self {
        let world = Self::new(partitions).await;
        world.products(1..=1, stock).await;
        world
    }

    /// On another MySQL than the shared one.
    pub async fn on(mysql: &str, ca: &Path, partitions: i32) -> Self {
        Self::between(mysql, ca, &variable("TEST_KAFKA_BOOTSTRAP"), partitions).await
    }

    /// On another Kafka than the shared one.
    pub async fn on_kafka(bootstrap: &str, partitions: i32) -> Self {
        Self::between(&variable("TEST_MYSQL_URL"), Path::new(&variable("TEST_MYSQL_CA")), bootstrap, partitions).await
    }

    async fn between(mysql: &str, ca: &Path, bootstrap: &str, partitions: i32) -> Self {
        let name = format!("consumer-{}", Uuid::new_v4().simple());
        let database = name.replace('-', "_");
        let server = MySqlPool::connect(mysql).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {database}"))).execute(&server).await.unwrap();
        let pool = MySqlPool::connect(&format!("{mysql}/{database}")).await.unwrap();
        sqlx::migrate!("../../migrations").run(&pool).await.unwrap();
        let config = producer_config(bootstrap);
        let folder = tempfile::tempdir().unwrap();
        let (address, user, password) = address(mysql);
        std::fs::write(folder.path().join("username"), user).unwrap();
        std::fs::write(folder.path().join("password"), password).unwrap();
        let (host, port) = address.split_once(':').unwrap();
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let variables = vec![
            set("DATABASE_HOST", host),
            set("DATABASE_PORT", port),
            set("DATABASE_NAME", &database),
            set("DATABASE_CREDENTIALS_DIR", folder.path().to_str().unwrap()),
            set("DATABASE_CA_FILE", ca.to_str().unwrap()),
            set("KAFKA_BOOTSTRAP", bootstrap),
            set("KAFKA_TOPIC", &name),
            set("KAFKA_GROUP", &name),
            set("RUST_LOG", "info,order_consumer=debug"),
        ];
        let world = Self {
            pool,
            topic: name,
            producer: config.create().unwrap(),
            admin: config.create().unwrap(),
            folder,
            partitions,
            variables,
        };
        world.make_topic(&world.topic).await;
        world.make_topic(&world.dead_letter_topic()).await;
        world
    }

    pub fn dead_letter_topic(&self) -> String {
        order_events::dead_letter_topic(&self.topic)
    }

    pub async fn make_topic(&self, name: &str) {
        self.make_topic_with(name, &[]).await;
    }

    pub async fn make_topic_with(&self, name: &str, settings: &[(&str, &str)]) {
        let mut topic = NewTopic::new(name, self.partitions, TopicReplication::Fixed(1));
        for (name, value) in settings {
            topic = topic.set(name, value);
        }
        for made in self.admin.create_topics([&topic], &AdminOptions::new()).await.unwrap() {
            made.unwrap();
        }
        // Made by the controller; the broker that answers hears of it a moment later, and leads its partitions later still.
        let partitions: Vec<_> =
            (0..self.partitions).map(|partition| (name, partition, kafka_offsets::Spec::Latest)).collect();
        self.until("the topic is there", async || {
            let described = describe_topics(self.admin.inner(), &[name], Duration::from_secs(30)).unwrap();
            let isolation = kafka_offsets::Isolation::Uncommitted;
            described[name].as_ref().is_ok_and(|topic| i32::try_from(topic.partitions) == Ok(self.partitions))
                && kafka_offsets::list_offsets(self.admin.inner(), &partitions, isolation, Duration::from_secs(30))
                    .is_ok_and(|ends| ends.values().all(Result::is_ok))
        })
        .await;
    }

    /// A producer that knows nothing of a topic that was deleted.
    pub fn renew_producer(&mut self) {
        let bootstrap = &self.variables.iter().find(|(name, _)| name == "KAFKA_BOOTSTRAP").unwrap().1;
        self.producer = producer_config(bootstrap).create().unwrap();
    }

    pub fn start(&self, name: &str) -> Consumer {
        self.start_with(name, &[])
    }

    pub fn start_with(&self, name: &str, more: &[(&str, &str)]) -> Consumer {
        let mut variables = self.variables.clone();
        variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Consumer::start(self.folder.path(), &format!("{}-{name}", self.topic), &variables)
    }

    /// From now on consumers log in as a user of their own, with the rights that a consumer needs.
    pub async fn own_user(&self) -> String {
        let user = format!("u{}", &Uuid::new_v4().simple().to_string()[..20]);
        self.sql(&format!("CREATE USER '{user}' IDENTIFIED BY 'secret'")).await;
        let database = self.database();
        self.sql(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO '{user}'")).await;
        std::fs::write(self.folder.path().join("username"), &user).unwrap();
        std::fs::write(self.folder.path().join("password"), "secret").unwrap();
        user
    }

    pub fn database_port(&self) -> u16 {
        let port = self.variables.iter().find(|(name, _)| name == "DATABASE_PORT");
        port.unwrap().1.parse().unwrap()
    }

    /// Holds up the batch of this order inside its transaction, until it is rolled back: the outbox row is written last, after
    /// the stock, and waits for the same row of another transaction.
    pub async fn block(&self, number: OrderNumber) -> sqlx::Transaction<'static, sqlx::MySql> {
        let mut blocker = self.pool.begin().await.unwrap();
        sqlx::query("INSERT INTO outbox (order_number, kind) VALUES (?, 'CONFIRMED')")
            .bind(number.to_string())
            .execute(&mut *blocker)
            .await
            .unwrap();
        blocker
    }

    pub async fn until_blocked(&self) {
        let stuck = "SELECT COUNT(*) FROM performance_schema.data_lock_waits w JOIN performance_schema.data_locks l
             ON l.engine_lock_id = w.requesting_engine_lock_id
             WHERE l.object_name = 'outbox' AND l.object_schema = DATABASE()";
        self.until("it waits inside its transaction", async || self.count(stuck).await > 0).await;
    }

    pub async fn end_sessions(&self, user: &str) {
        let sessions: Vec<u64> = sqlx::query_scalar("SELECT id FROM performance_schema.processlist WHERE user = ?")
            .bind(user)
            .fetch_all(&self.pool)
            .await
            .unwrap();
        for session in sessions {
            // One that just ended by itself is ended, too.
            let _ = sqlx::raw_sql(AssertSqlSafe(format!("KILL {session}"))).execute(&self.pool).await;
        }
    }

    pub fn database(&self) -> String {
        self.topic.replace('-', "_")
    }

    pub async fn sql(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await.unwrap();
    }

    pub async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.pool).await.unwrap()
    }

    /// Products `ids` for 10.00 EUR each, with stock.
    pub async fn products(&self, ids: std::ops::RangeInclusive<u64>, stock: i64) {
        for id in ids {
            self.sql(&format!(
                "INSERT INTO products (id, sku, name, price_amount, currency) VALUES ({id}, 'S{id}', 'P{id}', 1000, 'EUR');
                 UPDATE inventory SET available = {stock} WHERE product_id = {id};
                 INSERT INTO stock_movements (product_id, delta, reason) VALUES ({id}, {stock}, 'INITIAL')"
            ))
            .await;
        }
    }

    /// Waits until the acknowledgements of all.
    pub async fn send_all(&self, events: &[OrderEvent]) {
        futures::future::join_all(events.iter().map(|event| self.send(event))).await;
    }

    /// So many orders of one piece of product 1.
    pub async fn send_orders(&self, count: usize) {
        self.send_all(&(0..count).map(|_| order(number(), "Ann", &[(1, 1)])).collect::<Vec<_>>()).await;
    }

    pub async fn send(&self, event: &OrderEvent) -> (i32, i64) {
        let encoded = encode(event);
        let headers: Vec<(&str, &str)> = encoded.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.send_raw(&encoded.key, &encoded.value, &headers).await
    }

    /// Into this partition, whatever its key says.
    pub async fn send_into(&self, partition: i32, event: &OrderEvent) {
        let event = encode(event);
        let record = FutureRecord::to(&self.topic).key(&event.key).payload(&event.value).partition(partition);
        self.producer.send(record, Duration::from_secs(30)).await.unwrap();
    }

    pub async fn send_replay(&self, event: &OrderEvent) -> (i32, i64) {
        let encoded = encode(event);
        let mut headers: Vec<(&str, &str)> = encoded.headers.iter().map(|(n, value)| (*n, value.as_str())).collect();
        headers.push((header::REPLAY_OF, "1"));
        self.send_raw(&encoded.key, &encoded.value, &headers).await
    }

    pub async fn send_raw(&self, key: &str, value: &[u8], headers: &[(&str, &str)]) -> (i32, i64) {
        let mut native = OwnedHeaders::new();
        for (key, value) in headers {
            native = native.insert(Header { key, value: Some(*value) });
        }
        let record = FutureRecord::to(&self.topic).key(key).payload(value).headers(native);
        let sent = self.producer.send(record, Duration::from_secs(30)).await.unwrap();
        (sent.partition, sent.offset)
    }

    pub async fn delete_topic(&self, name: &str) {
        for deleted in self.admin.delete_topics(&[name], &AdminOptions::new()).await.unwrap() {
            deleted.unwrap();
        }
        self.until("the topic is gone", async || {
            let metadata = self.admin.inner().fetch_metadata(None, Duration::from_secs(30)).unwrap();
            !metadata.topics().iter().any(|topic| topic.name() == name)
        })
        .await;
    }

    /// Changes one of the topic's settings, as an operator would.
    pub async fn set_topic(&self, name: &str, value: &str) {
        let change = AlterConfig::new(ResourceSpecifier::Topic(&self.topic)).set(name, value);
        for changed in self.admin.alter_configs([&change], &AdminOptions::new()).await.unwrap() {
            changed.unwrap();
        }
    }

    /// Log start and end of a partition.
    pub fn log(&self, partition: i32) -> (i64, i64) {
        let ask = |spec| {
            let asked = [(self.topic.as_str(), partition, spec)];
            let isolation = kafka_offsets::Isolation::Uncommitted;
            let offsets = kafka_offsets::list_offsets(self.admin.inner(), &asked, isolation, Duration::from_secs(30));
            offsets.unwrap()[&(self.topic.clone(), partition)].clone().unwrap()
        };
        (ask(kafka_offsets::Spec::Earliest), ask(kafka_offsets::Spec::Latest))
    }

    /// Until `found` gives true; fails the test after five minutes.
    pub async fn until<F: Future<Output = bool>>(&self, what: &str, mut found: impl FnMut() -> F) {
        let deadline = Instant::now() + Duration::from_secs(300);
        while !found().await {
            assert!(Instant::now() < deadline, "not within five minutes: {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Until so many records of the log are accounted for in MySQL.
    pub async fn until_processed(&self, records: i64) {
        self.until(&format!("{records} records processed"), async || self.processed().await >= records).await;
        assert_eq!(self.processed().await, records);
    }

    pub async fn processed(&self) -> i64 {
        self.count("SELECT CAST(COALESCE(SUM(creates + replays + cancels + other), 0) AS SIGNED) FROM consumer_offsets")
            .await
    }

    pub async fn total(&self, column: &str) -> i64 {
        self.count(&format!("SELECT CAST(COALESCE(SUM(`{column}`), 0) AS SIGNED) FROM consumer_offsets")).await
    }

    pub async fn status(&self, number: OrderNumber) -> Option<(String, Option<String>)> {
        sqlx::query_as("SELECT status, reason FROM orders WHERE order_number = ?")
            .bind(number.to_string())
            .fetch_optional(&self.pool)
            .await
            .unwrap()
    }

    /// What must always hold: nothing oversold, stock equals its ledger, every movement has its order, each confirmed order took
    /// what it lists and each cancelled one took nothing in sum, and the totals agree with the rows.
    pub async fn check_ledger(&self) {
        let zero = [
            ("oversold", "SELECT COUNT(*) FROM inventory WHERE available < 0"),
            (
                "stock differs from its ledger",
                "SELECT COUNT(*) FROM inventory i WHERE available <>
                 (SELECT COALESCE(SUM(delta), 0) FROM stock_movements m WHERE m.product_id = i.product_id)",
            ),
            (
                "movements without an order",
                "SELECT COUNT(*) FROM stock_movements m LEFT JOIN orders o USING (order_number)
                 WHERE m.order_number IS NOT NULL AND o.order_number IS NULL",
            ),
            (
                "confirmed orders that did not take what they list",
                "SELECT COUNT(*) FROM orders o WHERE status = 'CONFIRMED' AND
                 (SELECT SUM(quantity) FROM order_items i WHERE i.order_number = o.order_number) <>
                 COALESCE((SELECT -SUM(delta) FROM stock_movements m WHERE m.order_number = o.order_number), 0)",
            ),
            (
                "other orders that hold stock",
                "SELECT COUNT(*) FROM orders o WHERE status <> 'CONFIRMED' AND
                 COALESCE((SELECT SUM(delta) FROM stock_movements m WHERE m.order_number = o.order_number), 0) <> 0",
            ),
            (
                "totals that do not add up",
                "SELECT COUNT(*) FROM consumer_offsets WHERE creates <> `new` + duplicates + conflicts + failed",
            ),
            (
                "orders without mail",
                "SELECT COUNT(*) FROM orders o LEFT JOIN outbox m USING (order_number)
                 WHERE m.id IS NULL AND o.status <> 'FAILED'",
            ),
        ];
        for (what, sql) in zero {
            assert_eq!(self.count(sql).await, 0, "{what}");
        }
    }

    /// End minus committed over all partitions as a lag tool sees it; None while a partition has no commit.
    pub async fn lag(&self) -> Option<i64> {
        let timeout = Duration::from_secs(30);
        let topic = self.topic.as_str();
        let all: Vec<_> = (0..self.partitions).map(|partition| (topic, partition)).collect();
        let bootstrap = &self.variables.iter().find(|(name, _)| name == "KAFKA_BOOTSTRAP").unwrap().1;
        let config = ClientConfig::from_iter([("bootstrap.servers".to_owned(), bootstrap.clone())]);
        let mut group = GroupReader::new(&config, topic).unwrap();
        let committed = group.committed(&all, timeout).ok()?;
        let mut lag = 0;
        for partition in 0..self.partitions {
            let asked = [(self.topic.as_str(), partition, kafka_offsets::Spec::Latest)];
            let ends =
                kafka_offsets::list_offsets(self.admin.inner(), &asked, kafka_offsets::Isolation::Committed, timeout);
            let at = (self.topic.clone(), partition);
            lag += ends.unwrap()[&at].clone().ok()? - committed.get(&at)?.clone().ok()??;
        }
        Some(lag)
    }
}

fn producer_config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("partitioner", "murmur2_random").set("linger.ms", "5");
    config
}

fn address(url: &str) -> (String, String, String) {
    let rest = url.strip_prefix("mysql://").unwrap();
    let (login, address) = rest.rsplit_once('@').unwrap();
    let (user, password) = login.split_once(':').unwrap();
    (address.trim_end_matches('/').to_owned(), user.to_owned(), password.to_owned())
}

/// An order of quantities by product; `name` tells bodies apart.
pub fn order(number: OrderNumber, name: &str, items: &[(u64, u32)]) -> OrderEvent {
    let customer = Customer { name: name.to_owned(), email: "ann@example.org".into(), address: "Street 1".into() };
    let items: Vec<OrderLine> = items
        .iter()
        .map(|&(product_id, quantity)| OrderLine {
            product_id,
            quantity,
            unit_price: Some(Money { amount: 1000, currency: Currency::new("EUR").unwrap() }),
        })
        .collect();
    OrderEvent::Placed(OrderPlaced {
        event_id: Uuid::new_v4(),
        order_number: number,
        placed_at: Timestamp::now(),
        fingerprint: fingerprint(&customer, &items, "card"),
        customer,
        items,
        payment: Payment { method: "card".into(), token: "tok".into() },
    })
}

pub fn cancel(number: OrderNumber) -> OrderEvent {
    OrderEvent::Cancelled(OrderCancelled {
        event_id: Uuid::new_v4(),
        order_number: number,
        cancelled_at: Timestamp::now(),
    })
}

pub fn number() -> OrderNumber {
    OrderNumber::from(Uuid::new_v4())
}
