//! Kafka goes away under the consumer.

use local_servers::{Installed, Kafka};

use crate::world::{World, number, order};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_broker_killed_and_started_again_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut kafka = Kafka::start(&Installed::from_env().unwrap(), folder.path()).unwrap();
    let world = World::on_kafka(&kafka.bootstrap(), 3).await;
    world.products(1..=1, 100_000).await;
    let consumer = world.start_with("a", &[("BATCH_SIZE", "10")]);
    let orders = || (0..300).map(|_| order(number(), "Ann", &[(1, 1)])).collect::<Vec<_>>();
    world.send_all(&orders()).await;
    world.until("some are done", async || world.processed().await > 50).await;
    kafka.kill().unwrap();
    world.until("the consumer notices", async || consumer.log().contains("Kafka client")).await;
    kafka.start_again().unwrap();
    world.send_all(&orders()).await;
    world.until_processed(600).await;
    assert_eq!((world.total("new").await, world.total("duplicates").await), (600, 0));
    assert_eq!(world.count("SELECT COUNT(*) FROM dead_letters").await, 0);
    world.check_ledger().await;
    world.until("lag 0", async || world.lag().await == Some(0)).await;
    assert!(consumer.stop().success());
}
