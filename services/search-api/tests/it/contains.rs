//! A search finds exactly the rows that LIKE finds.

use futures::StreamExt;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use search_api::folding::Folding;
use sqlx::QueryBuilder;

use crate::shop::Shop;

/// Names that wildcards, escapes, folding and odd characters could trip over; the id is the position plus one.
const NAMES: [&str; 12] = [
    "100% wool",
    "100 wool",
    "snake_case",
    "snakeXcase",
    r"back\slash",
    "pipe|pipe",
    "Crème Brûlée",
    "straße",
    "🚲 bike",
    "nul\0here",
    "bell\u{7}",
    "  two  spaces ",
];

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn wildcards_are_literal_and_folding_is_the_servers() {
    let shop = Shop::open().await;
    for (at, name) in NAMES.iter().enumerate() {
        shop.add(at as u64 + 1, name, "").await;
    }
    let cases: [(&str, &[u64]); 16] = [
        ("100%", &[1]),
        ("%", &[1]),
        ("_", &[3]),
        ("e_c", &[3]),
        (r"\", &[5]),
        (r"k\s", &[5]),
        ("|", &[6]),
        ("CREME BRULEE", &[7]),
        ("ß", &[8]),
        ("strasse", &[]),
        ("🚲", &[9]),
        ("\0h", &[10]),
        // Control characters weigh nothing in this collation, so they equal each other, and only each other.
        ("\u{7}", &[10, 11]),
        ("  ", &[12]),
        (" wool", &[1, 2]),
        ("wool ", &[]),
    ];
    for (search, expected) in cases {
        assert_eq!(shop.api.all_ids(search, "200").await, expected, "{search:?}");
    }
    shop.close().await;
}

/// How many pairs of a catalogue and a query; SEARCH_PAIRS=100000 for a long run.
const PAIRS: usize = 4000;
const PRODUCTS: u64 = 120;
const QUERIES: usize = 500;

/// Characters in which random texts meet: letters with and without marks, wildcards, controls, wide ones.
const ODD: &str = "aAábBß%_\\|' \0\u{7}\n１1ドト🚲🚗漢한e\u{301}";

/// Texts of odd characters, of those that fold, and of any at all.
struct Texts {
    runner: TestRunner,
    odd: Vec<char>,
    folding: Vec<(char, char)>,
}

impl Texts {
    fn new() -> Self {
        let folding = Folding::built_in().pairs().collect();
        Self { runner: TestRunner::deterministic(), odd: ODD.chars().collect(), folding }
    }

    fn below(&mut self, bound: usize) -> usize {
        (0..bound).new_tree(&mut self.runner).unwrap().current()
    }

    fn draw(&mut self, longest: usize) -> String {
        let length = self.below(longest + 1);
        let kind = self.below(4);
        (0..length).map(|_| self.character(kind)).collect()
    }

    fn character(&mut self, kind: usize) -> char {
        let (odd, fold) = (self.below(self.odd.len()), self.below(self.folding.len()));
        match kind {
            0 | 1 => self.odd[odd],
            2 => self.folding[fold].0,
            _ => any::<char>().new_tree(&mut self.runner).unwrap().current(),
        }
    }

    /// A part of a text, some characters in another form: such queries often find something.
    fn part(&mut self, text: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        let from = self.below(chars.len() + 1);
        let to = from + self.below(chars.len() - from + 1);
        chars[from..to].iter().map(|c| if self.below(3) == 0 { self.other_form(*c) } else { *c }).collect()
    }

    fn other_form(&self, c: char) -> char {
        let alike = self.folding.iter().find(|(member, representative)| *member == c || *representative == c);
        alike.map_or(c, |(member, representative)| if *member == c { *representative } else { *member })
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn random_texts_find_what_like_finds() {
    let pairs = std::env::var("SEARCH_PAIRS").map_or(PAIRS, |pairs| pairs.parse().unwrap());
    let shop = Shop::open().await;
    let mut texts = Texts::new();
    let mut found = 0;
    for round in 0..pairs.div_ceil(QUERIES) {
        let known = fill(&shop, &mut texts).await;
        let queries: Vec<String> = (0..QUERIES)
            .map(|_| match texts.below(3) {
                0 => texts.draw(4),
                1 => texts.draw(1),
                _ => {
                    let at = texts.below(known.len());
                    texts.part(&known[at])
                }
            })
            .filter(|query| !query.is_empty())
            .collect();
        let expected = like(&shop, &queries).await;
        let asked = queries.iter().zip(&expected).map(async |(query, expected)| {
            // Pages of all sizes.
            let limit = ["200", "7", "40"][query.len() % 3];
            assert_eq!(&shop.api.all_ids(query, limit).await, expected, "round {round}: {query:?}");
        });
        futures::stream::iter(asked).buffer_unordered(6).collect::<Vec<()>>().await;
        found += expected.iter().filter(|ids| !ids.is_empty()).count();
    }
    println!("{pairs} pairs, {found} with products");
    assert!(found > pairs / 5, "most queries found nothing: {found}");
    // SlowChanges is a time limit, which a starved machine may reach.
    for reason in ["Building", "ManyChanges", "Shrinking", "TooLarge"] {
        assert_eq!(shop.api.fallbacks(reason).await, 0.0, "{reason}");
    }
    shop.close().await;
}

/// Replaces the catalogue by another one; gives its texts.
async fn fill(shop: &Shop, texts: &mut Texts) -> Vec<String> {
    let mut known = Vec::new();
    let mut transaction = shop.pool.begin().await.unwrap();
    sqlx::query("DELETE FROM products").execute(&mut *transaction).await.unwrap();
    let mut sql = QueryBuilder::new("INSERT INTO products (id, sku, name, description, price_amount, currency) ");
    let ids = (1..=PRODUCTS).map(|id| id * 3);
    sql.push_values(ids, |mut row, id| {
        let (name, description) = (texts.draw(8), texts.draw(20));
        known.extend([name.clone(), description.clone()]);
        row.push_bind(id).push_bind(format!("SKU-{id}")).push_bind(name).push_bind(description);
        row.push_bind(100).push_bind("EUR");
    });
    sql.build().execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
    known
}

/// The same questions to MySQL, all in one statement: default escape, no cursor, no limit.
async fn like(shop: &Shop, queries: &[String]) -> Vec<Vec<u64>> {
    let mut sql = QueryBuilder::new("WITH queries (n, pattern) AS (VALUES ");
    for (n, query) in queries.iter().enumerate() {
        let escaped = query.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        sql.push(if n == 0 { "ROW(" } else { ", ROW(" });
        sql.push(n).push(", ").push_bind(format!("%{escaped}%")).push(")");
    }
    sql.push(
        ") SELECT CAST(q.n AS UNSIGNED), p.id FROM queries q JOIN products p \
         ON p.name LIKE q.pattern COLLATE utf8mb4_0900_ai_ci OR p.description LIKE q.pattern COLLATE utf8mb4_0900_ai_ci \
         ORDER BY 1, 2",
    );
    let rows: Vec<(u64, u64)> = sql.build_query_as().fetch_all(&shop.pool).await.unwrap();
    let mut found = vec![Vec::new(); queries.len()];
    rows.into_iter().for_each(|(n, id)| found[n as usize].push(id));
    found
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn queries_of_every_length() {
    let shop = Shop::open().await;
    let long = "Straße nach ドイツ, 🚲 inbegriffen. ".repeat(60);
    shop.add(1, "Long", &long).await;
    shop.add(2, "Longer", &format!("{long}und weiter")).await;
    shop.add(3, "a", "").await;
    let chars: Vec<char> = long.chars().collect();
    for length in [1, 2, 3, 4, 10, 255, 999, 1000] {
        let query: String = chars[5..5 + length].iter().collect();
        assert_eq!(shop.api.all_ids(&query, "200").await, shop.like(&query).await, "{length} characters");
    }
    let mut query: String = chars[..999].iter().collect();
    query.push('!');
    assert!(shop.api.all_ids(&query, "200").await.is_empty());
    assert_eq!(shop.api.fallbacks("TooLarge").await, 0.0);
    shop.close().await;
}
