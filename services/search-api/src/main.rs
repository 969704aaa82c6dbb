//! Serves the catalogue. Starts, and stays ready, while the database is away.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use axum::http::HeaderValue;
use clap::Parser;
use search_api::follow::Following;
use search_api::search::Limits;
use service_runtime::auth::AdminToken;
use service_runtime::database::DatabaseArgs;
use service_runtime::{Process, RuntimeArgs, exit_code, parse_duration};

/// Product search and browsing.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    runtime: RuntimeArgs,

    #[command(flatten)]
    database: DatabaseArgs,

    /// Address of the HTTP API.
    #[arg(long, env, default_value = "0.0.0.0:8080")]
    http_addr: SocketAddr,

    /// Pages of other hosts that may call this API, comma separated; `*` for all.
    #[arg(long, env, value_delimiter = ',')]
    cors_origins: Vec<HeaderValue>,

    /// File with the bearer token for the catalogue's upkeep; without it those calls stay closed.
    #[arg(long, env)]
    admin_token_file: Option<PathBuf>,

    /// Searches by LIKE at once; each scans the table and takes a processor of the server.
    #[arg(long, env, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    like_scans: u16,

    /// Longest search by LIKE.
    #[arg(long, env, default_value = "5s", value_parser = parse_duration)]
    like_time: Duration,

    /// Most memory for the search index: bytes, or with Ki, Mi or Gi. What it needs is some four times the names and
    /// descriptions; above the limit, searches go by LIKE.
    #[arg(long, env, default_value = "512Mi", value_parser = parse_bytes)]
    index_memory: usize,
}

/// As Kubernetes writes quantities.
fn parse_bytes(text: &str) -> Result<usize, String> {
    let units = [("Ki", 10), ("Mi", 20), ("Gi", 30)];
    let (number, shift) =
        units.into_iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, shift))).unwrap_or((text, 0));
    let number: usize = number.parse().map_err(|_| "must be a whole number of bytes, Ki, Mi or Gi".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "is more than can be addressed".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    exit_code(run(Args::parse()).await)
}

async fn run(args: Args) -> anyhow::Result<()> {
    let mut process = Process::start("search-api", env!("CARGO_PKG_VERSION"), &args.runtime)?;
    let limits = Limits { like_scans: usize::from(args.like_scans), like_time: args.like_time };
    let following = Following::with_memory(args.index_memory);
    let token = AdminToken::from_file(args.admin_token_file.as_deref());
    let router = search_api::start(&mut process, args.database, limits, following, token, &args.cors_origins)?;
    process.serve("http", args.http_addr, router).await?;
    process.serve_admin().await?;
    process.health.ready();
    process.run().await
}

#[cfg(test)]
mod tests {
    use super::parse_bytes;

    #[test]
    fn memory_is_read_as_kubernetes_writes_it() {
        for (text, bytes) in [("1024", 1024), ("3Ki", 3072), ("512Mi", 512 << 20), ("2Gi", 2 << 30)] {
            assert_eq!(parse_bytes(text), Ok(bytes));
        }
        for wrong in ["", "Mi", "-1Mi", "1.5Gi", "1Ti", "99999999999999Gi"] {
            assert!(parse_bytes(wrong).is_err(), "{wrong}");
        }
    }
}
