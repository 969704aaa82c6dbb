//! The table as a server has it. `cargo xtask generate folding` writes it down; a test compares it with what is there.

use sqlx::{MySqlConnection, Row};

/// Every code point that is a character, with its weight. LIKE can only equate characters of one weight.
const CHARACTERS: &str = "\
CREATE TEMPORARY TABLE folding_characters (
    cp INT UNSIGNED NOT NULL PRIMARY KEY,
    ch VARCHAR(1) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL,
    weight VARBINARY(255) NOT NULL
)
WITH RECURSIVE digits AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM digits WHERE n < 1087)
SELECT cp, ch, WEIGHT_STRING(ch COLLATE utf8mb4_0900_ai_ci) AS weight
FROM (
    SELECT high.n * 1024 + low.n AS cp, CONVERT(CHAR(high.n * 1024 + low.n USING utf32) USING utf8mb4) AS ch
    FROM digits high JOIN digits low ON low.n < 1024
    WHERE high.n * 1024 + low.n NOT BETWEEN 0xD800 AND 0xDFFF
) characters";

/// Those that share their weight with others, and the smallest of them as the group's number.
const GROUPS: &str = "\
CREATE TEMPORARY TABLE folding_groups (
    cp INT UNSIGNED NOT NULL PRIMARY KEY,
    ch VARCHAR(1) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL,
    smallest INT UNSIGNED NOT NULL,
    INDEX (smallest, cp)
)
SELECT cp, ch, smallest FROM (
    SELECT cp, ch, MIN(cp) OVER same AS smallest, COUNT(*) OVER same AS members
    FROM folding_characters WINDOW same AS (PARTITION BY weight)
) weighed WHERE members > 1";

/// A temporary table can be read once in a statement only.
const GROUPS_AGAIN: &str =
    "CREATE TEMPORARY TABLE folding_groups_again (INDEX (smallest, cp)) SELECT * FROM folding_groups";

/// Each with the smallest one that LIKE equates with it. Escaped, since `%` and `_` are among them.
const PAIRS: &str = "\
SELECT a.cp, MIN(b.cp) AS representative
FROM folding_groups a JOIN folding_groups_again b ON b.smallest = a.smallest AND b.cp < a.cp
WHERE a.ch LIKE CONCAT('|', b.ch) ESCAPE '|'
GROUP BY a.cp ORDER BY a.cp";

/// Asks the server about all 1,112,064 characters; takes it some seconds. Needs a database to make temporary tables in.
///
/// # Errors
/// The server's.
pub async fn derive(connection: &mut MySqlConnection) -> Result<Vec<(char, char)>, sqlx::Error> {
    for statement in ["SET SESSION cte_max_recursion_depth = 2000", CHARACTERS, GROUPS, GROUPS_AGAIN] {
        sqlx::raw_sql(statement).execute(&mut *connection).await?;
    }
    let rows = sqlx::query(PAIRS).fetch_all(&mut *connection).await?;
    let character = |row: &sqlx::mysql::MySqlRow, column| -> Result<char, sqlx::Error> {
        let number: u32 = row.try_get(column)?;
        char::from_u32(number).ok_or_else(|| sqlx::Error::Decode(format!("{number} is no character").into()))
    };
    rows.iter().map(|row| Ok((character(row, "cp")?, character(row, "representative")?))).collect()
}
