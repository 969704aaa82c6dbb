//! Does the server at hand fold as the table says? A sample, asked in one statement.

use std::fmt::Write;

use sqlx::{AssertSqlSafe, MySqlConnection};

use super::Folding;

/// Pairs of each kind in the sample.
const SAMPLE: usize = 160;

/// What the server answers to the sample, or how its table of products differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    Same,
    /// The migrator has not run.
    NoTable,
    /// Says what differs.
    Differs(String),
}

/// Compares the collation of what is searched, and a sample of pairs that LIKE must equate or must not.
///
/// # Errors
/// The server's.
pub async fn compare(folding: &Folding, connection: &mut MySqlConnection) -> Result<Comparison, sqlx::Error> {
    let collations: Vec<Option<String>> = sqlx::query_scalar(
        "SELECT DISTINCT COLLATION_NAME FROM information_schema.COLUMNS \
         WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'products' AND COLUMN_NAME IN ('name', 'description')",
    )
    .fetch_all(&mut *connection)
    .await?;
    if collations.is_empty() {
        return Ok(Comparison::NoTable);
    }
    if collations != [Some("utf8mb4_0900_ai_ci".to_owned())] {
        return Ok(Comparison::Differs(format!("products are compared by {collations:?}")));
    }
    let wrong: i64 = sqlx::query_scalar(AssertSqlSafe(question(folding))).fetch_one(connection).await?;
    Ok(match wrong {
        0 => Comparison::Same,
        wrong => Comparison::Differs(format!("{wrong} of {} pairs are not as in the table", 2 * SAMPLE)),
    })
}

/// Counts the pairs that the server sees otherwise. Evenly over the table: its neighbours in Unicode change together.
fn question(folding: &Folding) -> String {
    let pairs: Vec<_> = folding.pairs().collect();
    let chosen = (0..SAMPLE).map(|n| n * pairs.len() / SAMPLE);
    let mut rows = String::new();
    for (c, representative) in chosen.map(|at| pairs[at]) {
        row(&mut rows, c, representative, true);
        // The next representative is another one.
        let next = ('\0'..=char::MAX).find(|next| *next > representative && folding.representative(*next) == *next);
        row(&mut rows, c, next.unwrap_or_default(), false);
    }
    format!(
        "SELECT COUNT(*) FROM (VALUES {rows}) AS pairs (a, b, alike) \
         WHERE (a COLLATE utf8mb4_0900_ai_ci LIKE CONCAT('|', b) ESCAPE '|') <> alike"
    )
}

fn row(rows: &mut String, a: char, b: char, alike: bool) {
    let comma = if rows.is_empty() { "" } else { "," };
    let _infallible = write!(rows, "{comma}ROW(_utf8mb4 0x{}, _utf8mb4 0x{}, {})", hex(a), hex(b), u8::from(alike));
}

fn hex(c: char) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02X}"))
}
