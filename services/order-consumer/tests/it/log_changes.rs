//! The log under the consumer: transactions in it, made anew, cut at its start.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::world::{World, number, order};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn behind_transactions_lag_is_zero_and_aborted_orders_do_not_exist() {
    let world = World::selling(1, 100).await;
    let _consumer = world.start("a");
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", std::env::var("TEST_KAFKA_BOOTSTRAP").unwrap())
        .set("transactional.id", &world.topic)
        .create()
        .unwrap();
    let timeout = Duration::from_secs(30);
    producer.init_transactions(timeout).unwrap();
    for commit in [true, false, true] {
        producer.begin_transaction().unwrap();
        for _ in 0..3 {
            let event = order_events::encode(&order(number(), "Ann", &[(1, 1)]));
            producer.send(BaseRecord::to(&world.topic).key(&event.key).payload(&event.value)).unwrap();
        }
        producer.flush(timeout).unwrap();
        if commit { producer.commit_transaction(timeout) } else { producer.abort_transaction(timeout) }.unwrap();
    }
    world.until_processed(6).await;
    world.until("lag 0", async || world.lag().await == Some(0)).await;
    world.check_ledger().await;
}

async fn send_evenly(world: &World, count: usize) {
    for partition in [0, 1].into_iter().cycle().take(count) {
        world.send_into(partition, &order(number(), "Ann", &[(1, 1)])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_topic_made_anew_starts_over_under_a_row_of_its_own() {
    let mut world = World::selling(2, 1000).await;
    let _consumer = world.start("a");
    // Evenly, so that no partition's new log reaches where its old one ended: until the new id is seen, the client
    // fetches from there on, and what it finds would be processed and counted under both ids.
    send_evenly(&world, 20).await;
    world.until_processed(20).await;
    world.delete_topic(&world.topic).await;
    world.make_topic(&world.topic).await;
    world.renew_producer();
    send_evenly(&world, 10).await;
    world.until_processed(30).await;
    assert_eq!(world.count("SELECT COUNT(DISTINCT topic_id) FROM consumer_offsets").await, 2);
    assert_eq!(world.total("new").await, 30);
    world.check_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_topic_made_anew_under_load_loses_nothing_that_the_new_one_took() {
    let mut world = World::selling(3, 100_000).await;
    let _consumer = world.start_with("a", &[("BATCH_SIZE", "20")]);
    let orders = |count| (0..count).map(|_| order(number(), "Ann", &[(1, 1)])).collect::<Vec<_>>();
    // Still at work when the topic goes.
    world.send_all(&orders(600)).await;
    world.until("some are done", async || world.processed().await > 50).await;
    world.delete_topic(&world.topic).await;
    world.make_topic(&world.topic).await;
    world.renew_producer();
    let new = orders(200);
    world.send_all(&new).await;
    let numbers: Vec<String> = new.iter().map(|order| format!("'{}'", order.order_number())).collect();
    let stored = format!("SELECT COUNT(*) FROM orders WHERE order_number IN ({})", numbers.join(","));
    world.until("all that the new topic took", async || world.count(&stored).await == 200).await;
    assert_eq!(world.count("SELECT COUNT(DISTINCT topic_id) FROM consumer_offsets").await, 2);
    assert_eq!((world.total("duplicates").await, world.total("conflicts").await), (0, 0));
    world.check_ledger().await;
    world.until("lag 0", async || world.lag().await == Some(0)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn records_removed_before_they_were_processed_stop_the_partition() {
    let world = World::selling(1, 1000).await;
    let first = world.start("a");
    world.send(&order(number(), "Ann", &[(1, 1)])).await;
    world.until_processed(1).await;
    assert!(first.stop().success());
    world.send_orders(10).await;
    let mut below = TopicPartitionList::new();
    below.add_partition_offset(&world.topic, 0, Offset::Offset(5)).unwrap();
    world.admin.delete_records(&below, &Default::default()).await.unwrap();
    let second = world.start("b");
    world.until("the partition stops", async || second.log().contains("accept-gap")).await;
    world
        .until("it is told", async || {
            second.metric("consumer_partitions_stopped").await == Some(1.0)
                && second.metric("consumer_gap{partition=\"0\"}").await == Some(4.0)
        })
        .await;
    assert_eq!(world.processed().await, 1);
    // What `orderctl offsets accept-gap` does.
    world.sql("UPDATE consumer_offsets SET `next` = 5").await;
    world.until_processed(7).await;
    world.check_ledger().await;
}
