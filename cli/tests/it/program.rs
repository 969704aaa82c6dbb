//! The program itself: exit codes, what is printed, and the one thing that it changes in MySQL.

use std::process::Output;

use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection};
use tokio::process::Command;

use crate::fixture::Fixture;

async fn orderctl(fixture: &Fixture, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orderctl"));
    for name in ["ORDER_API_URL", "ADMIN_TOKEN", "ADMIN_TOKEN_FILE", "KAFKA_CLIENT_PROPERTIES", "MYSQL_CA"] {
        command.env_remove(name);
    }
    let schema = fixture.sources.database.get_database().unwrap();
    let url = format!("{}/{schema}", std::env::var("TEST_MYSQL_URL").unwrap());
    let bootstrap = std::env::var("TEST_KAFKA_BOOTSTRAP").unwrap();
    command.env("MYSQL_URL", url).env("KAFKA_BOOTSTRAP", bootstrap).env("KAFKA_TOPIC", &fixture.sources.topic);
    command.args(args).output().await.unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn printed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn next(fixture: &Fixture, partition: i32) -> i64 {
    let mut connection = fixture.sources.database.connect().await.unwrap();
    let next = sqlx::query_scalar("SELECT `next` FROM consumer_offsets WHERE partition_id = ?")
        .bind(partition)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    next
}

#[tokio::test]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn verify_tells_by_its_exit_code() {
    let fixture = Fixture::make().await;
    let clean = orderctl(&fixture, &["verify", "--json"]).await;
    assert_eq!(code(&clean), 0, "{clean:?}");
    let report = printed(&clean);
    assert_eq!((&report["clean"], &report["ledger"]["accepted"]), (&json!(true), &json!(12)));
    assert_eq!(report["waiting"], json!({"creates": 1, "replays": 0, "cancels": 1, "other": 0}));

    fixture.run("UPDATE inventory SET available = available + 1 WHERE product_id = 2").await;
    let different = orderctl(&fixture, &["verify"]).await;
    assert_eq!(code(&different), 1);
    let text = String::from_utf8_lossy(&different.stdout).into_owned();
    assert!(text.contains("DIFFERENCE stock: 1\n  product 2: 5 available, its movements sum up to 4"), "{text}");

    let unusable = orderctl(&fixture, &["verify", "--topic", "no-such-topic"]).await;
    assert_eq!(code(&unusable), 2, "{unusable:?}");
    assert!(errors(&unusable).contains("no-such-topic") && errors(&unusable).contains("--topic"), "{unusable:?}");
    let away = orderctl(&fixture, &["verify", "--mysql-url", "mysql://me:geheim@127.0.0.1:1/orders"]).await;
    assert_eq!(code(&away), 3, "{away:?}");
    assert!(errors(&away).contains("MYSQL_URL") && !errors(&away).contains("geheim"), "{away:?}");
}

#[tokio::test]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn a_gap_is_accepted_only_where_it_is_and_only_when_confirmed() {
    let fixture = Fixture::make().await;
    let nothing = orderctl(&fixture, &["offsets", "accept-gap", "--yes"]).await;
    assert_eq!((code(&nothing), next(&fixture, 0).await), (0, 8), "{nothing:?}");

    fixture.remove_records(6).await;
    fixture.run("UPDATE consumer_offsets SET `next` = 4 WHERE partition_id = 0").await;
    let shown = orderctl(&fixture, &["offsets", "show", "--json"]).await;
    let partition = json!({"partition": 0, "next": 4, "logStart": 6, "logEnd": 10});
    assert_eq!(printed(&shown)["partitions"][0], partition);

    let asked = orderctl(&fixture, &["offsets", "accept-gap"]).await;
    assert_eq!((code(&asked), next(&fixture, 0).await), (2, 4), "{asked:?}");
    assert!(errors(&asked).contains("up to 2 records, offsets 4 to 5, are given up"), "{asked:?}");
    let other = orderctl(&fixture, &["offsets", "accept-gap", "--partition", "1", "--yes"]).await;
    assert_eq!((code(&other), next(&fixture, 0).await), (0, 4), "{other:?}");
    let none = orderctl(&fixture, &["offsets", "accept-gap", "--partition", "7", "--yes"]).await;
    assert_eq!(code(&none), 2, "{none:?}");

    let accepted = orderctl(&fixture, &["offsets", "accept-gap", "--yes", "--json"]).await;
    assert_eq!((code(&accepted), next(&fixture, 0).await), (0, 6), "{accepted:?}");
    assert_eq!(printed(&accepted), json!({"accepted": [partition]}));
    assert_eq!(next(&fixture, 1).await, 11);
}
