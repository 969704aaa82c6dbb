//! `cargo xtask bench NAME`: runs one benchmark and prints its line of JSON.

use anyhow::{Result, bail};

#[tokio::main]
async fn main() -> Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let figure = match name.as_str() {
        "chain" => e2e::bench::chain().await?,
        "orders" => e2e::bench::orders().await?,
        // What `orders` measures against, in a process of its own.
        "bare" => return e2e::bench::bare().await,
        other => bail!("no benchmark {other:?}; there are: chain, orders"),
    };
    println!("{}", figure.json());
    Ok(())
}
