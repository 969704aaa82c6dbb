//! The index follows whoever writes: changes that commit late, changes that were pruned, another log.

use std::time::Duration;

use futures::future::join_all;
use local_servers::{Installed, Mysql, MysqlOptions};
use search_api::follow::{Following, Keep};
use sqlx::{AssertSqlSafe, Connection};
use tokio::time::timeout;

use crate::api::{Api, BUILT, Options};
use crate::shop::Shop;

const INSERT: &str = "INSERT INTO products (sku, name, price_amount, currency) VALUES (?, ?, 1, 'EUR')";
const PATIENCE: Duration = Duration::from_secs(120);
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// Prunes as soon as it may.
fn eager() -> Options {
    let keep = Keep { age: Duration::ZERO, settled: Duration::ZERO, prune_every: Duration::from_millis(50) };
    following(|following| following.keep = keep)
}

/// Looks for changes once, and then sleeps.
fn sleepy() -> Options {
    following(|following| following.every = NEVER)
}

fn following(change: impl FnOnce(&mut Following)) -> Options {
    let mut options = Options::default();
    change(&mut options.following);
    options
}

/// One that has looked for changes for the last time: only then it counts its products.
async fn asleep(shop: &Shop, products: f64) -> Api {
    let paused = shop.replica(sleepy()).await;
    paused.until_indexed().await;
    paused.until_metric("search_index_products", |counted| counted == products).await;
    paused
}

async fn pruned_to(shop: &Shop) -> u64 {
    let sql = "SELECT CAST(COALESCE(MAX(pruned_to), 0) AS UNSIGNED) FROM product_changes_pruned";
    sqlx::query_scalar(sql).fetch_one(&shop.pool).await.unwrap()
}

async fn until_pruned(shop: &Shop, enough: impl Fn(u64) -> bool) {
    let asked = async {
        while !enough(pruned_to(shop).await) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let pruned = timeout(PATIENCE, asked).await;
    let now = pruned_to(shop).await;
    pruned.unwrap_or_else(|_| panic!("pruned to {now}"));
}

async fn execute(shop: &Shop, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&shop.pool).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn an_insert_held_open_is_found_at_once_by_every_follower() {
    // Ten thousand commits: on a server of its own, which need not survive a power cut.
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0"].map(str::to_owned).to_vec();
    let server = Mysql::start(&Installed::from_env().unwrap(), folder.path(), &MysqlOptions { flags }).unwrap();
    let shop = Shop::open_empty(&server.url(), &server.ca_file()).await;
    shop.migrate().await;
    shop.api.until_indexed().await;
    // The others have two seconds to see what it saw.
    let keep = Keep { settled: Duration::from_secs(2), ..eager().following.keep };
    let pruner = shop.replica(following(|following| following.keep = keep)).await;
    pruner.until_indexed().await;
    for n in 1..=5 {
        shop.add(n, "Early lamp", "").await;
    }

    let mut other = shop.connect().await;
    let mut held = other.begin().await.unwrap();
    sqlx::query(INSERT).bind("held").bind("Held lamp").execute(&mut *held).await.unwrap();
    let seq: u64 = sqlx::query_scalar("SELECT MAX(seq) FROM product_changes").fetch_one(&mut *held).await.unwrap();
    let writers = (0..8).map(|writer| {
        let shop = &shop;
        async move {
            let mut connection = shop.connect().await;
            for n in 0..1250 {
                let insert = sqlx::query(INSERT).bind(format!("{writer}-{n}")).bind("Other desk");
                insert.execute(&mut connection).await.unwrap();
            }
        }
    });
    join_all(writers).await;
    let anew = shop.replica(Options::default()).await;
    anew.until_indexed().await;
    // Everything below the open insert goes, and nothing above.
    until_pruned(&shop, |to| to == seq - 1).await;
    for api in [&shop.api, &pruner, &anew] {
        assert_eq!(api.all_ids("desk", "200").await.len(), 10_000);
        assert!(api.all_ids("held", "200").await.is_empty());
    }
    held.commit().await.unwrap();
    for api in [&shop.api, &pruner, &anew] {
        assert_eq!(api.all_ids("held lamp", "200").await, shop.like("held lamp").await);
        assert_eq!(api.all_ids("held", "20").await.len(), 1);
    }
    // And now pruning goes on to the end.
    until_pruned(&shop, |to| to >= seq + 10_000).await;
    for api in [&shop.api, &pruner, &anew] {
        assert_eq!(api.all_ids("held", "20").await.len(), 1);
        assert_eq!(api.fallbacks("AnotherLog").await, 0.0);
    }
    assert_eq!(pruner.metric(BUILT).await, Some(1.0));
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_follower_paused_past_a_prune_answers_nothing_from_the_hole() {
    let shop = Shop::open().await;
    shop.add(1, "First lamp", "").await;
    shop.add(2, "Gone lamp", "").await;
    let paused = asleep(&shop, 2.0).await;
    shop.add(3, "Unseen lamp", "").await;
    execute(&shop, "DELETE FROM products WHERE id = 2; UPDATE products SET name = 'A desk now' WHERE id = 1").await;
    let mut all = Vec::new();
    for search in ["lamp", "desk", "gone", "e"] {
        all.push((search, shop.like(search).await));
    }
    // What it has not followed it reads with each search.
    for (search, ids) in &all {
        assert_eq!(&paused.all_ids(search, "200").await, ids);
    }
    assert_eq!(paused.fallbacks("Overtaken").await, 0.0);
    let pruner = shop.replica(eager()).await;
    until_pruned(&shop, |to| to >= 5).await;
    for (search, ids) in &all {
        assert_eq!(&paused.all_ids(search, "200").await, ids);
    }
    assert_eq!(paused.fallbacks("Overtaken").await, all.len() as f64);
    drop(pruner);
    shop.close().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_follower_that_was_overtaken_builds_anew() {
    let shop = Shop::open().await;
    let slow = shop.replica(following(|following| following.every = Duration::from_secs(3))).await;
    slow.until_indexed().await;
    let _pruner = shop.replica(eager()).await;
    // It may look between a change and its pruning, and so miss nothing: then the next one overtakes it.
    let mut products = 0;
    let overtaken = async {
        while slow.metric(BUILT).await < Some(2.0) {
            products += 1;
            shop.add(products, "Lamp", "").await;
            until_pruned(&shop, |to| to >= products).await;
        }
    };
    timeout(PATIENCE, overtaken).await.expect("the slow one is overtaken and builds anew");
    // It may be overtaken again before it stands still, and says so; what it answers is right all the same.
    assert_eq!(slow.all_ids("lamp", "200").await.len() as u64, products);
    shop.close().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn another_log_is_noticed() {
    let shop = Shop::open().await;
    for n in 1..=3 {
        shop.add(n, "Lamp", "").await;
    }
    let paused = asleep(&shop, 3.0).await;
    // As after a restore: the same tables, with less in them.
    execute(&shop, "DELETE FROM products WHERE id > 1; DELETE FROM product_changes; ALTER TABLE product_changes AUTO_INCREMENT = 1").await;
    for n in 11..=13 {
        shop.add(n, "Other lamp", "").await;
    }
    assert_eq!(paused.all_ids("lamp", "200").await, [1, 11, 12, 13]);
    assert_eq!(paused.all_ids("other", "200").await, [11, 12, 13]);
    assert_eq!(paused.fallbacks("AnotherLog").await, 2.0);
    shop.api.until_metric(BUILT, |builds| builds >= 2.0).await;
    assert_eq!(shop.api.all_ids("lamp", "200").await, [1, 11, 12, 13]);
    shop.close().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn numbers_that_were_rolled_back_do_not_hold_up_the_log() {
    let shop = Shop::open().await;
    let pruner = shop.replica(eager()).await;
    for n in 1..=10 {
        let mut transaction = shop.pool.begin().await.unwrap();
        sqlx::query(INSERT).bind("gone").bind("Gone lamp").execute(&mut *transaction).await.unwrap();
        transaction.rollback().await.unwrap();
        shop.add(n * 100, "Lamp", "").await;
    }
    // A rolled back insert between each two.
    until_pruned(&shop, |to| to >= 20).await;
    pruner.until_metric("search_index_open_gaps", |gaps| gaps == 0.0).await;
    for api in [&shop.api, &pruner] {
        assert_eq!(api.all_ids("lamp", "200").await.len(), 10);
    }
    // The other one may well have been overtaken: this pruner waits for nobody.
    assert_eq!(pruner.metric(BUILT).await, Some(1.0));
    shop.close().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn without_an_index_searches_go_by_like() {
    let shop = Shop::open().await;
    for n in 1..=300 {
        shop.add(n, "Lamp", "A description").await;
    }
    let small = shop.replica(following(|following| following.memory = 4096)).await;
    small.until_metric("search_index_builds_total{outcome=\"TooLarge\"}", |builds| builds >= 1.0).await;
    assert_eq!(small.all_ids("lamp", "200").await.len(), 300);
    assert!(small.fallbacks("TooLarge").await >= 2.0);
    execute(&shop, "ALTER TABLE products MODIFY description VARCHAR(4000) COLLATE utf8mb4_bin NOT NULL").await;
    let other = shop.replica(Options::default()).await;
    other.until_metric("search_folding_differs", |differs| differs == 1.0).await;
    assert_eq!(other.all_ids("a desc", "200").await.len(), 0);
    assert_eq!(other.all_ids("A desc", "200").await.len(), 300);
    assert!(other.fallbacks("FoldingDiffers").await >= 2.0);
    shop.close().await;
}

/// One that has no index still closes gaps and prunes, or a log that nobody can index would grow for ever.
#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_follower_without_an_index_prunes_all_the_same() {
    let shop = Shop::open().await;
    let options = eager();
    let _small = shop.replica(Options { following: Following { memory: 0, ..options.following }, ..options }).await;
    for n in 1..=10 {
        shop.add(n, "Lamp", "").await;
    }
    until_pruned(&shop, |to| to >= 10).await;
    shop.close().await;
}
