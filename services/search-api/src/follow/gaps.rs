//! Closing gaps by fact: is a missing number's row locked by the transaction that inserts it, or is there nothing?

use std::time::Instant;

use service_runtime::database::mysql_code;
use sqlx::MySqlConnection;

use super::position::{Gap, Position};

/// Locking reads in one round; the rest has its turn in the next.
const MOST_READS: usize = 100;
/// ER_LOCK_NOWAIT.
const LOCKED: u16 = 3572;

/// What one locking read found.
enum Read {
    Locked,
    /// The numbers of rows that are there and committed; they are read with the others.
    Rows(Vec<u64>),
}

/// Asks about the gaps that are due, the lowest first. The session must be READ COMMITTED, or an empty read would
/// keep others from inserting.
pub(super) async fn examine(connection: &mut MySqlConnection, position: &mut Position) -> Result<(), sqlx::Error> {
    let mut left: Vec<(u64, u64)> = position.to_read(Instant::now()).map(|gap: Gap| (gap.first, gap.last)).collect();
    left.reverse();
    for _ in 0..MOST_READS {
        let Some((first, last)) = left.pop() else { break };
        let now = Instant::now();
        match read(connection, first, last).await? {
            Read::Rows(there) => {
                for (first, last) in between(first, last, &there) {
                    position.found_empty(first, last, now);
                }
            }
            Read::Locked if first == last => position.found_locked(first, last),
            // One lock says nothing about the other numbers.
            Read::Locked => {
                let middle = first + (last - first) / 2;
                left.extend([(middle + 1, last), (first, middle)]);
            }
        }
    }
    Ok(())
}

async fn read(connection: &mut MySqlConnection, first: u64, last: u64) -> Result<Read, sqlx::Error> {
    let sql = if first == last {
        "SELECT seq FROM product_changes WHERE seq = ? FOR SHARE NOWAIT"
    } else {
        "SELECT seq FROM product_changes WHERE seq BETWEEN ? AND ? ORDER BY seq FOR SHARE NOWAIT"
    };
    let mut query = sqlx::query_scalar(sql).bind(first);
    if first != last {
        query = query.bind(last);
    }
    match query.fetch_all(connection).await {
        Ok(rows) => Ok(Read::Rows(rows)),
        Err(error) if mysql_code(&error) == Some(LOCKED) => Ok(Read::Locked),
        Err(error) => Err(error),
    }
}

/// The numbers from `first` to `last` but for those `there`, as ranges.
fn between(first: u64, last: u64, there: &[u64]) -> Vec<(u64, u64)> {
    let mut ranges = Vec::new();
    let mut next = first;
    for seq in there {
        if next < *seq {
            ranges.push((next, seq - 1));
        }
        next = seq + 1;
    }
    if next <= last {
        ranges.push((next, last));
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::between;

    #[test]
    fn rows_cut_the_range() {
        assert_eq!(between(3, 9, &[]), [(3, 9)]);
        assert_eq!(between(3, 9, &[3, 5, 6, 9]), [(4, 4), (7, 8)]);
        assert_eq!(between(4, 4, &[4]), []);
    }
}
