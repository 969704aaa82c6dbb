//! A service that answers what the test wants, and the program that asks it.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use tokio::process::Command;

/// What it answers, in order, and what it was asked: method and path, token, body as JSON or else as text.
#[derive(Clone, Default)]
struct Fake {
    answers: Arc<Mutex<Vec<(u16, Value)>>>,
    asked: Arc<Mutex<Vec<(String, String, Value)>>>,
}

async fn answer(
    State(fake): State<Fake>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let token = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let body = serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into());
    fake.asked.lock().unwrap().push((format!("{method} {uri}"), token, body));
    let (status, body) = fake.answers.lock().unwrap().remove(0);
    (StatusCode::from_u16(status).unwrap(), axum::Json(body))
}

pub struct Outcome {
    pub code: i32,
    pub out: String,
    pub err: String,
    pub asked: Vec<(String, String, Value)>,
}

pub async fn orderctl(answers: Vec<(u16, Value)>, args: &[&str], token: Option<&str>) -> Outcome {
    let fake = Fake { answers: Arc::new(Mutex::new(answers)), ..Fake::default() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(fake.clone());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut command = Command::new(env!("CARGO_BIN_EXE_orderctl"));
    command.args(args).env("ORDER_API_URL", &url).env("SEARCH_API_URL", url);
    command.env_remove("ADMIN_TOKEN").env_remove("ADMIN_TOKEN_FILE");
    if let Some(token) = token {
        command.env("ADMIN_TOKEN", token);
    }
    let output = command.output().await.unwrap();
    server.abort();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let asked = fake.asked.lock().unwrap().clone();
    Outcome { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr), asked }
}

pub fn problem(slug: &str, title: &str, errors: Value) -> Value {
    json!({"type": format!("urn:order-pipeline:problem:{slug}"), "title": title, "errors": errors, "requestId": "r-1"})
}
