//! One order that MySQL refuses, among many that it takes.

use local_servers::{Installed, Mysql, MysqlOptions};

use crate::world::{World, number, order};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_poison_order_is_found_and_the_rest_goes_on() {
    let world = World::new(4).await;
    world.products(1..=5, 1000).await;
    world.sql("ALTER TABLE orders ADD CONSTRAINT no_poison CHECK (customer_name <> 'Poison')").await;
    let (poison, mut events) = (number(), Vec::new());
    for n in 0..300 {
        events.push(order(number(), "Ann", &[(1 + n % 5, 1)]));
    }
    events.insert(137, order(poison, "Poison", &[(1, 1)]));
    world.send_all(&events).await;
    let _consumer = world.start("a");
    world.until_processed(301).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM orders WHERE status = 'CONFIRMED'").await, 300);
    assert_eq!(world.status(poison).await, Some(("FAILED".to_owned(), Some("REFUSED_BY_DATABASE".to_owned()))));
    let letter: (String, String) =
        sqlx::query_as("SELECT order_number, detail FROM dead_letters").fetch_one(&world.pool).await.unwrap();
    assert_eq!(letter, (poison.to_string(), "MySQL refused this record with error 3819".to_owned()));
    assert_eq!((world.total("new").await, world.total("failed").await), (300, 1));
    assert_eq!(world.count("SELECT COUNT(*) FROM outbox WHERE kind = 'FAILED'").await, 1);
    world.check_ledger().await;

    // The shopper's retry changes nothing; an edited replay mends it.
    world.send(&order(poison, "Poison", &[(1, 1)])).await;
    world.send_replay(&order(poison, "Ann", &[(1, 1)])).await;
    world.until_processed(303).await;
    assert_eq!(world.status(poison).await, Some(("CONFIRMED".to_owned(), None)));
    assert_eq!(world.total("duplicates").await, 1);
    world.check_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn an_order_refused_even_as_failed_keeps_its_number_only() {
    let world = World::selling(1, 10).await;
    world.sql("ALTER TABLE orders ADD CONSTRAINT no_mail CHECK (customer_email <> 'ann@example.org')").await;
    let poison = number();
    world.send(&order(poison, "Ann", &[(1, 1)])).await;
    let _consumer = world.start("a");
    world.until_processed(1).await;
    assert_eq!(world.status(poison).await.unwrap().0, "FAILED");
    assert_eq!(world.count("SELECT COUNT(*) FROM dead_letters WHERE attempts = 2").await, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_server_that_would_cut_what_is_too_long_must_refuse_it() {
    let folder = tempfile::tempdir().unwrap();
    let options = MysqlOptions { flags: vec!["--sql-mode=".to_owned()] };
    let mysql = Mysql::start(&Installed::from_env().unwrap(), folder.path(), &options).unwrap();
    let world = World::on(&mysql.url(), &mysql.ca_file(), 1).await;
    world.products(1..=1, 10).await;
    let (long, fine) = (number(), number());
    world.send(&order(long, &"x".repeat(201), &[(1, 1)])).await;
    world.send(&order(fine, "Ann", &[(1, 1)])).await;
    let _consumer = world.start("a");
    world.until_processed(2).await;
    assert_eq!(world.status(long).await, Some(("FAILED".to_owned(), Some("REFUSED_BY_DATABASE".to_owned()))));
    assert_eq!(world.status(fine).await.unwrap().0, "CONFIRMED");
    world.check_ledger().await;
}
