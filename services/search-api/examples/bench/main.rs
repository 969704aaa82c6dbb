//! `cargo xtask bench search`: searches over HTTP against what MySQL alone does, on a server of the benchmark's own with
//! the whole table in memory. Prints one line of JSON for each figure.
//!
//! PROGRAMS is the folder of our programs, LOCAL_SERVERS that of the servers.

mod catalogue;
mod clients;
mod figure;
mod floor;
mod programs;
mod stale;

use std::time::Duration;

use anyhow::{Context, Result};
use local_servers::{Installed, Mysql, MysqlOptions};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::{AssertSqlSafe, MySqlPool};

use clients::Client;
use figure::{Figure, median, percentile};
use programs::Program;

const SCHEMA: &str = "bench_search";
const ROUNDS: usize = 5;
/// What is looked for: nothing, one product, many, one and two characters, other scripts.
const MIX: [&str; 10] =
    ["zzqxj", "Number 4711.", "lamp", "WOOD", "e", "xq", "kk", "STÜHLE", "ランプ", "oak table with"];

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let products: u64 = arguments.next().context("how many products")?.parse()?;
    let stale_reads: usize = arguments.next().map_or(Ok(20_000), |number| number.parse())?;
    let installed = Installed::from_env()?;
    let folder = tempfile::tempdir()?;
    let flags = ["--innodb-buffer-pool-size=1536M", "--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0"];
    let options = MysqlOptions { flags: flags.map(str::to_owned).to_vec() };
    let mysql = Mysql::start(&installed, folder.path(), &options)?;
    let pool = connect(&mysql).await?;
    migrator::migrations().run(&pool).await?;
    let empty = Program::start(&mysql, SCHEMA, folder.path()).await?;
    let baseline = empty.peak_memory()?;
    drop(empty);
    let text_bytes = catalogue::fill(&pool, products).await?;

    let read = floor::read(&pool).await?;
    let search = Program::start(&mysql, SCHEMA, folder.path()).await?;
    let build_peak = search.peak_memory()?;

    let client = Client::new(&search.url)?;
    let like = floor::like(&pool).await?;
    let mixed = clients::mix(&client, &MIX, 16, Duration::from_secs(15)).await?;
    let p99 = percentile(&mixed, 0.99);
    let (page, bare) = floor::pages(&client, &pool).await?;
    let stale = stale::run(&client, &pool, products, stale_reads).await?;
    let peak = search.peak_memory()?;

    let ratio = |a: f64, b: f64| a / b;
    let figures = [
        Figure::new("p99_vs_like", ratio(p99, median(&like)), Some(0.05))
            .detail("p99Ms", p99)
            .detail("p50Ms", percentile(&mixed, 0.5))
            .detail("likeMs", median(&like))
            .detail("searches", mixed.len() as f64),
        Figure::new("p99_ms_of_100", p99 / 100.0, Some(1.0)),
        Figure::new("page_vs_pk", ratio(median(&page), median(&bare)), Some(1.5))
            .detail("pageMs", median(&page))
            .detail("bareMs", median(&bare)),
        Figure::new("stale_reads", stale.missed as f64, Some(0.0))
            .detail("searches", stale.searches as f64)
            .detail("writesPerSecond", stale.rate),
        Figure::new("build_vs_read", ratio(search.build_seconds, read.as_secs_f64()), Some(2.0))
            .detail("buildSeconds", search.build_seconds)
            .detail("readSeconds", read.as_secs_f64()),
        Figure::new("index_vs_text_bytes", ratio((peak - baseline) as f64, text_bytes as f64), Some(5.0))
            .detail("peakBytes", (peak - baseline) as f64)
            .detail("afterBuildBytes", (build_peak - baseline) as f64)
            .detail("textBytes", text_bytes as f64),
    ];
    for figure in figures {
        println!("{}", figure.json(products));
    }
    Ok(())
}

async fn connect(mysql: &Mysql) -> Result<MySqlPool> {
    let options = MySqlConnectOptions::new()
        .host("127.0.0.1")
        .port(mysql.port())
        .username(mysql.user())
        .password(mysql.password())
        .ssl_mode(MySqlSslMode::VerifyIdentity)
        .ssl_ca(mysql.ca_file());
    let root = MySqlPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {SCHEMA}"))).execute(&root).await?;
    Ok(MySqlPoolOptions::new().max_connections(8).connect_with(options.database(SCHEMA)).await?)
}
