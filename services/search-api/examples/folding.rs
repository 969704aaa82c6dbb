//! Writes the folding table of the server at TEST_MYSQL_URL to the file given: the work of `cargo xtask generate folding`.

use anyhow::{Context, Result};
use search_api::folding::{derive, pack};
use sqlx::{Connection, MySqlConnection, raw_sql};

#[tokio::main]
async fn main() -> Result<()> {
    let file = std::env::args().nth(1).context("name the file to write")?;
    let url = std::env::var("TEST_MYSQL_URL").context("TEST_MYSQL_URL")?;
    let mut connection = MySqlConnection::connect(&url).await?;
    raw_sql("CREATE DATABASE IF NOT EXISTS folding").execute(&mut connection).await?;
    raw_sql("USE folding").execute(&mut connection).await?;
    let pairs = derive::derive(&mut connection).await?;
    raw_sql("DROP DATABASE folding").execute(&mut connection).await?;
    std::fs::write(&file, pack(&pairs)).with_context(|| file.clone())?;
    println!("{} characters that another one represents", pairs.len());
    Ok(())
}
