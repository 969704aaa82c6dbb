//! Old changes are deleted, so that the log does not grow for ever. One follower at a time does it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, MySqlConnection};

use super::position::Position;
use super::{FollowError, timely};

/// Changes deleted in one transaction.
const BATCH: u32 = 5000;

/// What may go.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Changes younger than this stay: a follower may sleep so long without a new build.
    pub age: Duration,
    /// What this follower itself has only just closed stays: others may need a moment more. A change that was held
    /// open for hours is old when it appears.
    pub settled: Duration,
    pub prune_every: Duration,
}

impl Default for Keep {
    fn default() -> Self {
        Self { age: Duration::from_secs(3600), settled: Duration::from_secs(10), prune_every: Duration::from_secs(60) }
    }
}

/// When this follower's watermark was where. Below a watermark every number was seen, or closed by fact: so pruning
/// never passes an open gap.
#[derive(Debug, Default)]
pub(super) struct Settled(VecDeque<(Instant, u64)>);

impl Settled {
    pub(super) fn note(&mut self, position: &Position, now: Instant) {
        let watermark = position.watermark();
        // A new build may begin lower.
        self.0.retain(|(_, noted)| *noted <= watermark);
        if self.0.back().is_none_or(|(_, noted)| *noted < watermark) {
            self.0.push_back((now, watermark));
        }
    }

    /// The highest watermark that is at least this old; forgets the older ones.
    fn at_least(&mut self, age: Duration, now: Instant) -> Option<u64> {
        let old = self.0.iter().rposition(|(noted, _)| now.saturating_duration_since(*noted) >= age)?;
        self.0.drain(..old);
        self.0.front().map(|(_, watermark)| *watermark)
    }
}

/// Deletes what may go; gives how many changes went. None: another one is at it.
pub(super) async fn prune(
    connection: &mut MySqlConnection,
    settled: &mut Settled,
    keep: &Keep,
) -> Result<Option<u64>, FollowError> {
    let Some(highest) = settled.at_least(keep.settled, Instant::now()) else { return Ok(Some(0)) };
    // Names of locks are the server's, not the database's, and 64 characters long at most.
    let locked: Option<i64> = timely(
        sqlx::query_scalar("SELECT GET_LOCK(CONCAT('prune:', SHA2(DATABASE(), 224)), 0)").fetch_one(&mut *connection),
    )
    .await?;
    if locked != Some(1) {
        return Ok(None);
    }
    let mut deleted = 0;
    while let Some(batch) = next(connection, highest, keep.age).await? {
        deleted += delete(connection, batch).await?;
    }
    let release = sqlx::query("DO RELEASE_LOCK(CONCAT('prune:', SHA2(DATABASE(), 224)))");
    timely(release.execute(connection)).await?;
    Ok(Some(deleted))
}

/// The oldest changes up to a number, and how many they are.
struct Batch {
    to: u64,
    changes: i64,
}

/// The next batch: old enough, settled, and without a younger one below it.
async fn next(connection: &mut MySqlConnection, highest: u64, age: Duration) -> Result<Option<Batch>, FollowError> {
    let oldest = "SELECT seq FROM product_changes WHERE seq <= ? ORDER BY seq LIMIT ?";
    let sql = format!("SELECT MAX(seq), COUNT(*) FROM ({oldest}) oldest");
    let all = sqlx::query_as(AssertSqlSafe(sql)).bind(highest).bind(BATCH);
    let (to, changes): (Option<u64>, i64) = timely(all.fetch_one(&mut *connection)).await?;
    let Some(to) = to else { return Ok(None) };
    let young = "SELECT MIN(seq) FROM product_changes WHERE seq <= ? AND changed_at > NOW(6) - INTERVAL ? MICROSECOND";
    let young = sqlx::query_scalar(young).bind(to).bind(u64::try_from(age.as_micros()).unwrap_or(u64::MAX));
    let young: Option<u64> = timely(young.fetch_one(&mut *connection)).await?;
    let Some(young) = young else { return Ok(Some(Batch { to, changes })) };
    let before = sqlx::query_as("SELECT MAX(seq), COUNT(*) FROM product_changes WHERE seq < ?").bind(young);
    let (to, changes): (Option<u64>, i64) = timely(before.fetch_one(connection)).await?;
    Ok(to.map(|to| Batch { to, changes }))
}

/// With `pruned_to` in the same transaction: whoever reads one sees the other.
async fn delete(connection: &mut MySqlConnection, batch: Batch) -> Result<u64, FollowError> {
    let mut transaction = timely(connection.begin()).await?;
    let pruned = "INSERT INTO product_changes_pruned (one, pruned_to) VALUES (1, ?) AS new \
                  ON DUPLICATE KEY UPDATE pruned_to = GREATEST(product_changes_pruned.pruned_to, new.pruned_to)";
    timely(sqlx::query(pruned).bind(batch.to).execute(&mut *transaction)).await?;
    // The row behind the last one may be an insert that is held open: with the number of rows it is not looked at.
    let delete = sqlx::query("DELETE FROM product_changes WHERE seq <= ? ORDER BY seq LIMIT ?");
    let delete = delete.bind(batch.to).bind(batch.changes).execute(&mut *transaction);
    let deleted = timely(delete).await?.rows_affected();
    timely(transaction.commit()).await?;
    Ok(deleted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_been_below_the_watermark_for_a_while_is_settled() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let age = Duration::from_secs(10);
        let mut settled = Settled::default();
        settled.note(&Position::after(5), at(0));
        settled.note(&Position::after(9), at(8));
        settled.note(&Position::after(9), at(12));
        assert_eq!(settled.at_least(age, at(9)), None);
        assert_eq!(settled.at_least(age, at(11)), Some(5));
        assert_eq!(settled.at_least(age, at(18)), Some(9));
        // A build begins again below: what was noted above counts no more.
        settled.note(&Position::after(7), at(31));
        assert_eq!(settled.at_least(age, at(40)), None);
        assert_eq!(settled.at_least(age, at(41)), Some(7));
    }
}
