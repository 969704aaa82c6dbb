//! Flags and variables.

use std::time::Duration;

use clap::Parser;
use service_runtime::database::DatabaseArgs;
use service_runtime::kafka::KafkaArgs;
use service_runtime::{RuntimeArgs, parse_duration};

use crate::hand::Limits;

/// Writes orders from Kafka into MySQL, each exactly once in its effects.
#[derive(Clone, Debug, Parser)]
#[command(name = "order-consumer", version)]
pub struct Args {
    /// Admin port, logs, shutdown.
    #[command(flatten)]
    pub runtime: RuntimeArgs,

    /// MySQL.
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// Consumer group.
    #[arg(long, env, default_value = "order-consumer")]
    pub kafka_group: String,

    /// Most records in one transaction.
    #[arg(long, env, default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub batch_size: u16,

    /// Workers, each with one database connection; a partition belongs to one of them.
    #[arg(long, env, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub workers: u8,

    /// Most dead letters a minute (conflicts not counted); with more of them everything is held, since then it is hardly these
    /// orders that are wrong.
    #[arg(long, env, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub dead_letter_limit: u32,

    /// How long processed records stay in the topic, at least 1h: a database that is put back to an earlier state, no older than
    /// this, catches up from the topic by itself.
    #[arg(long, env, default_value = "7d", value_parser = retention)]
    pub retain_processed: Duration,
}

fn retention(text: &str) -> Result<Duration, String> {
    let keep = parse_duration(text)?;
    if keep < Duration::from_secs(3600) { Err(format!("{text:?} is less than 1h")) } else { Ok(keep) }
}

impl Args {
    /// The bounds that follow from the flags.
    pub fn limits(&self) -> Limits {
        Limits {
            batch: usize::from(self.batch_size),
            batch_bytes: 4 << 20,
            partition_bytes: 8 << 20,
            // A quarter of the memory that a pod has unless the resource says otherwise: records are many small pieces.
            bytes: 64 << 20,
            workers: usize::from(self.workers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processed_records_stay_an_hour_at_least() {
        assert_eq!(retention("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert_eq!(retention("1h"), Ok(Duration::from_secs(3600)));
        assert!(retention("59m").is_err() && retention("0").is_err() && retention("a week").is_err());
    }
}
