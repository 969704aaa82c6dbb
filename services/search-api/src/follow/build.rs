//! A new index: the table is streamed by key, page after page, while a thread of its own folds and cuts it into shards.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, MySqlConnection, Row};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::log::{PRUNED, mark};
use super::metrics::Metrics;
use super::position::Position;
use super::{FollowError, timely};
use crate::folding::Folding;
use crate::index::{Builder, Index, Shape};

/// Products read at once: few of those with long descriptions, since some pages are in memory together.
const PAGE: RangeInclusive<usize> = 100..=4000;
const FIRST_PAGE: usize = 500;
const PAGE_BYTES: usize = 2 << 20;
const TELL_EVERY: Duration = Duration::from_secs(2);

/// What came of it.
pub(super) enum Built {
    Index(Index),
    /// It needed more than the limit; holds how far it came, in bytes.
    TooLarge(usize),
}

/// Where a new index stands, taken before its table is read: all changes that are committed by now will be in it. What
/// is missing below them is a gap, as for any follower; locking the log's end would not do, since its last row is free
/// while a lower number is still open.
pub(super) async fn position(connection: &mut MySqlConnection) -> Result<Position, FollowError> {
    let sql = format!(
        "SELECT s.pruned_to, c.seq FROM {PRUNED} LEFT JOIN product_changes c ON c.seq > s.pruned_to ORDER BY c.seq"
    );
    let mut position = None;
    let mut rows = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch(&mut *connection);
    while let Some(row) = timely(rows.try_next()).await? {
        let position = position.get_or_insert(Position::after(row.try_get("pruned_to")?));
        if let Some(seq) = row.try_get("seq")? {
            position.saw(seq);
        }
    }
    drop(rows);
    let mut position: Position = position.ok_or(sqlx::Error::RowNotFound)?;
    let last = sqlx::query(
        "SELECT seq, product_id, CAST(changed_at AS CHAR) AS changed_at FROM product_changes WHERE seq = ?",
    )
    .bind(position.applied());
    if let Some(row) = timely(last.fetch_optional(connection)).await?
        && let Some(mark) = mark(&row)?
    {
        position.remember(mark);
    }
    Ok(position)
}

/// Reads the whole table. `limit`: bytes that the index may take.
pub(super) async fn build(
    connection: &mut MySqlConnection,
    folding: &Arc<Folding>,
    shape: Shape,
    limit: usize,
    metrics: &Metrics,
) -> Result<Built, FollowError> {
    // Two pages ahead: reading and folding go on side by side, and memory stays small.
    let (pages, received) = mpsc::channel(2);
    let folding = folding.clone();
    let work = spawn_blocking(move || fold(received, &folding, Builder::new(shape), limit));
    let read = read(connection, &pages, metrics).await;
    drop(pages);
    let built = work.await.map_err(|_| FollowError::Thread)??;
    read?;
    Ok(built)
}

async fn read(
    connection: &mut MySqlConnection,
    pages: &mpsc::Sender<Vec<MySqlRow>>,
    metrics: &Metrics,
) -> Result<(), FollowError> {
    let last: Option<u64> =
        timely(sqlx::query_scalar("SELECT MAX(id) FROM products").fetch_one(&mut *connection)).await?;
    let mut told = Instant::now();
    let (mut after, mut products, mut limit) = (None, 0, FIRST_PAGE);
    loop {
        let page = "SELECT id, name, description FROM products WHERE id >= ? ORDER BY id LIMIT ?";
        // The lowest possible id is 0, so one after nothing is 0, too.
        let from = after.map_or(0, |after: u64| after.saturating_add(1));
        let rows = timely(sqlx::query(page).bind(from).bind(limit as u64).fetch_all(&mut *connection)).await?;
        let Some(end) = rows.last().map(|row| row.try_get::<u64, _>("id")).transpose()? else { return Ok(()) };
        products += rows.len();
        limit = next_page(rows.len(), bytes(&rows)?);
        metrics.building(products);
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            let share = last.map_or(0.0, |last| 100.0 * end as f64 / last.max(1) as f64);
            tracing::info!(products, "building the index: id {end} of {}, {share:.0} %", last.unwrap_or_default());
        }
        if pages.send(rows).await.is_err() || end == u64::MAX {
            // The thread has given up, and says why.
            return Ok(());
        }
        after = Some(end);
    }
}

/// How many products are read next, when these had so many bytes.
fn next_page(products: usize, bytes: usize) -> usize {
    (PAGE_BYTES * products / bytes.max(1)).clamp(*PAGE.start(), *PAGE.end())
}

fn bytes(rows: &[MySqlRow]) -> Result<usize, sqlx::Error> {
    rows.iter()
        .map(|row| Ok(row.try_get::<&str, _>("name")?.len() + row.try_get::<&str, _>("description")?.len()))
        .sum()
}

fn fold(
    mut pages: mpsc::Receiver<Vec<MySqlRow>>,
    folding: &Folding,
    mut builder: Builder,
    limit: usize,
) -> Result<Built, FollowError> {
    while let Some(page) = pages.blocking_recv() {
        for row in page {
            builder.push(row.try_get("id")?, row.try_get("name")?, row.try_get("description")?, folding);
        }
        if builder.size().peak() > limit {
            return Ok(Built::TooLarge(builder.size().peak()));
        }
    }
    let index = builder.finish();
    let peak = index.size().peak();
    Ok(if peak > limit { Built::TooLarge(peak) } else { Built::Index(index) })
}

#[cfg(test)]
mod tests {
    use super::next_page;

    #[test]
    fn long_descriptions_are_read_in_short_pages() {
        assert_eq!(next_page(500, 500 * 200), 4000);
        assert_eq!(next_page(500, 500 * 4096), 512);
        assert_eq!(next_page(500, 500 * 17_000), 123);
        assert_eq!(next_page(500, 500 * 100_000), 100);
        assert_eq!(next_page(3, 0), 4000);
    }
}
