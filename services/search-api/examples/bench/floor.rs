//! What MySQL alone takes: a LIKE that finds nothing, a read of the whole table, a page by primary key behind the
//! barest HTTP.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, MySqlPool, Row};

use crate::ROUNDS;
use crate::clients::Client;

const COLUMNS: &str =
    "p.id, p.sku, p.name, p.description, p.price_amount, p.currency, COALESCE(i.available, 0) AS available";
const PAGES: usize = 200;
/// A frequent text: a full page of 20.
const TEXT: &str = "lamp";

/// Milliseconds of a miss, ordered by id and limited as a page is, one client.
pub async fn like(pool: &MySqlPool) -> Result<Vec<f64>> {
    let sql = "SELECT id FROM products WHERE name LIKE '%zzqxj%' OR description LIKE '%zzqxj%' ORDER BY id LIMIT 20";
    let mut times = Vec::new();
    for _ in 0..=ROUNDS {
        let started = Instant::now();
        ensure!(sqlx::query(sql).fetch_all(pool).await?.is_empty(), "it should find nothing");
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times.split_off(1))
}

/// Reads what the index is made of, page by page; the quicker of two.
pub async fn read(pool: &MySqlPool) -> Result<Duration> {
    let mut quickest = Duration::MAX;
    for _ in 0..2 {
        let (started, mut after) = (Instant::now(), 0u64);
        loop {
            let sql = "SELECT id, name, description FROM products WHERE id > ? ORDER BY id LIMIT 4000";
            let rows = sqlx::query(sql).bind(after).fetch_all(pool).await?;
            let Some(last) = rows.last() else { break };
            after = last.try_get("id")?;
        }
        quickest = quickest.min(started.elapsed());
    }
    Ok(quickest)
}

/// Milliseconds of a page, of ours and of the bare handler's, in turns.
pub async fn pages(client: &Client, pool: &MySqlPool) -> Result<(Vec<f64>, Vec<f64>)> {
    let ids = client.ids(TEXT).await?;
    ensure!(ids.len() == 20, "{TEXT} should fill a page");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let bare = Client::new(&format!("http://{}", listener.local_addr()?))?;
    let places = vec!["?"; ids.len()].join(",");
    let sql = format!(
        "SELECT {COLUMNS} FROM products p LEFT JOIN inventory i ON i.product_id = p.id \
         WHERE p.id IN ({places}) ORDER BY p.id"
    );
    let router = Router::new().route("/api/products", get(page)).with_state((pool.clone(), sql, ids));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        for (client, times) in [(client, &mut ours), (&bare, &mut floor)] {
            for _ in 0..PAGES {
                let time = client.search(TEXT).await?.0;
                if round > 0 {
                    times.push(time);
                }
            }
        }
    }
    server.abort();
    Ok((ours, floor))
}

async fn page(State((pool, sql, ids)): State<(MySqlPool, String, Vec<u64>)>) -> Json<Value> {
    let query = ids.iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, id| query.bind(*id));
    let rows = query.fetch_all(&pool).await.expect("the server is there");
    let items: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "id": row.get::<u64, _>("id"),
                "sku": row.get::<String, _>("sku"),
                "name": row.get::<String, _>("name"),
                "description": row.get::<String, _>("description"),
                "price": {"amount": row.get::<i64, _>("price_amount"), "currency": row.get::<String, _>("currency")},
                "available": row.get::<i64, _>("available"),
            })
        })
        .collect();
    Json(json!({"items": items, "nextCursor": "AQAAAAAAAAAUAAAAAA"}))
}
