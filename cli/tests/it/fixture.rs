//! A small log and the tables that a right consumer would have made of it, written by hand: no code of the consumer is in it.
//!
//! ```text
//! partition 0                                   partition 1
//! 0 create A          CONFIRMED                 0 cancel F              waits
//! 1 create A again    duplicate                 1 create F              CANCELLED, no stock
//! 2 create A, other   conflict, dead letter     2 create, no number     dead letter
//! 3 create B          REJECTED                  3 no event              dead letter
//! 4 create C          CONFIRMED                 4 create G, unreadable  FAILED, dead letter
//! 5 cancel C          CANCELLED, stock back     5 replay G              CONFIRMED
//! 6 cancel B          nothing                   6 create G, unreadable  conflict, dead letter
//! 7 create D, bad     FAILED, dead letter       7 replay as H           CONFIRMED
//! 8 create E          waits in the log          8 cancel I              waits for its order
//! 9 cancel A          waits in the log          9 create J              FAILED, MySQL refused it
//!                                              10 create J again        duplicate
//! ```

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use order_events::{
    Customer, Fingerprint, OrderCancelled, OrderEvent, OrderLine, OrderNumber, OrderPlaced, Payment, encode, header,
};
use orderctl::verify::Sources;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);
const TABLES: [&str; 7] =
    ["order_items", "orders", "stock_movements", "inventory", "pending_cancels", "consumer_offsets", "dead_letters"];

pub struct Fixture {
    pub sources: Sources,
    topic_id: String,
    numbers: BTreeMap<char, OrderNumber>,
}

pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: cargo xtask test --integration"))
}

impl Fixture {
    pub async fn make() -> Self {
        let name = format!("orderctl-{}", Uuid::new_v4().simple());
        let server: MySqlConnectOptions = variable("TEST_MYSQL_URL").parse().unwrap();
        let mut root = server.connect().await.unwrap();
        let schema = name.replace('-', "_");
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {schema}"))).execute(&mut root).await.unwrap();
        let database = server.database(&schema);
        sqlx::migrate!("../migrations").run(&mut database.connect().await.unwrap()).await.unwrap();
        let mut kafka = ClientConfig::new();
        kafka.set("bootstrap.servers", variable("TEST_KAFKA_BOOTSTRAP"));
        let numbers = ('A'..='J').map(|name| (name, OrderNumber::from(Uuid::new_v4()))).collect();
        let sources = Sources { database, kafka, topic: name };
        let mut fixture = Self { sources, topic_id: String::new(), numbers };
        fixture.make_topic().await;
        fixture.produce().await;
        fixture.fill().await;
        fixture
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.sources.kafka.create().unwrap()
    }

    async fn make_topic(&mut self) {
        let admin = self.admin();
        let topic = NewTopic::new(&self.sources.topic, 2, TopicReplication::Fixed(1));
        for made in admin.create_topics([&topic], &AdminOptions::new()).await.unwrap() {
            made.unwrap();
        }
        let name = self.sources.topic.clone();
        self.topic_id = tokio::task::spawn_blocking(move || {
            let deadline = Instant::now() + PATIENCE;
            loop {
                // A topic just made is not known everywhere at once.
                let found = kafka_offsets::describe_topics(admin.inner(), &[&name], PATIENCE).unwrap();
                match found.into_values().next().unwrap() {
                    Ok(topic) => break topic.id.as_str().to_owned(),
                    Err(error) => assert!(Instant::now() < deadline, "{error}"),
                }
                std::thread::yield_now();
            }
        })
        .await
        .unwrap();
    }

    async fn produce(&self) {
        let producer: FutureProducer = self.sources.kafka.create().unwrap();
        for (partition, records) in [(0, self.first()), (1, self.second())] {
            for record in records {
                let headers = record.headers.iter().fold(OwnedHeaders::new(), |headers, (name, value)| {
                    headers.insert(Header { key: name, value: Some(value) })
                });
                let message = FutureRecord::<(), _>::to(&self.sources.topic)
                    .partition(partition)
                    .payload(&record.value)
                    .headers(headers);
                producer.send(message, PATIENCE).await.unwrap();
            }
        }
    }

    fn first(&self) -> Vec<Record> {
        let (a, other) = (self.create('A', 1), self.create('A', 2));
        let waiting = [self.create('E', 1), self.cancel('A')];
        let mut all =
            vec![a.clone(), a, other, self.create('B', 1), self.create('C', 1), self.cancel('C'), self.cancel('B')];
        all.push(self.unreadable(Some('D')));
        all.extend(waiting);
        all
    }

    fn second(&self) -> Vec<Record> {
        vec![
            self.cancel('F'),
            self.create('F', 1),
            self.unreadable(None),
            Record { value: b"no event".to_vec(), headers: Vec::new() },
            self.unreadable(Some('G')),
            self.create('G', 1).replay(),
            self.unreadable(Some('G')),
            self.create('H', 1).replay(),
            self.cancel('I'),
            self.create('J', 1),
            self.create('J', 1),
        ]
    }

    fn create(&self, name: char, body: u8) -> Record {
        Record::of(&OrderEvent::Placed(OrderPlaced {
            event_id: Uuid::new_v4(),
            order_number: self.numbers[&name],
            placed_at: Timestamp::now(),
            customer: Customer { name: "Ann".into(), email: "ann@shop.example".into(), address: "Street 1".into() },
            items: vec![OrderLine { product_id: 1, quantity: 1, unit_price: None }],
            payment: Payment { method: "card".into(), token: "tok".into() },
            fingerprint: Fingerprint([body; 32]),
        }))
    }

    fn cancel(&self, name: char) -> Record {
        let order_number = self.numbers[&name];
        Record::of(&OrderEvent::Cancelled(OrderCancelled {
            event_id: Uuid::new_v4(),
            order_number,
            cancelled_at: Timestamp::now(),
        }))
    }

    fn unreadable(&self, name: Option<char>) -> Record {
        let number = name.map(|name| (header::ORDER_NUMBER.to_owned(), self.numbers[&name].to_string()));
        let event_type = (header::EVENT_TYPE.to_owned(), "OrderPlaced".to_owned());
        Record { value: b"{".to_vec(), headers: number.into_iter().chain([event_type]).collect() }
    }

    /// Empties the tables and writes what is right.
    pub async fn fill(&self) {
        let mut sql = String::from("SET foreign_key_checks = 0;");
        for table in TABLES {
            sql.push_str(&format!("DELETE FROM {table};"));
        }
        sql.push_str("SET foreign_key_checks = 1;");
        for (name, status, body) in [
            ('A', "CONFIRMED", Some(1)),
            ('B', "REJECTED", Some(1)),
            ('C', "CANCELLED", Some(1)),
            ('D', "FAILED", None),
            ('F', "CANCELLED", Some(1)),
            ('G', "CONFIRMED", None),
            ('H', "CONFIRMED", Some(1)),
            ('J', "FAILED", Some(1)),
        ] {
            let mark =
                body.map_or_else(|| "NULL".to_owned(), |body: u8| format!("X'{}'", format!("{body:02x}").repeat(32)));
            sql.push_str(&format!(
                "INSERT INTO orders (order_number, status, fingerprint) VALUES ('{{{name}}}', '{status}', {mark});"
            ));
        }
        for (name, line, product, quantity) in [
            ('A', 1, 1, 2),
            ('A', 2, 2, 1),
            ('B', 1, 3, 9),
            ('C', 1, 1, 1),
            ('C', 2, 1, 2),
            ('F', 1, 1, 1),
            ('G', 1, 1, 1),
            ('H', 1, 3, 1),
        ] {
            sql.push_str(&format!(
                "INSERT INTO order_items (order_number, line, product_id, quantity) VALUES ('{{{name}}}', {line}, {product}, {quantity});"
            ));
        }
        sql.push_str(
            "INSERT INTO stock_movements (product_id, delta, reason, order_number, request_id) VALUES
             (1, 10, 'INITIAL', NULL, 'start'), (2, 5, 'INITIAL', NULL, 'start'), (3, 1, 'INITIAL', NULL, 'start'),
             (1, -2, 'ORDER', '{A}', NULL), (2, -1, 'ORDER', '{A}', NULL), (1, -3, 'ORDER', '{C}', NULL),
             (1, 3, 'CANCEL', '{C}', NULL), (1, -1, 'ORDER', '{G}', NULL), (3, -1, 'ORDER', '{H}', NULL);
             INSERT INTO inventory (product_id, available) VALUES (1, 7), (2, 4), (3, 0);
             INSERT INTO pending_cancels (order_number) VALUES ('{I}');
             INSERT INTO consumer_offsets
             (topic_id, partition_id, topic, `next`, creates, `new`, duplicates, conflicts, failed, replays, replayed_new, cancels, other)
             VALUES ('{id}', 0, 'x', 8, 6, 3, 1, 1, 1, 0, 0, 2, 0), ('{id}', 1, 'x', 11, 6, 1, 1, 1, 3, 2, 1, 2, 1);",
        );
        for (partition, offset, name, reason) in [
            (0, 2, Some('A'), "IDEMPOTENCY_CONFLICT"),
            (0, 7, Some('D'), "UNDECODABLE"),
            (1, 2, None, "UNDECODABLE"),
            (1, 3, None, "UNDECODABLE"),
            (1, 4, Some('G'), "UNDECODABLE"),
            (1, 6, Some('G'), "UNDECODABLE"),
            (1, 9, Some('J'), "REFUSED_BY_DATABASE"),
        ] {
            let record = &if partition == 0 { self.first() } else { self.second() }[usize::try_from(offset).unwrap()];
            let number = name.map_or_else(|| "NULL".to_owned(), |name| format!("'{{{name}}}'"));
            let value: String = record.value.iter().map(|byte| format!("{byte:02x}")).collect();
            let headers: Vec<(&str, String)> =
                record.headers.iter().map(|(name, value)| (name.as_str(), STANDARD.encode(value))).collect();
            sql.push_str(&format!(
                "INSERT INTO dead_letters (topic, topic_id, partition_id, record_offset, value_hash, record_value, headers, order_number, reason)
                 VALUES ('x', '{{id}}', {partition}, {offset}, X'{hash}', X'{value}', '{headers}', {number}, '{reason}');",
                hash = "00".repeat(32),
                headers = serde_json::to_string(&headers).unwrap(),
            ));
        }
        self.run(&sql).await;
    }

    /// Runs statements in which `{A}` is that order's number and `{id}` the topic's.
    pub async fn run(&self, sql: &str) {
        let mut sql = sql.replace("{id}", &self.topic_id);
        for (name, number) in &self.numbers {
            sql = sql.replace(&format!("{{{name}}}"), &number.to_string());
        }
        let mut connection = self.sources.database.connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// DeleteRecords of partition 0 below `offset`.
    pub async fn remove_records(&self, offset: i64) {
        let mut below = TopicPartitionList::new();
        below.add_partition_offset(&self.sources.topic, 0, Offset::Offset(offset)).unwrap();
        self.admin().delete_records(&below, &AdminOptions::new()).await.unwrap();
    }
}

#[derive(Clone)]
struct Record {
    value: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Record {
    fn of(event: &OrderEvent) -> Self {
        let encoded = encode(event);
        let headers = encoded.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { value: encoded.value, headers }
    }

    fn replay(mut self) -> Self {
        self.headers.push((header::REPLAY_OF.to_owned(), "1".to_owned()));
        self
    }
}
