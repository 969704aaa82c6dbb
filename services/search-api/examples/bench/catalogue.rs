//! Products with names and descriptions as shops have them: few words often, many words seldom, several scripts.

use anyhow::Result;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::{MySqlPool, QueryBuilder};

const ROWS: u64 = 1000;
const WORDS: &str = "lamp table chair oak wood steel white black small large with for and the of kitchen garden light \
    desk shelf drawer cotton linen wool leather glass ceramic copper brass handmade vintage modern classic round square \
    folding outdoor indoor reading writing sleeping dining office hallway bathroom cushion pillow blanket curtain carpet \
    mirror frame candle vase bowl plate cup kettle spoon fork knife board basket box hook rack stand bracket hinge screw \
    bulb cable switch socket battery charger adapter remote sensor timer thermostat filter pump hose valve nozzle brush \
    Stühle Bürste Küche Tür Schlüssel Größe weiß crème brûlée façade naïve ランプ テーブル 椅子 лампа стол 🚲 Ø100 50%";

/// Fills the table; gives the bytes of all names and descriptions.
pub async fn fill(pool: &MySqlPool, products: u64) -> Result<u64> {
    let mut random = StdRng::seed_from_u64(6);
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    for first in (1..=products).step_by(ROWS as usize) {
        let rows = first..=products.min(first + ROWS - 1);
        let mut sql = QueryBuilder::new("INSERT INTO products (id, sku, name, description, price_amount, currency) ");
        sql.push_values(rows, |mut values, id| {
            let name = text(&words, 4, &mut random);
            let description = format!("{}. Number {id}.", text(&words, 18, &mut random));
            values.push_bind(id).push_bind(format!("SKU-{id}")).push_bind(name).push_bind(description);
            values.push_bind(100 + (id % 90_000) as i64).push_bind("EUR");
        });
        sql.build().persistent(false).execute(pool).await?;
    }
    sqlx::query("ANALYZE TABLE products").execute(pool).await?;
    let bytes = "SELECT CAST(SUM(LENGTH(name) + LENGTH(description)) AS UNSIGNED) FROM products";
    Ok(sqlx::query_scalar(bytes).fetch_one(pool).await?)
}

fn text(words: &[&str], count: usize, random: &mut StdRng) -> String {
    let word = |random: &mut StdRng| {
        // The square favours the first words as languages do.
        let place: f64 = random.random::<f64>().powi(2);
        words[(place * words.len() as f64) as usize]
    };
    (0..count).map(|_| word(random)).collect::<Vec<_>>().join(" ")
}
