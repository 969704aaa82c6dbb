//! Dead letters: read, and changed by compare-and-set on their replay count.

use jiff::Timestamp;
use order_events::OrderNumber;
use serde::{Deserialize, Serialize};
use sqlx::{Connection, Executor, MySql, QueryBuilder, Row};

use super::{Store, StoreError, rows};

/// What became of a dead letter since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum LetterStatus {
    /// Nobody did anything about it yet.
    Open,
    /// It was published again. Should that fail, it is a dead letter of its own.
    Replayed,
    /// A person decided that nothing is to be done.
    Discarded,
}

impl LetterStatus {
    /// As the table has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Replayed => "REPLAYED",
            Self::Discarded => "DISCARDED",
        }
    }

    /// From the table's, or a caller's, text.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Replayed, Self::Discarded].into_iter().find(|status| status.as_str() == text)
    }
}

/// A dead letter without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterHead {
    /// Its row.
    pub id: u64,
    /// The topic it was read from.
    pub topic: String,
    /// Kafka's id of that topic.
    pub topic_id: String,
    /// Where in the topic.
    pub partition: i32,
    /// Where in the partition.
    pub offset: i64,
    /// The record's own time.
    pub recorded_at: Option<Timestamp>,
    /// Of the body, or of the headers when the body cannot be read.
    pub order_number: Option<OrderNumber>,
    /// As its header says.
    pub event_type: Option<String>,
    /// Stable name of why.
    pub reason: String,
    /// For a person; holds nothing that a shopper sent.
    pub detail: String,
    /// Tries of the consumer.
    pub attempts: u32,
    /// What became of it.
    pub status: LetterStatus,
    /// Replays begun; the compare-and-set of every change.
    pub replay_count: u32,
    /// Number of the last replay.
    pub replayed_as: Option<OrderNumber>,
    /// Why it was discarded.
    pub note: Option<String>,
    /// Bytes of the value.
    pub size: u64,
    /// When it became a dead letter.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A dead letter with its bytes, which are personal data. Debug shows none of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// What is known of it.
    pub head: LetterHead,
    /// The record's key.
    pub key: Option<Vec<u8>>,
    /// The record's value.
    pub value: Option<Vec<u8>>,
    /// The record's headers, in their order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Letter({:?})", self.head)
    }
}

/// Which dead letters; every condition that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// This reason.
    pub reason: Option<String>,
    /// This status.
    pub status: Option<LetterStatus>,
    /// Became a dead letter then or later.
    pub from: Option<Timestamp>,
    /// Became one before then.
    pub to: Option<Timestamp>,
    /// Of this order.
    pub order_number: Option<OrderNumber>,
}

const HEAD: &str = "SELECT id, topic, topic_id, partition_id, record_offset, \
     CAST(UNIX_TIMESTAMP(recorded_at) * 1000000 AS SIGNED) AS recorded_micros, order_number, event_type, reason, detail, \
     attempts, status, replay_count, replayed_as, note, CAST(COALESCE(LENGTH(record_value), 0) AS UNSIGNED) AS size, \
     CAST(UNIX_TIMESTAMP(created_at) * 1000000 AS SIGNED) AS created_micros, \
     CAST(UNIX_TIMESTAMP(updated_at) * 1000000 AS SIGNED) AS updated_micros";
const BYTES: &str = ", record_key, record_value, CAST(headers AS CHAR) AS headers";

impl Store {
    /// Newest first, below `before`.
    pub async fn letters(
        &self,
        filter: &LetterFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<LetterHead>, StoreError> {
        let mut query = QueryBuilder::<MySql>::new(HEAD);
        push_filter(&mut query, filter);
        if let Some(before) = before {
            query.push(" AND id < ").push_bind(before);
        }
        query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
        let rows = self.ask(async |connection| query.build().fetch_all(connection).await).await?;
        rows.iter().map(head).collect()
    }

    /// Oldest first, above `after`, with their bytes: what is to be replayed, in the order it came.
    pub async fn whole_letters(
        &self,
        filter: &LetterFilter,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Letter>, StoreError> {
        let mut query = QueryBuilder::<MySql>::new(HEAD);
        query.push(BYTES);
        push_filter(&mut query, filter);
        if let Some(after) = after {
            query.push(" AND id > ").push_bind(after);
        }
        query.push(" ORDER BY id LIMIT ").push_bind(limit);
        let rows = self.ask(async |connection| query.build().fetch_all(connection).await).await?;
        rows.iter().map(letter).collect()
    }

    /// One, with its bytes.
    pub async fn letter(&self, id: u64) -> Result<Option<Letter>, StoreError> {
        let mut query = QueryBuilder::<MySql>::new(HEAD);
        query.push(BYTES).push(" FROM dead_letters WHERE id = ").push_bind(id);
        let row = self.ask(async |connection| query.build().fetch_optional(connection).await).await?;
        row.as_ref().map(letter).transpose()
    }

    /// Begins a replay: counts it, if the letter still is what the caller saw. Of several who try, one succeeds.
    pub async fn claim_replay(&self, seen: &LetterHead) -> Result<bool, StoreError> {
        let mut query = QueryBuilder::<MySql>::new("UPDATE dead_letters SET replay_count = replay_count + 1");
        push_seen(&mut query, seen.id, seen.replay_count, seen.status);
        self.change(query).await
    }

    /// Notes a replay that Kafka has. `count`: the claim's own.
    pub async fn mark_replayed(&self, seen: &LetterHead, count: u32, number: OrderNumber) -> Result<bool, StoreError> {
        let mut query = QueryBuilder::<MySql>::new("UPDATE dead_letters SET status = 'REPLAYED', replayed_as = ");
        query.push_bind(number.to_string());
        push_seen(&mut query, seen.id, count, seen.status);
        self.change(query).await
    }

    /// Gives an open letter up, if it still is what the caller saw.
    pub async fn discard(&self, seen: &LetterHead, note: &str) -> Result<bool, StoreError> {
        let mut query = QueryBuilder::<MySql>::new("UPDATE dead_letters SET status = 'DISCARDED', note = ");
        query.push_bind(note.to_owned());
        push_seen(&mut query, seen.id, seen.replay_count, LetterStatus::Open);
        self.change(query).await
    }

    /// Whether the one row was there. Sessions are read-only unless a transaction says otherwise.
    async fn change(&self, mut query: QueryBuilder<MySql>) -> Result<bool, StoreError> {
        self.ask(async |connection| {
            let mut transaction = connection.begin_with("START TRANSACTION READ WRITE").await?;
            let done = transaction.execute(query.build()).await?;
            transaction.commit().await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }
}

fn push_filter(query: &mut QueryBuilder<MySql>, filter: &LetterFilter) {
    query.push(" FROM dead_letters WHERE TRUE");
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(reason) = &filter.reason {
        query.push(" AND reason = ").push_bind(reason.clone());
    }
    if let Some(number) = filter.order_number {
        query.push(" AND order_number = ").push_bind(number.to_string());
    }
    for (condition, time) in [(" AND created_at >= ", filter.from), (" AND created_at < ", filter.to)] {
        if let Some(time) = time {
            query.push(condition).push("FROM_UNIXTIME(").push_bind(time.as_microsecond()).push(" * 0.000001)");
        }
    }
}

fn push_seen(query: &mut QueryBuilder<MySql>, id: u64, count: u32, status: LetterStatus) {
    query.push(" WHERE id = ").push_bind(id).push(" AND replay_count = ").push_bind(count);
    query.push(" AND status = ").push_bind(status.as_str());
}

fn head(row: &sqlx::mysql::MySqlRow) -> Result<LetterHead, StoreError> {
    let number = |column: &str| {
        let text: Option<String> = get(row, column)?;
        text.as_deref().map(rows::number).transpose()
    };
    let status: String = get(row, "status")?;
    let recorded: Option<i64> = get(row, "recorded_micros")?;
    Ok(LetterHead {
        id: get(row, "id")?,
        topic: get(row, "topic")?,
        topic_id: get(row, "topic_id")?,
        partition: get(row, "partition_id")?,
        offset: get(row, "record_offset")?,
        recorded_at: recorded.map(rows::timestamp).transpose()?,
        order_number: number("order_number")?,
        event_type: get(row, "event_type")?,
        reason: get(row, "reason")?,
        detail: get(row, "detail")?,
        attempts: get(row, "attempts")?,
        status: LetterStatus::parse(&status).ok_or_else(|| rows::inconsistent("dead_letters.status"))?,
        replay_count: get(row, "replay_count")?,
        replayed_as: number("replayed_as")?,
        note: get(row, "note")?,
        size: get(row, "size")?,
        created_at: rows::timestamp(get(row, "created_micros")?)?,
        updated_at: rows::timestamp(get(row, "updated_micros")?)?,
    })
}

fn letter(row: &sqlx::mysql::MySqlRow) -> Result<Letter, StoreError> {
    let headers: String = get(row, "headers")?;
    Ok(Letter {
        head: head(row)?,
        key: get(row, "record_key")?,
        value: get(row, "record_value")?,
        headers: parse_headers(&headers).ok_or_else(|| rows::inconsistent("dead_letters.headers"))?,
    })
}

/// `[[name, base64 or null], …]`, as the consumer writes it.
fn parse_headers(json: &str) -> Option<Vec<(String, Option<Vec<u8>>)>> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let list: Vec<(String, Option<String>)> = serde_json::from_str(json).ok()?;
    list.into_iter()
        .map(|(name, value)| match value {
            None => Some((name, None)),
            Some(text) => STANDARD.decode(text).ok().map(|bytes| (name, Some(bytes))),
        })
        .collect()
}

fn get<'r, T>(row: &'r sqlx::mysql::MySqlRow, column: &str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, MySql> + sqlx::Type<MySql>,
{
    row.try_get(column).map_err(|error| {
        tracing::error!(column, %error, "a dead letter cannot be read");
        rows::inconsistent("a column of dead_letters")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_the_consumer_writes_them() {
        let headers = parse_headers(r#"[["a","/wA="],["a",null],["b",""]]"#).unwrap();
        let expected = [("a", Some(vec![0xff, 0])), ("a", None), ("b", Some(vec![]))];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(parse_headers(r#"[["a","not base64!"]]"#), None);
        assert_eq!(parse_headers(r#"{"a":"b"}"#), None);
    }
}
