//! Is a row found by a search that began after its commit? Always, at 200 writes a second.

use std::time::{Duration, Instant};

use anyhow::Result;
use sqlx::MySqlPool;

use crate::clients::Client;

const WRITERS: usize = 8;
const WRITES_PER_SECOND: f64 = 200.0;

pub struct Stale {
    pub searches: usize,
    pub missed: usize,
    /// Writes a second, as they came.
    pub rate: f64,
}

/// Each writer changes a product's name and looks for it, again and again.
pub async fn run(client: &Client, pool: &MySqlPool, products: u64, searches: usize) -> Result<Stale> {
    let started = Instant::now();
    let each = searches.div_ceil(WRITERS);
    let write = |writer: usize, client: Client, pool: MySqlPool| async move {
        let pause = Duration::from_secs_f64(WRITERS as f64 / WRITES_PER_SECOND);
        let mut missed = 0;
        let mut turn = tokio::time::interval(pause);
        for n in 0..each {
            turn.tick().await;
            let id = ((n * WRITERS + writer) as u64 * 7919) % products + 1;
            let mark = format!("Fresh {writer}x{n}y");
            let update = sqlx::query("UPDATE products SET name = ? WHERE id = ?").bind(&mark).bind(id);
            update.execute(&pool).await?;
            if client.ids(&mark).await? != [id] {
                missed += 1;
            }
        }
        anyhow::Ok(missed)
    };
    let tasks: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(writer, client.clone(), pool.clone()))).collect();
    let mut missed = 0;
    for task in tasks {
        missed += task.await??;
    }
    let searches = each * WRITERS;
    Ok(Stale { searches, missed, rate: searches as f64 / started.elapsed().as_secs_f64() })
}
