//! The `consumer_offsets` rows: where each partition goes on.

use std::time::Duration;

use kafka_offsets::TopicId;
use service_runtime::database::Lease;
use sqlx::{MySqlPool, Row};

use super::sql::Sql;
use crate::batch::Batch;

/// A read or write of a row by its key; a server that needs longer is frozen or behind a cut network.
const LIMIT: Duration = Duration::from_secs(10);

/// The partition's `next`; makes the row with `log_start` when there is none. Two processes that make it at the same time get
/// the same row.
pub async fn read_or_make(
    pool: &MySqlPool,
    topic: &str,
    topic_id: &TopicId,
    partition: i32,
    log_start: i64,
) -> Result<i64, sqlx::Error> {
    if let Some(next) = read(pool, topic_id, partition).await? {
        return Ok(next);
    }
    let make = sqlx::query(
        "INSERT INTO consumer_offsets (topic_id, partition_id, topic, `next`) VALUES (?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE `next` = consumer_offsets.`next`",
    );
    let make = make.bind(topic_id.as_str()).bind(partition).bind(topic).bind(log_start);
    Lease::within(pool, LIMIT, async |connection| make.execute(connection).await).await?;
    read(pool, topic_id, partition).await?.ok_or(sqlx::Error::RowNotFound)
}

/// `next` of all rows of a topic.
pub async fn read_all(pool: &MySqlPool, topic_id: &TopicId) -> Result<Vec<(i32, i64)>, sqlx::Error> {
    let rows = sqlx::query_as("SELECT partition_id, `next` FROM consumer_offsets WHERE topic_id = ?");
    Lease::within(pool, LIMIT, async |connection| rows.bind(topic_id.as_str()).fetch_all(connection).await).await
}

async fn read(pool: &MySqlPool, topic_id: &TopicId, partition: i32) -> Result<Option<i64>, sqlx::Error> {
    let row = sqlx::query_scalar("SELECT `next` FROM consumer_offsets WHERE topic_id = ? AND partition_id = ?");
    let row = row.bind(topic_id.as_str()).bind(partition);
    Lease::within(pool, LIMIT, async |connection| row.fetch_optional(connection).await).await
}

/// Moves `next` down to the log's start after the log was truncated below it. Only from `from`, so that two processes cannot
/// both do it.
pub async fn reset(
    pool: &MySqlPool,
    topic_id: &TopicId,
    partition: i32,
    from: i64,
    to: i64,
) -> Result<bool, sqlx::Error> {
    let sql = "UPDATE consumer_offsets SET `next` = ? WHERE topic_id = ? AND partition_id = ? AND `next` = ?";
    let change = sqlx::query(sql).bind(to).bind(topic_id.as_str()).bind(partition).bind(from);
    Ok(Lease::within(pool, LIMIT, async |connection| change.execute(connection).await).await?.rows_affected() == 1)
}

/// Locks the batch's rows, in partition order. The index is said, since with a few partitions MySQL would rather look at all rows, and
/// wait for those that others have locked.
pub(super) fn lock(sql: &mut Sql, batch: &Batch) {
    sql.statement("SELECT partition_id, `next` FROM consumer_offsets FORCE INDEX (PRIMARY) WHERE topic_id = ")
        .text(batch.topic_id.as_str())
        .raw(" AND partition_id IN (")
        .list(&batch.slices, |sql, slice| {
            sql.int(slice.partition);
        })
        .raw(") ORDER BY partition_id FOR UPDATE");
}

/// Partitions whose row is not where this process left it: another process has them now.
pub(super) fn missed(rows: &[sqlx::mysql::MySqlRow], batch: &Batch) -> Result<Vec<i32>, sqlx::Error> {
    let found: Vec<(i32, i64)> =
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?;
    let stands = |slice: &&crate::batch::Slice| !found.contains(&(slice.partition, slice.from));
    Ok(batch.slices.iter().filter(stands).map(|slice| slice.partition).collect())
}
