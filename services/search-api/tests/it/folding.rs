//! The folding table against a real server: all characters.

use search_api::folding::compare::{Comparison, compare};
use search_api::folding::{Folding, derive};
use sqlx::{AssertSqlSafe, MySqlConnection};

use crate::shop::Shop;

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn the_table_is_the_servers() {
    let shop = Shop::open_shared().await;
    let derived = derive::derive(&mut shop.connect().await).await.unwrap();
    let built_in: Vec<_> = Folding::built_in().pairs().collect();
    assert!(derived == built_in, "run `cargo xtask generate folding`");
    shop.close().await;
}

/// Every character that there is.
const ALL: &str = "\
CREATE TEMPORARY TABLE characters (
    cp INT UNSIGNED NOT NULL PRIMARY KEY,
    ch VARCHAR(1) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL
)
WITH RECURSIVE digits AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM digits WHERE n < 1087)
SELECT high.n * 1024 + low.n AS cp, CONVERT(CHAR(high.n * 1024 + low.n USING utf32) USING utf8mb4) AS ch
FROM digits high JOIN digits low ON low.n < 1024
WHERE high.n * 1024 + low.n NOT BETWEEN 0xD800 AND 0xDFFF";

const FOLDS: &str = "\
CREATE TEMPORARY TABLE folds (
    cp INT UNSIGNED NOT NULL PRIMARY KEY,
    ch VARCHAR(1) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL
)";

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn every_character_is_like_its_representative() {
    let shop = Shop::open_shared().await;
    let mut connection = shop.connect().await;
    run(&mut connection, "SET SESSION cte_max_recursion_depth = 2000").await;
    run(&mut connection, ALL).await;
    run(&mut connection, FOLDS).await;
    let pairs: Vec<_> = Folding::built_in().pairs().collect();
    for some in pairs.chunks(4000) {
        let rows: Vec<_> = some.iter().map(|(c, r)| format!("({}, _utf8mb4 0x{})", *c as u32, hex(*r))).collect();
        run(&mut connection, &format!("INSERT INTO folds (cp, ch) VALUES {}", rows.join(","))).await;
    }
    let like: (i64, i64) = sqlx::query_as(
        "SELECT COUNT(*), CAST(SUM(c.ch LIKE CONCAT('|', COALESCE(f.ch, c.ch)) ESCAPE '|') AS SIGNED) \
         FROM characters c LEFT JOIN folds f ON f.cp = c.cp",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(like, (1_112_064, 1_112_064));
    // And no other: LIKE equates only what weighs the same, so those of one weight are all that must be tried.
    run(
        &mut connection,
        "CREATE TEMPORARY TABLE alone (weight VARBINARY(255), INDEX (weight), cp INT UNSIGNED, \
         ch VARCHAR(1) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci) \
         SELECT WEIGHT_STRING(c.ch) AS weight, c.cp, c.ch FROM characters c LEFT JOIN folds f ON f.cp = c.cp \
         WHERE f.cp IS NULL",
    )
    .await;
    run(&mut connection, "CREATE TEMPORARY TABLE again (INDEX (weight)) SELECT * FROM alone").await;
    let (tried, alike): (i64, i64) = sqlx::query_as(
        "SELECT COUNT(*), CAST(COALESCE(SUM(a.ch LIKE CONCAT('|', b.ch) ESCAPE '|'), 0) AS SIGNED) \
         FROM alone a JOIN again b ON b.weight = a.weight AND b.cp <> a.cp",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert!(tried > 2000, "the Han ideographs that match only themselves are gone: {tried}");
    assert_eq!(alike, 0);
    shop.close().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_server_that_folds_otherwise_is_noticed() {
    let shop = Shop::open().await;
    let mut connection = shop.connect().await;
    assert_eq!(compare(&Folding::built_in(), &mut connection).await.unwrap(), Comparison::Same);
    // A table of an older collation would lack some and have others.
    let mut pairs: Vec<_> = Folding::built_in().pairs().collect();
    for (_, representative) in &mut pairs[..200] {
        *representative = '🚲';
    }
    let other = compare(&Folding::of(&pairs), &mut connection).await.unwrap();
    assert!(matches!(other, Comparison::Differs(_)), "{other:?}");
    run(&mut connection, "ALTER TABLE products MODIFY name VARCHAR(255) COLLATE utf8mb4_bin NOT NULL").await;
    let other = compare(&Folding::built_in(), &mut connection).await.unwrap();
    assert!(matches!(other, Comparison::Differs(_)), "{other:?}");
    shop.close().await;
}

fn hex(c: char) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02X}"))
}

async fn run(connection: &mut MySqlConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}
