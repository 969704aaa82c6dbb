//! The trace id of a shopper's request, in the log line of the mail that answers it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::database::Shop;
use crate::smtp_stub::{Answer, SmtpStub};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn the_mails_log_line_has_the_requests_trace_id() {
    let shop = Shop::open().await;
    let stub = SmtpStub::start(Answer::Take).await;
    shop.order(Some("ada@example.com"), "Ada", "CONFIRMED").await;
    shop.run(&format!("UPDATE outbox SET traceparent = '{TRACEPARENT}'")).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("username"), "root").unwrap();
    std::fs::write(folder.path().join("password"), &shop.password).unwrap();
    let log = folder.path().join("log");
    let (host, port) = stub.address.split_once(':').unwrap();
    // As a process of its own: its log is what is looked at.
    let mut notifier = Command::new(env!("CARGO_BIN_EXE_notifier"))
        .env("ADMIN_ADDR", "127.0.0.1:0")
        .env("DATABASE_HOST", "127.0.0.1")
        .env("DATABASE_PORT", shop.port.to_string())
        .env("DATABASE_NAME", &shop.name)
        .env("DATABASE_CREDENTIALS_DIR", folder.path())
        .env("DATABASE_CA_FILE", &shop.ca)
        .env("SMTP_HOST", host)
        .env("SMTP_PORT", port)
        .env("SMTP_FROM", "The Shop <orders@shop.example>")
        .env("SMTP_TLS", "none")
        .env("LOG_FORMAT", "json")
        .env_remove("RUST_LOG")
        .stdout(std::fs::File::create(&log).unwrap())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    shop.until("sent_at IS NOT NULL", 1).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    let line = loop {
        let text = std::fs::read_to_string(&log).unwrap();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        if let Some(line) = lines.into_iter().find(|line| line["message"] == "mail sent") {
            break line;
        }
        assert!(Instant::now() < deadline, "{text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736", "{line}");
    assert!(!line.to_string().contains("ada@example.com"), "{line}");
    notifier.kill().unwrap();
    notifier.wait().unwrap();
    shop.close().await;
}
