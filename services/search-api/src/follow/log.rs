//! Reading the numbered changes that triggers write, in the way that followers and searches have in common.

use std::iter::repeat_n;

use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, MySqlConnection, Row};

use super::position::{Gap, Mark, Position};

/// More gaps than this are not asked for one by one: all above the lowest is read again.
const MOST_GAPS: usize = 64;
/// Statements are prepared for these numbers of ranges, so that a server keeps few of them.
const RANGES: [usize; 4] = [1, 2, 9, MOST_GAPS + 1];

/// `pruned_to` as a table of one row, for the statement that reads changes beside it: `JOIN … ON` [`Delta::condition`].
pub(crate) const PRUNED: &str =
    "(SELECT CAST(COALESCE(MAX(pruned_to), 0) AS UNSIGNED) AS pruned_to FROM product_changes_pruned) s";

/// The numbers that a position has not seen, and the highest one it has: that one proves that the log is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delta {
    ranges: Vec<(u64, u64)>,
}

impl Delta {
    pub(crate) fn of(position: &Position) -> Self {
        let tail = (position.applied().max(1), u64::MAX);
        let mut ranges: Vec<_> = if position.gaps().len() > MOST_GAPS {
            vec![(position.watermark() + 1, u64::MAX)]
        } else {
            position.gaps().iter().map(|gap| (gap.first, gap.last)).chain([tail]).collect()
        };
        let size = RANGES.into_iter().find(|size| *size >= ranges.len()).unwrap_or(ranges.len());
        let last = ranges.last().copied().unwrap_or(tail);
        ranges.extend(repeat_n(last, size - ranges.len()));
        Self { ranges }
    }

    /// On `product_changes c`, with two values for each range.
    pub(crate) fn condition(&self) -> String {
        let ranges = vec!["c.seq BETWEEN ? AND ?"; self.ranges.len()].join(" OR ");
        format!("({ranges})")
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = u64> {
        self.ranges.iter().flat_map(|(first, last)| [*first, *last])
    }
}

/// What a read of the log says about a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing was missed.
    Sound,
    /// Changes that the position has not seen were pruned.
    Overtaken,
    /// The log is not the one that the position was read from.
    AnotherLog,
}

impl Standing {
    /// `mark`: the change found under the position's highest number, with `pruned_to` of the same statement.
    pub(crate) fn of(position: &Position, pruned_to: u64, mark: Option<&Mark>) -> Self {
        if pruned_to > position.watermark() {
            return Self::Overtaken;
        }
        let same = match position.mark() {
            // What was pruned need not be there.
            Some(mine) => mine.seq <= pruned_to || mark == Some(mine),
            // All that was applied had been pruned, and a log never takes that back.
            None => position.applied() <= pruned_to,
        };
        if same { Self::Sound } else { Self::AnotherLog }
    }
}

/// One change with the product as it is now.
#[derive(Debug)]
pub(super) struct Change {
    pub mark: Mark,
    /// Name and description; None when the product is gone.
    pub texts: Option<(String, String)>,
}

/// Reads at most `limit` changes from the position's highest number on, that one included, in order.
pub(super) async fn tail(
    connection: &mut MySqlConnection,
    position: &Position,
    limit: u32,
) -> Result<(u64, Vec<Change>), sqlx::Error> {
    let sql = format!(
        "SELECT s.pruned_to, c.seq, c.product_id, CAST(c.changed_at AS CHAR) AS changed_at, p.id, p.name, p.description \
         FROM {PRUNED} LEFT JOIN product_changes c ON c.seq >= ? LEFT JOIN products p ON p.id = c.product_id \
         ORDER BY c.seq LIMIT ?"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(position.applied()).bind(limit).fetch_all(connection).await?;
    // The table of one row is always there.
    let pruned_to = rows.first().map_or(Err(sqlx::Error::RowNotFound), |row| row.try_get("pruned_to"))?;
    let changes = rows.iter().map(change).collect::<Result<Vec<_>, _>>()?;
    Ok((pruned_to, changes.into_iter().flatten().collect()))
}

/// Reads changes in the gaps that have been committed by now.
pub(super) async fn committed(connection: &mut MySqlConnection, gaps: &[Gap]) -> Result<Vec<Change>, sqlx::Error> {
    let mut changes = Vec::new();
    for some in gaps.chunks(MOST_GAPS) {
        let ranges = vec!["c.seq BETWEEN ? AND ?"; some.len()].join(" OR ");
        let sql = format!(
            "SELECT c.seq, c.product_id, CAST(c.changed_at AS CHAR) AS changed_at, p.id, p.name, p.description \
             FROM product_changes c LEFT JOIN products p ON p.id = c.product_id WHERE {ranges} ORDER BY c.seq"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for gap in some {
            query = query.bind(gap.first).bind(gap.last);
        }
        for row in query.persistent(false).fetch_all(&mut *connection).await? {
            changes.extend(change(&row)?);
        }
    }
    Ok(changes)
}

fn change(row: &MySqlRow) -> Result<Option<Change>, sqlx::Error> {
    let Some(mark) = mark(row)? else { return Ok(None) };
    let gone = row.try_get::<Option<u64>, _>("id")?.is_none();
    let texts = if gone { None } else { Some((row.try_get("name")?, row.try_get("description")?)) };
    Ok(Some(Change { mark, texts }))
}

/// The columns `seq`, `product_id` and `changed_at`; None when there is no change in this row.
pub(crate) fn mark(row: &MySqlRow) -> Result<Option<Mark>, sqlx::Error> {
    let Some(seq) = row.try_get("seq")? else { return Ok(None) };
    Ok(Some(Mark { seq, product_id: row.try_get("product_id")?, changed_at: row.try_get("changed_at")? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(seq: u64, product_id: u64) -> Mark {
        Mark { seq, product_id, changed_at: "2026-11-22 18:00:00.000001".to_owned() }
    }

    #[test]
    fn a_position_stands_on_its_own_log_alone() {
        let mut position = Position::after(90);
        position.saw(100);
        position.remember(mark(100, 7));
        // A gap from 91 on.
        assert_eq!(Standing::of(&position, 90, Some(&mark(100, 7))), Standing::Sound);
        assert_eq!(Standing::of(&position, 91, Some(&mark(100, 7))), Standing::Overtaken);
        assert_eq!(Standing::of(&position, 90, Some(&mark(100, 8))), Standing::AnotherLog);
        assert_eq!(Standing::of(&position, 90, None), Standing::AnotherLog);
        (91..100).for_each(|seq| position.saw(seq));
        assert_eq!(Standing::of(&position, 100, None), Standing::Sound);
    }

    /// Everything had been pruned when it was built, so no change proves the log: a restored one had pruned less.
    #[test]
    fn a_log_that_pruned_less_than_it_had_is_another_one() {
        let position = Position::after(100);
        assert_eq!(Standing::of(&position, 100, None), Standing::Sound);
        assert_eq!(Standing::of(&position, 50, None), Standing::AnotherLog);
        assert_eq!(Standing::of(&Position::after(0), 0, None), Standing::Sound);
    }
}
