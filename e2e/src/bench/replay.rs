//! The statements that the consumer sent, once more, by nobody but a MySQL client.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, MySqlPool, Row};

use super::lanes::{lanes, transactions};

const SCHEMA: &str = "replayed";
const TABLES: [&str; 4] = ["order_items", "orders", "stock_movements", "outbox"];
/// What the statements change rather than add to: put back before each replay.
const CHANGED: [&str; 2] = ["inventory", "consumer_offsets"];

/// What the consumer committed, lane by lane.
pub struct Recorded {
    lanes: Vec<Vec<String>>,
    orders: i64,
}

/// A schema beside the platform's own.
pub struct Replay {
    server: MySqlConnectOptions,
    root: MySqlPool,
    original: String,
}

impl Replay {
    /// Makes the schema, still without tables.
    pub async fn prepare(server: MySqlConnectOptions, original: &str) -> Result<Self> {
        let root = MySqlPoolOptions::new().max_connections(2).connect_with(server.clone()).await?;
        let replay = Self { server, root, original: original.to_owned() };
        replay.execute(format!("CREATE DATABASE {SCHEMA}")).await?;
        Ok(replay)
    }

    /// The schema's name.
    pub fn schema(&self) -> &'static str {
        SCHEMA
    }

    /// Notes the state that the statements start from, and has MySQL log them.
    pub async fn start_recording(&self) -> Result<()> {
        let original = &self.original;
        self.execute(format!("INSERT INTO {SCHEMA}.products SELECT * FROM {original}.products")).await?;
        for table in CHANGED {
            self.execute(format!("CREATE TABLE {SCHEMA}.start_{table} AS SELECT * FROM {original}.{table}")).await?;
        }
        self.execute("SET GLOBAL log_output = 'TABLE'".to_owned()).await?;
        self.execute("SET GLOBAL general_log = ON".to_owned()).await
    }

    /// Ends the log.
    pub async fn stop_recording(&self) -> Result<()> {
        self.execute("SET GLOBAL general_log = OFF".to_owned()).await
    }

    /// The committed transactions of those connections that moved `consumer_offsets`.
    pub async fn recorded(&self) -> Result<Recorded> {
        let rows = sqlx::query(
            "SELECT thread_id, argument FROM mysql.general_log WHERE command_type = 'Query' AND thread_id IN \
             (SELECT thread_id FROM mysql.general_log WHERE argument LIKE '%UPDATE%consumer_offsets%') \
             ORDER BY event_time",
        )
        .fetch_all(&self.root)
        .await?;
        let statements = rows
            .iter()
            .map(|row| {
                let text = String::from_utf8(row.try_get(1)?).context("a statement is not UTF-8")?;
                Ok((row.try_get::<u64, _>(0)?, text))
            })
            .collect::<Result<Vec<_>>>()?;
        let orders = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT CAST((SELECT SUM(creates) FROM {original}.consumer_offsets) - \
             (SELECT COALESCE(SUM(creates), 0) FROM {SCHEMA}.start_consumer_offsets) AS SIGNED)",
            original = self.original
        )))
        .fetch_one(&self.root)
        .await?;
        let lanes = lanes(transactions(statements));
        ensure!(!lanes.is_empty() && orders > 0, "MySQL logged no statements of the consumer");
        Ok(Recorded { lanes, orders })
    }

    /// Runs each lane on a connection of its own, a transaction in one round trip: the same work with less waiting
    /// than the consumer's, so this is a limit. Gives back create records per second.
    pub async fn run(&self, recorded: &Recorded) -> Result<f64> {
        self.reset().await?;
        let options = self.server.clone().database(SCHEMA);
        let mut connections = Vec::new();
        for transactions in &recorded.lanes {
            connections.push((options.connect().await?, transactions.clone()));
        }
        let started = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for (mut connection, transactions) in connections {
            tasks.spawn(async move {
                for transaction in transactions {
                    connection.execute(sqlx::raw_sql(AssertSqlSafe(transaction))).await?;
                }
                connection.close().await
            });
        }
        while let Some(task) = tasks.join_next().await {
            task?.context("replaying a statement of the consumer")?;
        }
        let rate = recorded.orders as f64 / started.elapsed().as_secs_f64();
        self.check(recorded).await?;
        Ok(rate)
    }

    async fn reset(&self) -> Result<()> {
        let mut connection = self.server.clone().database(SCHEMA).connect().await?;
        // TRUNCATE refuses a table that another refers to.
        connection.execute("SET foreign_key_checks = 0").await?;
        for table in TABLES {
            connection.execute(AssertSqlSafe(format!("TRUNCATE {table}"))).await?;
        }
        for table in CHANGED {
            connection.execute(AssertSqlSafe(format!("DELETE FROM {table}"))).await?;
            connection.execute(AssertSqlSafe(format!("INSERT INTO {table} SELECT * FROM start_{table}"))).await?;
        }
        Ok(connection.close().await?)
    }

    /// A replay that did not do the same work would measure nothing.
    async fn check(&self, recorded: &Recorded) -> Result<()> {
        let counted: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT CAST((SELECT COALESCE(SUM(creates), 0) FROM {SCHEMA}.consumer_offsets) - \
             (SELECT COALESCE(SUM(creates), 0) FROM {SCHEMA}.start_consumer_offsets) AS SIGNED)"
        )))
        .fetch_one(&self.root)
        .await?;
        ensure!(counted == recorded.orders, "the replay counted {counted} orders instead of {}", recorded.orders);
        Ok(())
    }

    /// `sql` is made of names in this file.
    async fn execute(&self, sql: String) -> Result<()> {
        self.root.execute(AssertSqlSafe(sql)).await?;
        Ok(())
    }
}
