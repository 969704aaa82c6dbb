//! MySQL away, and MySQL that refuses everyone.

use local_servers::{Installed, Mysql, MysqlOptions, Relay};

use crate::world::{World, number, order};

fn own_mysql(folder: &std::path::Path) -> Mysql {
    Mysql::start(&Installed::from_env().unwrap(), folder, &MysqlOptions::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_database_that_went_away_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut mysql = own_mysql(folder.path());
    let world = World::on(&mysql.url(), &mysql.ca_file(), 3).await;
    world.products(1..=3, 10_000).await;
    let consumer = world.start_with("a", &[("BATCH_SIZE", "10")]);
    let orders = |count: u64| (0..count).map(|n| order(number(), "Ann", &[(1 + n % 3, 1)])).collect::<Vec<_>>();
    world.send_all(&orders(400)).await;
    world.until("some are done", async || world.processed().await > 50).await;
    mysql.kill().unwrap();
    world.send_all(&orders(200)).await;
    world.until("the consumer notices", async || consumer.log().contains("a batch did not commit")).await;
    mysql.start_again().unwrap();
    world.until_processed(600).await;
    assert_eq!((world.total("new").await, world.total("duplicates").await), (600, 0));
    assert_eq!(world.count("SELECT COUNT(*) FROM dead_letters").await, 0);
    world.check_ledger().await;
    assert!(consumer.stop().success());
}

/// The machine or the network under its connections goes away without a word, in the middle of a transaction.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn connections_that_never_answer_again_are_given_up() {
    let world = World::selling(1, 1000).await;
    let relay = Relay::start(world.database_port()).unwrap();
    let consumer = world.start_with("a", &[("DATABASE_PORT", &relay.port().to_string())]);
    world.send(&order(number(), "Ann", &[(1, 1)])).await;
    world.until_processed(1).await;

    let held = number();
    let blocker = world.block(held).await;
    world.send(&order(held, "Ann", &[(1, 1)])).await;
    world.until_blocked().await;
    relay.cut();
    blocker.rollback().await.unwrap();
    world.send_orders(5).await;
    world.until_processed(7).await;

    // Nor does whoever finds the places wait for ever.
    world.sql("UPDATE consumer_offsets SET `next` = 0, creates = 0, `new` = 0").await;
    world.until_processed(7).await;
    assert_eq!((world.total("new").await, world.total("duplicates").await), (0, 7));
    assert_eq!(world.count("SELECT COUNT(*) FROM dead_letters").await, 0);
    world.check_ledger().await;
    assert!(consumer.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_missing_table_holds_everything_and_heals_by_itself() {
    let world = World::selling(2, 100).await;
    let consumer = world.start("a");
    world.send(&order(number(), "Ann", &[(1, 1)])).await;
    world.until_processed(1).await;
    world.sql("RENAME TABLE outbox TO outbox_away").await;
    world.send_orders(5).await;
    world.until("the consumer holds", async || consumer.log().contains("Systemic")).await;
    world.sql("RENAME TABLE outbox_away TO outbox").await;
    world.until_processed(6).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM dead_letters").await, 0);
    world.check_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_grant_taken_away_makes_no_dead_letter() {
    let world = World::selling(2, 100).await;
    let user = world.own_user().await;
    let consumer = world.start("a");
    world.send(&order(number(), "Ann", &[(1, 1)])).await;
    world.until_processed(1).await;
    let database = world.database();
    world.sql(&format!("REVOKE INSERT ON {database}.* FROM '{user}'")).await;
    // Sessions keep the rights on a database that they began with.
    world.end_sessions(&user).await;
    world.send_orders(5).await;
    // Long enough to be told, and to have been tried again and again.
    let held = "consumer_held_seconds{cause=\"systemic\"}";
    world
        .until("held for half a minute", async || consumer.metric(held).await.is_some_and(|seconds| seconds > 30.0))
        .await;
    assert_eq!(world.processed().await, 1);
    world.sql(&format!("GRANT INSERT ON {database}.* TO '{user}'")).await;
    world.until_processed(6).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM dead_letters").await, 0);
    world.until("no longer held", async || consumer.metric(held).await == Some(0.0)).await;
    world.check_ledger().await;
    drop(consumer);
    world.sql(&format!("DROP USER '{user}'")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_password_that_changed_is_read_from_its_file_again() {
    let world = World::selling(2, 100).await;
    let user = world.own_user().await;
    let consumer = world.start("a");
    world.send(&order(number(), "Ann", &[(1, 1)])).await;
    world.until_processed(1).await;
    world.sql(&format!("ALTER USER '{user}' IDENTIFIED BY 'another'")).await;
    world.end_sessions(&user).await;
    world.send(&order(number(), "Ann", &[(1, 1)])).await;
    world.until("the consumer is refused", async || consumer.log().contains("Systemic")).await;
    std::fs::write(world.folder.path().join("password"), "another").unwrap();
    world.until_processed(2).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM dead_letters").await, 0);
    drop(consumer);
    world.sql(&format!("DROP USER '{user}'")).await;
}
