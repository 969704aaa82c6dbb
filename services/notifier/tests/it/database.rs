//! A database of a test's own, with orders and mails to send.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{AssertSqlSafe, MySqlPool};
use uuid::Uuid;

pub struct Shop {
    pub pool: MySqlPool,
    pub name: String,
    pub port: u16,
    pub password: String,
    pub ca: PathBuf,
}

impl Shop {
    /// On the server that all tests share.
    pub async fn open() -> Self {
        let variable = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name}: run `cargo xtask servers up`"));
        Self::open_at(&variable("TEST_MYSQL_URL"), Path::new(&variable("TEST_MYSQL_CA"))).await
    }

    pub async fn open_at(url: &str, ca: &Path) -> Self {
        let options: MySqlConnectOptions = url.parse().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let name = format!("notifier_{now}_{:?}", std::thread::current().id()).replace(['(', ')'], "");
        let root = MySqlPoolOptions::new().max_connections(1).connect_with(options.clone()).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")))
            .execute(&root)
            .await
            .unwrap();
        root.close().await;
        let pool = MySqlPoolOptions::new().max_connections(2).connect_with(options.database(&name)).await.unwrap();
        migrator::migrations().run(&pool).await.unwrap();
        let (credentials, address) = url.trim_start_matches("mysql://").split_once('@').unwrap();
        let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
        let password = credentials.split_once(':').unwrap().1.to_owned();
        Self { pool, name, port, password, ca: ca.to_owned() }
    }

    /// An order with one line, and a mail of `kind` that waits. Gives the order's number.
    pub async fn order(&self, email: Option<&str>, customer: &str, kind: &str) -> String {
        let number = Uuid::new_v4().to_string();
        let sql = "INSERT INTO orders (order_number, status, reason, customer_name, customer_email, total_amount, currency) \
                   VALUES (?, ?, ?, ?, ?, 1299, 'EUR')";
        let reason = (kind == "REJECTED").then_some("OUT_OF_STOCK");
        let order = sqlx::query(sql).bind(&number).bind(kind).bind(reason).bind(customer).bind(email);
        order.execute(&self.pool).await.unwrap();
        let sql = "INSERT INTO order_items (order_number, line, product_id, sku, name, quantity, unit_price_amount, currency) \
                   VALUES (?, 1, 7, 'L7', 'Lamp', 1, 1299, 'EUR')";
        sqlx::query(sql).bind(&number).execute(&self.pool).await.unwrap();
        let sql = "INSERT INTO outbox (order_number, kind) VALUES (?, ?)";
        sqlx::query(sql).bind(&number).bind(kind).execute(&self.pool).await.unwrap();
        number
    }

    pub async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.unwrap();
    }

    pub async fn count(&self, condition: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) FROM outbox WHERE {condition}");
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.pool).await.unwrap()
    }

    /// Until as many rows as `wanted` fulfil `condition`.
    pub async fn until(&self, condition: &str, wanted: i64) {
        self.until_count(condition, |rows| rows == wanted).await;
    }

    /// Until any row fulfils `condition`.
    pub async fn until_some(&self, condition: &str) {
        self.until_count(condition, |rows| rows > 0).await;
    }

    async fn until_count(&self, condition: &str, enough: impl Fn(i64) -> bool) {
        let reached = async {
            while !enough(self.count(condition).await) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(120), reached).await.is_err() {
            panic!("{condition}: {} rows", self.count(condition).await);
        }
    }

    pub async fn close(self) {
        sqlx::query(AssertSqlSafe(format!("DROP DATABASE {}", self.name))).execute(&self.pool).await.unwrap();
    }
}
