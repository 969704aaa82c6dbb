//! Kafka behind TLS: users by SCRAM, and clients by certificate.

use local_servers::{Installed, Kafka};

use crate::world::{World, number, order};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn over_tls_with_a_password_and_with_a_certificate() {
    let (installed, folder) = (Installed::from_env().unwrap(), tempfile::tempdir().unwrap());
    let kafka = Kafka::start_secure(&installed, folder.path()).unwrap();
    kafka.set_password(&installed, folder.path(), "consumer", "right").unwrap();
    let secure = kafka.secure().unwrap();
    let world = World::on_kafka(&kafka.bootstrap(), 2).await;
    world.products(1..=1, 1000).await;
    let password = folder.path().join("password");
    std::fs::write(&password, "wrong").unwrap();
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let (ca, password_file) = (text(&secure.ca), text(&password));
    let sasl = [
        ("KAFKA_BOOTSTRAP", secure.sasl.as_str()),
        ("KAFKA_SECURITY_PROTOCOL", "sasl_ssl"),
        ("KAFKA_CA", &ca),
        ("KAFKA_USERNAME", "consumer"),
        ("KAFKA_PASSWORD_FILE", &password_file),
    ];
    let orders = || (0..20).map(|_| order(number(), "Ann", &[(1, 1)])).collect::<Vec<_>>();
    world.send_all(&orders()).await;
    let refused = world.start_with("wrong", &sasl);
    world.until("a wrong password is told", async || refused.log().contains("Authentication")).await;
    assert_eq!(world.processed().await, 0);
    drop(refused);

    std::fs::write(&password, "right").unwrap();
    let by_password = world.start_with("password", &sasl);
    world.send_raw("k", b"?", &[]).await;
    world.until_processed(21).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM dead_letters").await, 1);
    assert!(by_password.stop().success());

    let (certificate, key) = (text(&secure.client_certificate), text(&secure.client_key));
    let by_certificate = world.start_with(
        "certificate",
        &[
            ("KAFKA_BOOTSTRAP", &secure.tls),
            ("KAFKA_SECURITY_PROTOCOL", "ssl"),
            ("KAFKA_CA", &ca),
            ("KAFKA_CLIENT_CERT_FILE", &certificate),
            ("KAFKA_CLIENT_KEY_FILE", &key),
        ],
    );
    world.send_all(&orders()).await;
    world.send_raw("k", b"?", &[]).await;
    world.until_processed(42).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM dead_letters").await, 2);
    world.check_ledger().await;
    assert!(by_certificate.stop().success());
}
