//! More searches than there is room for: each is answered, or refused, and none waits in the database.
//!
//! The database is slow in the way that a test can hold: the tables are locked, while the server answers its pings.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use reqwest::Response;
use search_api::search::Limits;
use serde_json::Value;
use sqlx::MySqlConnection;

use crate::api::Options;
use crate::shop::Shop;

const SEARCH: &[(&str, &str)] = &[("search", "lamp")];
/// What all answers together may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Of one search-api of a test's: six in its pool and two of its own. The test has some, too, and closed ones linger.
const MOST_CONNECTIONS: i64 = 40;

async fn lock(shop: &Shop) -> MySqlConnection {
    let mut locker = shop.connect().await;
    sqlx::raw_sql("LOCK TABLES products WRITE, inventory WRITE").execute(&mut locker).await.unwrap();
    locker
}

async fn unlock(mut locker: MySqlConnection) {
    sqlx::raw_sql("UNLOCK TABLES").execute(&mut locker).await.unwrap();
}

async fn connections(shop: &Shop) -> i64 {
    let sql = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()";
    sqlx::query_scalar(sql).fetch_one(&shop.pool).await.unwrap()
}

/// The problem's name; a refusal says when to come back.
async fn refusal(response: Response) -> String {
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    let problem: Value = response.json().await.unwrap();
    problem["type"].as_str().unwrap().trim_start_matches("urn:order-pipeline:problem:").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_slow_database_gets_no_queue() {
    let shop = Shop::open().await;
    shop.add(1, "Lamp", "").await;
    shop.api.until("/api/products", SEARCH, 200).await;
    let locker = lock(&shop).await;
    // More than twice as many as may wait.
    let searches = (0..600).map(|_| shop.api.get("/api/products", SEARCH));
    let mut answers = searches.collect::<FuturesUnordered<_>>();
    let (mut reasons, mut most) = (BTreeSet::new(), 0);
    let all = async {
        // All are answered though the lock stays.
        while let Some(response) = answers.next().await {
            reasons.insert(refusal(response).await);
            if answers.len() % 50 == 0 {
                most = connections(&shop).await.max(most);
            }
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("every search is answered or refused");
    println!("{reasons:?}, {most} connections");
    // Which it is depends on the machine; that a full house refuses at once is a test of the reads' own.
    let known = ["database-unavailable", "search-busy", "search-too-slow"];
    assert!(reasons.iter().all(|reason| known.contains(&reason.as_str())), "{reasons:?}");
    assert!(most <= MOST_CONNECTIONS, "{most} connections");
    unlock(locker).await;
    drop(answers);
    // Nothing that was given up stands in the way.
    shop.api.until("/api/products", SEARCH, 200).await;
    assert_eq!(shop.api.all_ids("lamp", "20").await, [1]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn scans_do_not_pile_up_behind_slow_ones() {
    let shop = Shop::open().await;
    shop.add(1, "Lamp", "").await;
    let mut options = Options::default();
    options.following.memory = 0;
    // The two that have their turn keep it until the test lets them go.
    options.limits = Limits { like_scans: 2, like_time: PATIENCE };
    let api = shop.replica(options).await;
    api.until_metric("search_index_builds_total{outcome=\"TooLarge\"}", |builds| builds >= 1.0).await;
    api.until("/api/products", SEARCH, 200).await;
    let locker = lock(&shop).await;
    let mut answers = (0..100).map(|_| api.get("/api/products", SEARCH)).collect::<FuturesUnordered<_>>();
    let shed = async {
        while answers.len() > 2 {
            // A machine that starves may take a database for lost that is only silent.
            let reason = refusal(answers.next().await.unwrap()).await;
            assert!(["search-busy", "database-unavailable"].contains(&reason.as_str()), "{reason}");
        }
    };
    tokio::time::timeout(PATIENCE, shed).await.expect("all but those that have their turn are refused");
    assert_eq!(api.metric("search_like_waiting").await, Some(0.0));
    assert!(api.metric("search_like_shed_total").await > Some(0.0));
    assert!(connections(&shop).await <= MOST_CONNECTIONS);
    unlock(locker).await;
    while let Some(response) = answers.next().await {
        assert!([200, 503].contains(&response.status().as_u16()));
    }
    assert_eq!(api.all_ids("lamp", "20").await, [1]);
    shop.close().await;
}
