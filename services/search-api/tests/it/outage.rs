//! The database stops, or freezes: an answer at once, and service again without anybody's help.

use std::time::{Duration, Instant};

use futures::future::join_all;
use local_servers::{Installed, Mysql, MysqlOptions};

use crate::shop::Shop;

const CALLS: [(&str, &[(&str, &str)]); 3] =
    [("/api/products", &[]), ("/api/products", &[("search", "lamp")]), ("/api/products/1", &[])];

/// Within this time a database that is away is told.
const PROMISED: Duration = Duration::from_millis(300);

async fn open() -> (Mysql, Shop, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let server = Mysql::start(&Installed::from_env().unwrap(), folder.path(), &MysqlOptions::default()).unwrap();
    let shop = Shop::open_empty(&server.url(), &server.ca_file()).await;
    shop.migrate().await;
    shop.add(1, "Lamp", "").await;
    works(&shop).await;
    (server, shop, folder)
}

async fn works(shop: &Shop) {
    for (path, query) in CALLS {
        shop.api.until(path, query, 200).await;
    }
}

/// Each call is a 503 with Retry-After. The quickest of several shows what we add to the machine's own delays.
async fn refuses_at_once(shop: &Shop) {
    for (path, query) in CALLS {
        let mut quickest = Duration::MAX;
        for _ in 0..40 {
            let asked = Instant::now();
            let response = shop.api.get(path, query).await;
            quickest = quickest.min(asked.elapsed());
            assert_eq!(response.status(), 503, "{path} {query:?}");
            assert!(response.headers().contains_key("retry-after"));
            let problem: serde_json::Value = response.json().await.unwrap();
            assert_eq!(problem["type"], "urn:order-pipeline:problem:database-unavailable");
            if quickest < PROMISED {
                break;
            }
        }
        println!("{path} {query:?}: 503 after {quickest:?}");
        assert!(quickest < PROMISED, "{path} {query:?}: {quickest:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_stopped_database() {
    let (mut server, shop, _folder) = open().await;
    server.kill().unwrap();
    refuses_at_once(&shop).await;
    server.start_again().unwrap();
    works(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_frozen_database() {
    let (mut server, shop, _folder) = open().await;
    server.process().freeze().unwrap();
    refuses_at_once(&shop).await;
    server.process().thaw().unwrap();
    works(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn many_searches_at_once_on_a_frozen_database() {
    let (mut server, shop, _folder) = open().await;
    server.process().freeze().unwrap();
    let searches = (0..20).map(|_| shop.api.get("/api/products", &[("search", "lamp")]));
    let answered = tokio::time::timeout(Duration::from_secs(120), join_all(searches)).await.unwrap();
    assert!(answered.iter().all(|response| response.status() == 503));
    server.process().thaw().unwrap();
    works(&shop).await;
}

/// Somebody else has taken all connections: those that are open go on, and nothing hangs.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn no_more_connections() {
    let folder = tempfile::tempdir().unwrap();
    let options = MysqlOptions { flags: vec!["--max-connections=20".to_owned()] };
    let server = Mysql::start(&Installed::from_env().unwrap(), folder.path(), &options).unwrap();
    let shop = Shop::open_empty(&server.url(), &server.ca_file()).await;
    shop.migrate().await;
    shop.add(1, "Lamp", "").await;
    works(&shop).await;
    shop.api.until_indexed().await;
    let mut taken = Vec::new();
    while let Ok(connection) = shop.try_connect().await {
        taken.push(connection);
        assert!(taken.len() <= 20);
    }
    // More searches at once than it has connections, again while a starved machine lets all of them wait too long.
    let served = async {
        loop {
            let searches = (0..40).map(|_| shop.api.get("/api/products", &[("search", "lamp")]));
            let statuses: Vec<_> = join_all(searches).await.iter().map(|answer| answer.status().as_u16()).collect();
            assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
            if statuses.contains(&200) {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(120), served).await.unwrap();
    drop(taken);
    works(&shop).await;
}
