//! `orderctl offsets`: where each partition goes on, and the decision that only a person can take.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};

use crate::connect::kafka::KafkaArgs;
use crate::connect::mysql::MysqlArgs;
use crate::failure::{Exit, Failure};
use crate::output::{self, confirm, line, table};
use crate::verify::{Log, LogError};

/// Positions in the log.
#[derive(Debug, clap::Subcommand)]
pub enum OffsetsCommand {
    /// Where each partition goes on, and what waits behind it
    Show(Where),
    /// Go on behind records that Kafka removed before they were processed
    ///
    /// A partition whose next record is no longer in the log stops, because orders are lost. When they cannot be brought
    /// back, this sets its row to the log's start. Nothing is done to a partition without such a gap.
    #[command(after_help = "Example:\n  orderctl offsets accept-gap --partition 3")]
    AcceptGap {
        /// Only this partition; else all that have a gap
        #[arg(long, value_name = "NUMBER")]
        partition: Option<i32>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        at: Where,
    },
}

/// Both sides.
#[derive(Debug, clap::Args)]
pub struct Where {
    #[command(flatten)]
    pub kafka: KafkaArgs,
    #[command(flatten)]
    pub mysql: MysqlArgs,
}

/// One partition. Offsets; `next`: None when it has no row yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Partition {
    /// Its number.
    pub partition: i32,
    /// The first record that is not processed.
    pub next: Option<i64>,
    /// The log's first record.
    pub log_start: i64,
    /// Behind the log's last record that can be read.
    pub log_end: i64,
}

impl Partition {
    /// Offsets that were removed before they were processed; 0 for none.
    pub fn gap(&self) -> i64 {
        self.next.map_or(0, |next| (self.log_start - next).max(0))
    }

    fn behind(&self) -> i64 {
        (self.log_end - self.next.unwrap_or(self.log_start).max(self.log_start)).max(0)
    }
}

/// Runs it.
pub async fn run(command: &OffsetsCommand, as_json: bool) -> Result<(), Failure> {
    match command {
        OffsetsCommand::Show(at) => {
            let found = Found::read(at).await?;
            if as_json {
                output::json(&json!({"topicId": found.topic_id, "partitions": found.partitions}));
            } else {
                line(shown(&found.partitions));
            }
            Ok(())
        }
        OffsetsCommand::AcceptGap { partition, yes, at } => accept(at, *partition, *yes, as_json).await,
    }
}

async fn accept(at: &Where, only: Option<i32>, yes: bool, as_json: bool) -> Result<(), Failure> {
    let found = Found::read(at).await?;
    if let Some(wanted) = only.filter(|wanted| found.partitions.iter().all(|one| one.partition != *wanted)) {
        return Err(Failure::new(Exit::Unusable, format!("the topic has no partition {wanted}")));
    }
    let chosen = found.partitions.iter().filter(|one| only.is_none_or(|only| only == one.partition));
    let gaps: Vec<Partition> = chosen.filter(|one| one.gap() > 0).copied().collect();
    if gaps.is_empty() {
        if as_json {
            output::json(&json!({"accepted": []}));
        } else {
            line("no partition has a gap; nothing was done");
        }
        return Ok(());
    }
    for gap in &gaps {
        let next = gap.next.unwrap_or_default();
        // Transaction markers take offsets, too.
        eprintln!(
            "partition {}: up to {} records, offsets {next} to {}, are given up",
            gap.partition,
            gap.gap(),
            gap.log_start - 1
        );
    }
    let sum: i64 = gaps.iter().map(Partition::gap).sum();
    confirm(&format!("give up up to {sum} records for ever?"), yes)?;
    let mut connection = found.database.connect().await?;
    for gap in &gaps {
        let done = sqlx::query(
            "UPDATE consumer_offsets SET `next` = ? WHERE topic_id = ? AND partition_id = ? AND `next` = ?",
        )
        .bind(gap.log_start)
        .bind(&found.topic_id)
        .bind(gap.partition)
        .bind(gap.next)
        .execute(&mut connection)
        .await?;
        if done.rows_affected() != 1 {
            return Err(Failure::new(Exit::Refused, format!("partition {} was moved meanwhile", gap.partition))
                .next("Look again with `orderctl offsets show`."));
        }
    }
    connection.close().await?;
    if as_json {
        output::json(&json!({"accepted": gaps}));
    } else {
        line("accepted; the consumer goes on within seconds");
    }
    Ok(())
}

struct Found {
    database: MySqlConnectOptions,
    topic_id: String,
    partitions: Vec<Partition>,
}

impl Found {
    async fn read(at: &Where) -> Result<Self, Failure> {
        let (database, config, topic) = (at.mysql.options()?, at.kafka.client_config()?, at.kafka.topic.clone());
        let asked = tokio::task::spawn_blocking(move || {
            let log = Log::open(&config, &topic)?;
            let description = log.describe()?;
            let ends = log.ends(description.partitions)?;
            Ok::<_, LogError>((description.id.as_str().to_owned(), log.starts(description.partitions)?, ends))
        });
        let interrupted = |_| Failure::new(Exit::Away, "reading from Kafka was interrupted");
        let (topic_id, starts, ends) = asked.await.map_err(interrupted)??;
        // The rows come last: `next` only grows, so a row below a start that was read before is really below it.
        let mut connection = database.connect().await?;
        let rows = sqlx::query("SELECT partition_id, `next` FROM consumer_offsets WHERE topic_id = ?")
            .bind(&topic_id)
            .fetch_all(&mut connection)
            .await?;
        connection.close().await?;
        let next: BTreeMap<i32, i64> =
            rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?;
        let partition = |(partition, log_start): (&i32, &i64)| Partition {
            partition: *partition,
            next: next.get(partition).copied(),
            log_start: *log_start,
            log_end: ends.get(partition).copied().unwrap_or(*log_start),
        };
        Ok(Self { partitions: starts.iter().map(partition).collect(), database, topic_id })
    }
}

fn shown(partitions: &[Partition]) -> String {
    let rows: Vec<Vec<String>> = partitions
        .iter()
        .map(|one| {
            let next = one.next.map_or_else(|| "-".to_owned(), |next| next.to_string());
            let gap = if one.gap() > 0 { format!("GAP OF {}", one.gap()) } else { String::new() };
            vec![
                one.partition.to_string(),
                next,
                one.log_start.to_string(),
                one.log_end.to_string(),
                one.behind().to_string(),
                gap,
            ]
        })
        .collect();
    table(&["PARTITION", "NEXT", "LOG START", "LOG END", "BEHIND", ""], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_what_lies_between_next_and_the_logs_start() {
        let at = |next, log_start| Partition { partition: 0, next, log_start, log_end: 20 };
        assert_eq!([at(None, 5), at(Some(5), 5), at(Some(7), 5), at(Some(2), 5)].map(|one| one.gap()), [0, 0, 0, 3]);
        assert_eq!(
            [at(None, 5), at(Some(7), 5), at(Some(2), 5), at(Some(20), 5)].map(|one| one.behind()),
            [15, 13, 15, 0]
        );
        assert!(shown(&[at(Some(2), 5)]).contains("GAP OF 3"));
    }
}
