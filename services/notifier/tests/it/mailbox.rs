//! What the mail catcher caught.

use std::time::Duration;

use serde_json::Value;

/// The mails for one address, as the catcher's API gives them (`subject`, `mimeMessage`, …).
pub async fn mails(api: &str, address: &str) -> Vec<Value> {
    let _already_set = rustls::crypto::ring::default_provider().install_default();
    let url = format!("{api}/api/user/{address}/messages");
    let response = answer(&url).await;
    // An address that never got a mail is no user yet.
    if !response.status().is_success() {
        return Vec::new();
    }
    response.json().await.unwrap()
}

/// The catcher takes mail a moment before its API answers.
async fn answer(url: &str) -> reqwest::Response {
    let asked = async {
        loop {
            match reqwest::get(url).await {
                Ok(response) => return response,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asked).await.expect("the mail catcher's API answers")
}

/// The raw message, its quoted-printable line breaks undone.
pub fn raw(mail: &Value) -> String {
    mail["mimeMessage"].as_str().unwrap().replace("=\r\n", "").replace("=\n", "")
}

pub fn shared() -> (String, String) {
    let variable = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name}: run `cargo xtask servers up`"));
    (variable("TEST_MAIL_SMTP"), variable("TEST_MAIL_API"))
}
