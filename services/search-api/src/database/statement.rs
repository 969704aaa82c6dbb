//! One SELECT and its values. A value and not a closure, so that it can be sent again on another connection.

use std::sync::Arc;

use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, MySqlConnection};

/// Text is ours; what comes from callers is bound.
#[derive(Clone, Debug)]
pub struct Statement {
    sql: Arc<str>,
    values: Vec<Value>,
}

#[derive(Clone, Debug)]
enum Value {
    Number(u64),
    Text(String),
}

impl Statement {
    pub fn new(sql: impl Into<Arc<str>>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    #[must_use]
    pub fn number(mut self, number: impl Into<u64>) -> Self {
        self.values.push(Value::Number(number.into()));
        self
    }

    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.values.push(Value::Text(text.into()));
        self
    }

    pub(super) async fn rows(&self, connection: &mut MySqlConnection) -> Result<Vec<MySqlRow>, sqlx::Error> {
        let mut query = sqlx::query(AssertSqlSafe(self.sql.clone()));
        for value in &self.values {
            query = match value {
                Value::Number(number) => query.bind(*number),
                Value::Text(text) => query.bind(text.as_str()),
            };
        }
        query.fetch_all(connection).await
    }
}
