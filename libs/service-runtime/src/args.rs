//! Flags that every process takes. Each is a variable, too, in capitals.

use std::net::SocketAddr;
use std::time::Duration;

/// Admin port, logs, and how long a stop may take.
#[derive(Clone, Debug, clap::Args)]
pub struct RuntimeArgs {
    /// Address of probes and metrics (/livez, /readyz, /healthz, /metrics).
    #[arg(long, env, default_value = "0.0.0.0:9090")]
    pub admin_addr: SocketAddr,

    /// Logs as JSON lines or as text. What is logged: RUST_LOG, for example `info,order_api=debug`.
    #[arg(long, env, value_enum, default_value = "json")]
    pub log_format: LogFormat,

    /// After SIGTERM, how long work in hand may take before the process ends anyway.
    #[arg(long, env, default_value = "25s", value_parser = parse_duration)]
    pub shutdown_grace: Duration,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Parses `250ms`, `30s`, `2m`, `1h`; a bare number is seconds.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err(format!("{text:?} is not a duration such as 250ms, 30s, 2m or 1h")),
    };
    let seconds =
        number.parse::<f64>().map_err(|_| format!("{text:?} is not a duration such as 250ms, 30s, 2m or 1h"))? * factor;
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("{text:?} is too long a duration"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, milliseconds) in
            [("250ms", 250), ("30s", 30_000), ("30", 30_000), ("2m", 120_000), ("1.5h", 5_400_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "-1s", "1w", "1 s", "1.2.3s", "99999999999999999999d", "NaN", "inf"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
