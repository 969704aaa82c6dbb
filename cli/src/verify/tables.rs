//! MySQL's side: everything in one consistent snapshot, so that orders may flow meanwhile.

use std::collections::HashSet;

use futures::TryStreamExt;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, MySqlConnection, Row};

use super::difference::{Differences, Kind};
use super::letters::Letters;
use super::orders::{self, Orders};
use super::record::{Number, parse};
use super::stock::{self, Stock};
use super::totals::{Ledger, Offsets, Totals};

/// What the tables said at one moment.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Of all topics and lives.
    pub offsets: Vec<Offsets>,
    /// All dead letters.
    pub letters: Letters,
    /// All orders.
    pub orders: Orders,
    /// Cancels that wait for their order.
    pub pending: HashSet<Number>,
    /// Stock.
    pub stock: Stock,
    /// The account.
    pub ledger: Ledger,
    /// Mail not sent yet.
    pub unsent_mail: i64,
    /// Mail that was given up.
    pub mail_given_up: i64,
}

/// Reads and judges them.
pub(super) async fn read(
    options: &MySqlConnectOptions,
    topic_id: &str,
    differences: &mut Differences,
) -> Result<Tables, sqlx::Error> {
    let mut connection = options.connect().await?;
    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
    connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await?;
    let tables = in_snapshot(&mut connection, topic_id, differences).await?;
    connection.execute("COMMIT").await?;
    connection.close().await?;
    Ok(tables)
}

async fn in_snapshot(
    connection: &mut MySqlConnection,
    topic_id: &str,
    differences: &mut Differences,
) -> Result<Tables, sqlx::Error> {
    let offsets = offsets(connection).await?;
    let letters = Letters::read(connection, topic_id, differences).await?;
    let orders = orders::read(connection, &letters, differences).await?;
    orders::check_letters(&orders, &letters, differences);
    let ledger = Ledger::draw(&offsets, &orders, &letters, differences);
    let mail = "SELECT CAST(COALESCE(SUM(sent_at IS NULL AND given_up_at IS NULL), 0) AS SIGNED), \
                CAST(COALESCE(SUM(given_up_at IS NOT NULL), 0) AS SIGNED) FROM outbox";
    let mail = sqlx::query(mail).fetch_one(&mut *connection).await?;
    Ok(Tables {
        pending: pending(connection, differences).await?,
        stock: stock::read(connection, differences).await?,
        unsent_mail: mail.try_get(0)?,
        mail_given_up: mail.try_get(1)?,
        offsets,
        letters,
        orders,
        ledger,
    })
}

async fn offsets(connection: &mut MySqlConnection) -> Result<Vec<Offsets>, sqlx::Error> {
    let columns = Totals::default().named().map(|(name, _)| format!("CAST(`{name}` AS SIGNED)")).join(", ");
    let sql = format!(
        "SELECT topic_id, partition_id, `next`, {columns} FROM consumer_offsets ORDER BY topic_id, partition_id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(Offsets {
                topic_id: row.try_get(0)?,
                partition: row.try_get(1)?,
                next: row.try_get(2)?,
                totals: Totals {
                    creates: row.try_get(3)?,
                    new: row.try_get(4)?,
                    duplicates: row.try_get(5)?,
                    conflicts: row.try_get(6)?,
                    failed: row.try_get(7)?,
                    replays: row.try_get(8)?,
                    replayed_new: row.try_get(9)?,
                    cancels: row.try_get(10)?,
                    other: row.try_get(11)?,
                },
            })
        })
        .collect()
}

async fn pending(
    connection: &mut MySqlConnection,
    differences: &mut Differences,
) -> Result<HashSet<Number>, sqlx::Error> {
    let mut numbers = HashSet::new();
    let mut rows = sqlx::query("SELECT order_number FROM pending_cancels").fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let text: &str = row.try_get(0)?;
        match parse(text) {
            Some(number) => drop(numbers.insert(number)),
            None => differences.add(Kind::Unreadable, || format!("pending cancel of {text}")),
        }
    }
    Ok(numbers)
}
