//! The producer's settings, each with its reason.

use rdkafka::ClientConfig;
use service_runtime::ConfigError;
use service_runtime::kafka::KafkaArgs;

use crate::BODY_LIMIT;

/// An idempotent producer that gives up before the API's deadline.
///
/// Names and ranges: librdkafka's CONFIGURATION.md, version 2.12.
pub(super) fn idempotent(args: &KafkaArgs) -> Result<ClientConfig, ConfigError> {
    let mut config = args.client_config()?;
    config
        // Acknowledged means: in all in-sync replicas, once, in order.
        .set("enable.idempotence", "true")
        .set("acks", "all")
        // A record is worth sending only while its caller waits (publisher::DEADLINE).
        .set("message.timeout.ms", "1700")
        // At least 3 retries inside that time, also when requests get no answer at all.
        .set("socket.timeout.ms", "450")
        .set("retry.backoff.ms", "50")
        .set("retry.backoff.max.ms", "100")
        // Back as soon as Kafka is back.
        .set("reconnect.backoff.ms", "50")
        .set("reconnect.backoff.max.ms", "500")
        .set("socket.nagle.disable", "true")
        // Nobody waits for company: under load the records behind the requests in flight make the batches.
        .set("linger.ms", "0")
        // A topic's max.message.bytes bounds a batch, not a record: stay below twice the body limit.
        .set("batch.size", BODY_LIMIT.to_string())
        .set("compression.type", "lz4")
        // Java's default, so that a record of any client lands in the same partition.
        .set("partitioner", "murmur2_random")
        // More than the API lets in flight, so that its own bound is the one that speaks.
        .set("queue.buffering.max.messages", "50000")
        .set("queue.buffering.max.kbytes", "131072")
        .set("statistics.interval.ms", "2000");
    Ok(config)
}

/// The idempotent producer's settings with transactions.
///
/// A record's time ends well before its transaction's: what is not acknowledged by then fails the transaction here, and not at
/// the coordinator's clock.
pub(super) fn transactional(args: &KafkaArgs, id: &str) -> Result<ClientConfig, ConfigError> {
    let mut config = idempotent(args)?;
    config
        .set("transactional.id", id)
        .set("message.timeout.ms", "1500")
        // A process that was killed holds up readers of committed records for this long.
        .set("transaction.timeout.ms", "5000");
    Ok(config)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::publisher::DEADLINE;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        kafka: KafkaArgs,
    }

    fn milliseconds(config: &ClientConfig, name: &str) -> u128 {
        config.get(name).and_then(|value| value.parse().ok()).expect("a number of milliseconds")
    }

    #[test]
    fn three_retries_fit_before_the_deadline() {
        let args = Cli::parse_from(["test", "--kafka-bootstrap", "b:9092"]).kafka;
        let config = idempotent(&args).unwrap();
        let timeout = milliseconds(&config, "message.timeout.ms");
        let attempt = milliseconds(&config, "socket.timeout.ms");
        let backoff = milliseconds(&config, "retry.backoff.max.ms");
        assert!(3 * (attempt + backoff) < timeout);
        assert!(timeout < DEADLINE.as_millis());
        assert!(config.create_native_config().is_ok(), "librdkafka knows all of them");
    }

    #[test]
    fn a_record_gives_up_before_its_transaction_does() {
        let args = Cli::parse_from(["test", "--kafka-bootstrap", "b:9092"]).kafka;
        let config = transactional(&args, "shop-orders-1").unwrap();
        let record = milliseconds(&config, "message.timeout.ms");
        assert!(record < milliseconds(&config, "transaction.timeout.ms"));
        assert!(record < DEADLINE.as_millis());
        assert!(config.create_native_config().is_ok(), "librdkafka knows all of them");
    }
}
