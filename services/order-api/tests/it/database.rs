//! A database of a test's own, with the real schema.

use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{AssertSqlSafe, MySqlPool};
use uuid::Uuid;

use crate::api::Backends;

pub struct Database {
    pub pool: MySqlPool,
    name: String,
    url: reqwest::Url,
}

impl Database {
    /// Without any table.
    pub async fn empty() -> Self {
        let url = std::env::var("TEST_MYSQL_URL").expect("TEST_MYSQL_URL: cargo xtask test --integration sets it");
        let options: MySqlConnectOptions = url.parse().unwrap();
        let name = format!("order_api_{}", Uuid::now_v7().simple());
        let server = MySqlPool::connect_with(options.clone()).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&server).await.unwrap();
        let pool = MySqlPool::connect_with(options.database(&name)).await.unwrap();
        Self { pool, name, url: url.parse().unwrap() }
    }

    /// With all migrations.
    pub async fn migrated() -> Self {
        let database = Self::empty().await;
        database.migrate().await;
        database
    }

    pub async fn migrate(&self) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
        Migrator::new(folder).await.unwrap().run(&self.pool).await.unwrap();
    }

    /// The backends with this database.
    pub fn backends(&self, others: Backends) -> Backends {
        Backends {
            database: ([127, 0, 0, 1], self.url.port().unwrap()).into(),
            database_name: self.name.clone(),
            user: self.url.username().to_owned(),
            password: self.url.password().unwrap().to_owned(),
            ..others
        }
    }

    /// Writes an order as the consumer would, with one item when it is confirmed.
    pub async fn insert(&self, number: &str, status: &str, reason: Option<&str>, fingerprint: &[u8], placed_at: &str) {
        sqlx::query(
            "INSERT INTO orders (order_number, status, reason, fingerprint, customer_name, customer_email, \
             customer_address, payment_method, payment_token, total_amount, currency, placed_at) \
             VALUES (?, ?, ?, ?, 'Ann Example', 'Ann@Example.org', 'Street 1', 'card', 'tok_1', 3998, 'EUR', ?)",
        )
        .bind(number)
        .bind(status)
        .bind(reason)
        .bind(fingerprint)
        .bind(placed_at)
        .execute(&self.pool)
        .await
        .unwrap();
        if status == "CONFIRMED" {
            sqlx::query(
                "INSERT INTO order_items (order_number, line, product_id, sku, name, quantity, unit_price_amount, \
                 currency) VALUES (?, 1, 17, 'SKU-17', 'Department lamp', 2, 1999, 'EUR')",
            )
            .bind(number)
            .execute(&self.pool)
            .await
            .unwrap();
        }
    }
}
