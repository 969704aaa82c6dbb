//! A catalogue of a test's own on a real server.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, MySqlConnection, MySqlPool};

use crate::api::{Api, Options, Place};

pub struct Shop {
    pub api: Api,
    pub pool: MySqlPool,
    pub place: Place,
}

impl Shop {
    /// On the server that all tests share, with a schema, and searched by an index.
    pub async fn open() -> Self {
        let shop = Self::open_shared().await;
        shop.migrate().await;
        shop.api.until("/api/products", &[], 200).await;
        shop.api.until_indexed().await;
        shop
    }

    /// On the shared server, without a schema.
    pub async fn open_shared() -> Self {
        let variable = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name}: run `cargo xtask servers up`"));
        Self::open_empty(&variable("TEST_MYSQL_URL"), Path::new(&variable("TEST_MYSQL_CA"))).await
    }

    /// Without a schema. `ca` signed the server's certificate.
    pub async fn open_empty(url: &str, ca: &Path) -> Self {
        let options: MySqlConnectOptions = url.parse().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let name = format!("search_{now}_{:?}", std::thread::current().id()).replace(['(', ')'], "");
        let root = MySqlPoolOptions::new().max_connections(1).connect_with(options.clone()).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")))
            .execute(&root)
            .await
            .unwrap();
        root.close().await;
        let (port, password) = parts(url);
        let place = Place { port, password: password.to_owned(), ca: ca.to_owned(), database: name.clone() };
        let api = Api::start(&place, Options::default()).await;
        let pool = MySqlPoolOptions::new().max_connections(4).connect_with(options.database(&name)).await.unwrap();
        Self { api, pool, place }
    }

    pub async fn migrate(&self) {
        migrator::migrations().run(&self.pool).await.unwrap();
    }

    /// Adds a product by hand, as an import or a person would.
    pub async fn add(&self, id: u64, name: &str, description: &str) {
        let sql =
            "INSERT INTO products (id, sku, name, description, price_amount, currency) VALUES (?, ?, ?, ?, ?, 'EUR')";
        let query = sqlx::query(sql).bind(id).bind(format!("SKU-{id}")).bind(name).bind(description).bind(100 * id);
        query.execute(&self.pool).await.unwrap();
    }

    /// Another replica.
    pub async fn replica(&self, options: Options) -> Api {
        let api = Api::start(&self.place, options).await;
        api.until("/api/products", &[], 200).await;
        api
    }

    /// The ids that LIKE finds; the question asked another way: MySQL's default escape, no cursor, no limit.
    pub async fn like(&self, search: &str) -> Vec<u64> {
        let escaped = search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let pattern = format!("%{escaped}%");
        sqlx::query_scalar("SELECT id FROM products WHERE name LIKE ? OR description LIKE ? ORDER BY id")
            .bind(&pattern)
            .bind(&pattern)
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }

    /// A connection of the test's own, as root.
    pub async fn connect(&self) -> MySqlConnection {
        self.try_connect().await.unwrap()
    }

    pub async fn try_connect(&self) -> Result<MySqlConnection, sqlx::Error> {
        self.pool.connect_options().as_ref().clone().connect().await
    }

    pub async fn close(self) {
        let drop = AssertSqlSafe(format!("DROP DATABASE {}", self.place.database));
        sqlx::query(drop).execute(&self.pool).await.unwrap();
    }
}

/// Port and password of `mysql://root:password@127.0.0.1:port`.
fn parts(url: &str) -> (u16, &str) {
    let (credentials, address) = url.trim_start_matches("mysql://").split_once('@').unwrap();
    let (_, port) = address.rsplit_once(':').unwrap();
    (port.parse().unwrap(), credentials.split_once(':').unwrap().1)
}
