//! Writers of every kind at once, while searches look on: nothing that was committed is ever missed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use search_api::follow::Keep;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection};

use crate::api::{Api, Options};
use crate::shop::Shop;

const WRITERS: u64 = 3;
/// Each has ids of its own, so that it knows what it has committed.
const IDS: u64 = 1000;
const WORDS: [&str; 5] = ["Lampe", "Bürste", "Stühle", "ド", "x"];

#[derive(Clone, Copy, Debug)]
enum Write {
    Put,
    Remove,
    /// To another id.
    Move,
    /// Several in one statement.
    Import,
    /// Held for a while, then taken back.
    TakenBack,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn random_writers_and_nothing_is_missed() {
    let writes: usize = std::env::var("SEARCH_SOAK").map_or(150, |writes| writes.parse().unwrap());
    let shop = Shop::open().await;
    let keep =
        Keep { age: Duration::ZERO, settled: Duration::from_millis(300), prune_every: Duration::from_millis(100) };
    let mut options = Options::default();
    options.following.keep = keep;
    let other = shop.replica(options).await;
    other.until_indexed().await;
    let (running, missed) = (AtomicBool::new(true), AtomicU64::new(0));
    let writers = async {
        join_all((0..WRITERS).map(|writer| write(&shop, &other, writer, writes, &missed))).await;
        running.store(false, Ordering::Relaxed);
    };
    let reader = async {
        while running.load(Ordering::Relaxed) {
            for word in WORDS {
                // Pages in order and without repetition, whatever happens meanwhile.
                let ids = other.all_ids(word, "20").await;
                assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
            }
        }
    };
    tokio::join!(writers, reader);
    assert_eq!(missed.load(Ordering::Relaxed), 0);
    for word in WORDS {
        let expected = shop.like(word).await;
        for api in [&shop.api, &other] {
            assert_eq!(api.all_ids(word, "200").await, expected, "{word}");
        }
    }
    println!("{} products left", shop.like("").await.len());
    shop.close().await;
}

/// Writes, and after each commit looks for its row in both replicas.
async fn write(shop: &Shop, other: &Api, writer: u64, writes: usize, missed: &AtomicU64) {
    let mut runner = TestRunner::deterministic();
    let mut connection = shop.connect().await;
    let kinds = proptest::sample::select(vec![
        Write::Put,
        Write::Put,
        Write::Put,
        Write::Remove,
        Write::Move,
        Write::Import,
        Write::TakenBack,
    ]);
    let strategy = (kinds, 1..IDS / 2, proptest::sample::select(WORDS.to_vec()));
    for n in 0..writes {
        let (kind, place, word) = strategy.new_tree(&mut runner).unwrap().current();
        let id = writer * IDS + place;
        let mark = format!("{word} w{writer}n{n}.");
        let expected = apply(&mut connection, kind, id, &mark).await;
        for api in [&shop.api, other] {
            let found = api.all_ids(&mark, "200").await;
            if found != expected {
                eprintln!("{kind:?} {mark}: {found:?}, not {expected:?}");
                missed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Gives the ids that must be found under `mark` once it is done.
async fn apply(connection: &mut MySqlConnection, kind: Write, id: u64, mark: &str) -> Vec<u64> {
    let values = |id: u64| format!("({id}, 'SKU-{id}', '{mark}', '', 1, 'EUR')");
    let columns = "(id, sku, name, description, price_amount, currency)";
    let replace = "AS new ON DUPLICATE KEY UPDATE name = new.name, description = new.description";
    let put = format!("INSERT INTO products {columns} VALUES {} {replace}", values(id));
    match kind {
        Write::Put => {
            run(connection, &put).await;
            vec![id]
        }
        Write::Remove => {
            run(connection, &put).await;
            run(connection, &format!("DELETE FROM products WHERE id = {id}")).await;
            Vec::new()
        }
        Write::Move => {
            // The upper half of the ids is for those that moved.
            let to = id + IDS / 2;
            run(connection, &format!("DELETE FROM products WHERE id = {to}")).await;
            run(connection, &put).await;
            run(connection, &format!("UPDATE products SET id = {to}, sku = 'SKU-{to}' WHERE id = {id}")).await;
            vec![to]
        }
        Write::Import => {
            let all: Vec<_> = (id..id + 5).map(values).collect();
            run(connection, &format!("INSERT INTO products {columns} VALUES {} {replace}", all.join(", "))).await;
            (id..id + 5).collect()
        }
        Write::TakenBack => {
            let mut transaction = connection.begin().await.unwrap();
            run(&mut transaction, &put).await;
            transaction.rollback().await.unwrap();
            Vec::new()
        }
    }
}

async fn run(connection: &mut MySqlConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}
