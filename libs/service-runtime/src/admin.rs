//! The admin port: probes and metrics, apart from what callers reach.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use prometheus_client::registry::Registry;
use serde_json::json;

use crate::Health;

#[derive(Clone)]
struct Admin {
    name: &'static str,
    health: Health,
    registry: Arc<Registry>,
}

pub(crate) fn router(name: &'static str, health: Health, registry: Registry) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/healthz", get(healthz))
        .route("/metrics", get(metrics))
        .with_state(Admin { name, health, registry: Arc::new(registry) })
}

async fn readyz(State(admin): State<Admin>) -> Response {
    match admin.health.readiness() {
        Ok(()) => "ok\n".into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

/// Always 200 while the process lives: a place to look, not a probe.
async fn healthz(State(admin): State<Admin>) -> Json<serde_json::Value> {
    let not_ready = admin.health.readiness().err();
    Json(json!({
        "service": admin.name,
        "ready": not_ready.is_none(),
        "notReady": not_ready,
        "backends": admin.health.components(),
    }))
}

async fn metrics(State(admin): State<Admin>) -> Response {
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &admin.registry) {
        Ok(()) => ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
            .into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
