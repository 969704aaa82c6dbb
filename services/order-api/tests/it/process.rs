//! The program itself: exit codes and signals.

use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::time::Duration;

use local_servers::{Process, Recipe, free_port};
use serde_json::json;
use tempfile::TempDir;

use crate::api::{NAMESPACE, eventually, order};

const PROGRAM: &str = env!("CARGO_BIN_EXE_order-api");

pub fn variables(files: &TempDir) -> BTreeMap<&'static str, String> {
    let file = |name: &str, content: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    file("username", "nobody");
    file("password", "nothing");
    BTreeMap::from([
        ("KAFKA_BOOTSTRAP", "127.0.0.1:1".to_owned()),
        ("DATABASE_HOST", "127.0.0.1".to_owned()),
        ("DATABASE_PORT", "1".to_owned()),
        ("DATABASE_NAME", "orders".to_owned()),
        ("DATABASE_CREDENTIALS_DIR", files.path().to_str().unwrap().to_owned()),
        ("ORDER_NAMESPACE_FILE", file("namespace", NAMESPACE)),
        ("HTTP_ADDR", format!("127.0.0.1:{}", free_port().unwrap())),
        ("ADMIN_ADDR", format!("127.0.0.1:{}", free_port().unwrap())),
    ])
}

fn run(variables: &BTreeMap<&'static str, String>) -> Output {
    Command::new(PROGRAM).envs(variables).output().unwrap()
}

#[test]
fn a_wrong_configuration_is_exit_code_2_and_names_the_variable() {
    for (variable, value) in [
        ("PRODUCER_MODE", "sometimes"),
        ("KAFKA_TRANSACTIONAL_ID_PREFIX", "two words"),
        ("ORDER_NAMESPACE_FILE", "/nowhere"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,everybody"),
        ("KAFKA_SECURITY_PROTOCOL", "sasl_ssl"),
        ("DATABASE_CREDENTIALS_DIR", "/nowhere"),
        ("CALLER_RATE", "-1"),
    ] {
        let files = tempfile::tempdir().unwrap();
        let mut variables = variables(&files);
        variables.insert(variable, value.to_owned());
        let output = run(&variables);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{variable}={value}: {message}");
        // clap names the flag, which is the variable in small letters; SASL misses a user.
        let flag = variable.to_lowercase().replace('_', "-");
        let named = [variable, flag.as_str(), "KAFKA_USERNAME"].iter().any(|name| message.contains(name));
        assert!(named, "{variable}={value}: {message}");
    }
}

#[test]
fn the_namespace_is_never_printed() {
    let files = tempfile::tempdir().unwrap();
    let variables = variables(&files);
    std::fs::write(&variables["ORDER_NAMESPACE_FILE"], "s3cret-but-no-uuid").unwrap();
    let output = run(&variables);
    assert_eq!(output.status.code(), Some(2));
    for text in [output.stdout, output.stderr] {
        assert!(!String::from_utf8_lossy(&text).contains("s3cret"));
    }
}

pub async fn start(files: &TempDir, variables: &BTreeMap<&'static str, String>) -> Process {
    let recipe = Recipe::new("order-api", PROGRAM, files.path().join("log"));
    let recipe = variables.iter().fold(recipe, |recipe, (name, value)| recipe.env(*name, value));
    let process = Process::start(recipe).unwrap();
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let ready = format!("http://{}/readyz", variables["ADMIN_ADDR"]);
    eventually("it is ready", || async { reqwest::get(&ready).await.ok().filter(|answer| answer.status() == 200) })
        .await;
    process
}

#[tokio::test]
async fn it_starts_without_its_backends_and_sigterm_is_a_clean_stop() {
    let files = tempfile::tempdir().unwrap();
    let mut process = start(&files, &variables(&files)).await;
    let status = process.stop(Duration::from_secs(30)).unwrap();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn cards_and_shoppers_are_never_logged() {
    let files = tempfile::tempdir().unwrap();
    let mut variables = variables(&files);
    variables.insert("RUST_LOG", "trace".to_owned());
    let mut process = start(&files, &variables).await;
    let api = format!("http://{}/api/orders", variables["HTTP_ADDR"]);
    let client = reqwest::Client::new();
    let card = "4111111111111111";
    let mut wrong = order();
    wrong["customer"]["name"] = json!(card);
    wrong["items"][0]["productId"] = json!(4_111_111_111_111_111_u64);
    wrong[card] = json!(card);
    for (request, status) in [
        (client.post(&api).json(&order()), 503),
        (client.post(&api).json(&wrong).header("Idempotency-Key", card), 422),
        (client.post(&api).body(card).header("content-type", "application/json"), 422),
        (client.get(format!("{api}/{card}")), 404),
        (client.get(format!("{api}?email=ann@example.org&limit={card}")), 403),
    ] {
        assert_eq!(request.send().await.unwrap().status(), status);
    }
    process.stop(Duration::from_secs(30)).unwrap();
    let log = std::fs::read_to_string(files.path().join("log")).unwrap();
    assert!(log.contains("/api/orders"), "the requests are in the log");
    for secret in [card, "example.org", "Ann Example", "Street 1", "tok_1"] {
        assert!(!log.to_lowercase().contains(&secret.to_lowercase()), "{secret} is in the log");
    }
}
