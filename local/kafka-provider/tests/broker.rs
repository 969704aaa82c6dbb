//! The protocol against a real broker, whose answers the unit tests cannot know.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kafka_provider::broker::{
    ConfigChange, Connection, TopicState, alter_topic_configs, create_partitions, create_topic, delete_scram,
    delete_topic, describe_acls, describe_topic, scram_exists, topic_overrides, upsert_scram,
};

/// Long enough for a starved broker.
const PATIENCE: Duration = Duration::from_secs(120);

async fn connect() -> Result<Connection> {
    let bootstrap = std::env::var("TEST_KAFKA_BOOTSTRAP").context("cargo xtask test --integration sets it")?;
    let (host, port) = bootstrap.rsplit_once(':').context("host:port")?;
    let port = port.parse()?;
    until(async || Ok(Connection::open(host, port, None).await?)).await
}

/// What `ask` gives, once it does. A change is made by the controller; the broker that is asked hears of it a moment later.
async fn until<T>(mut ask: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let begun = tokio::time::Instant::now();
    loop {
        match ask().await {
            Err(_) if begun.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_millis(20)).await,
            answer => return answer,
        }
    }
}

async fn until_told(connection: &mut Connection, name: &str, good: impl Fn(Option<&TopicState>) -> bool) -> Result<()> {
    until(async || {
        let topic = describe_topic(connection, name).await?;
        ensure!(good(topic.as_ref()), "the broker tells {topic:?}");
        Ok(())
    })
    .await
}

fn random(prefix: &str) -> String {
    format!("{prefix}-{}", uuid::Uuid::new_v4())
}

#[tokio::test]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn a_topic_from_birth_to_end() -> Result<()> {
    let mut connection = connect().await?;
    let name = random("provider");
    assert_eq!(describe_topic(&mut connection, &name).await?, None);

    let config = BTreeMap::from([("retention.ms".to_owned(), "1000".to_owned())]);
    create_topic(&mut connection, &name, Some(2), Some(1), &config).await?;
    until_told(&mut connection, &name, |topic| topic.is_some_and(|topic| topic.replicas == [1, 1])).await?;
    assert_eq!(topic_overrides(&mut connection, &name).await?.get("retention.ms").map(String::as_str), Some("1000"));

    create_partitions(&mut connection, &name, 3).await?;
    until_told(&mut connection, &name, |topic| topic.is_some_and(|topic| topic.replicas.len() == 3)).await?;
    let changes =
        [ConfigChange::Delete("retention.ms".into()), ConfigChange::Set("cleanup.policy".into(), "compact".into())];
    alter_topic_configs(&mut connection, &name, &changes).await?;

    delete_topic(&mut connection, &name).await?;
    until_told(&mut connection, &name, |topic| topic.is_none()).await?;
    delete_topic(&mut connection, &name).await.context("deleting what is not there")
}

#[tokio::test]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn refusals_name_javas_exceptions() -> Result<()> {
    let mut connection = connect().await?;
    let name = random("provider");
    let config = BTreeMap::from([("retention.ms".to_owned(), "abc".to_owned())]);
    let error = create_topic(&mut connection, &name, Some(1), Some(1), &config).await.expect_err("a bad setting");
    assert!(error.is_refusal());
    let message = error.to_string();
    assert!(
        message.starts_with("org.apache.kafka.common.errors.InvalidConfigurationException: Invalid value abc"),
        "{message}"
    );
    let error = create_topic(&mut connection, &name, None, Some(99), &BTreeMap::new()).await.expect_err("too many");
    assert!(error.to_string().contains("InvalidReplicationFactorException"), "{error}");
    let error = create_topic(&mut connection, "a b", None, None, &BTreeMap::new()).await.expect_err("a bad name");
    assert!(error.to_string().contains("InvalidTopicException"), "{error}");
    Ok(())
}

#[tokio::test]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn a_password_comes_and_goes() -> Result<()> {
    let mut connection = connect().await?;
    let user = random("user");
    assert!(!scram_exists(&mut connection, &user).await?);
    upsert_scram(&mut connection, &user, "first").await?;
    upsert_scram(&mut connection, &user, "second").await?;
    until(async || {
        ensure!(scram_exists(&mut connection, &user).await?, "no credential");
        Ok(())
    })
    .await?;
    delete_scram(&mut connection, &user).await?;
    delete_scram(&mut connection, &user).await.context("deleting what is not there")
}

#[tokio::test]
#[ignore = "needs Kafka: cargo xtask test --integration"]
async fn rules_need_an_authorizer() -> Result<()> {
    let mut connection = connect().await?;
    // The servers of the integration tests have none.
    if let Err(error) = describe_acls(&mut connection, "User:nobody").await {
        assert!(error.to_string().contains("SecurityDisabledException"), "{error}");
    }
    Ok(())
}
