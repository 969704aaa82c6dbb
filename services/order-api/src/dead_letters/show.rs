//! `GET /api/dead-letters/{id}?reveal=`: one dead letter with its content, masked unless revealed.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use service_runtime::problem::Problem;
use sha2::{Digest, Sha256};

use super::actor::Actor;
use super::schema::{DeadLetterDetail, DeadLetterHeader};
use super::{IdInPath, mask, plan};
use crate::app::App;
use crate::error::ApiError;
use crate::orders::{NOT_STORED, wrong_parameter};
use crate::store::{DatabaseAway, Letter};
use crate::token::{NoToken, TokenHolder};

#[derive(Deserialize)]
pub(super) struct Parameters {
    reveal: Option<String>,
}

/// One dead letter
///
/// Address, payment token and whatever is not known to be harmless are `***`. With `reveal=true` all is shown, and
/// the log says who asked (caller's address and header `x-actor`) and when.
#[utoipa::path(
    get,
    path = "/api/dead-letters/{id}",
    tag = "dead letters",
    security(("token" = [])),
    params(
        ("id" = u64, Path),
        ("reveal" = Option<bool>, Query, description = "`true` shows personal data, and is logged"),
        ("x-actor" = Option<String>, Header, description = "Who asks, for the log"),
    ),
    responses(
        (status = 200, description = "As it stands", body = DeadLetterDetail),
        NoToken,
        (status = 404, description = "No such dead letter", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A wrong parameter", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
    )
)]
pub(super) async fn show(
    _: TokenHolder,
    State(app): State<Arc<App>>,
    IdInPath(id): IdInPath,
    actor: Actor,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Query(parameters) = parameters.map_err(|_| wrong_parameter("reveal", "is given more than once"))?;
    let reveal = match parameters.reveal.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(wrong_parameter("reveal", "must be true or false")),
    };
    let letter = app.store.letter(id).await?.ok_or(ApiError::NoSuchDeadLetter)?;
    if reveal {
        let Actor { name, address, request } = actor;
        tracing::warn!(dead_letter = id, actor = name, address, request.id = request, "a dead letter was revealed");
    }
    Ok((NOT_STORED, Json(detail(letter, reveal))))
}

fn detail(letter: Letter, reveal: bool) -> DeadLetterDetail {
    let value = letter.value.as_deref().unwrap_or_default();
    let event: Option<Value> = serde_json::from_slice(value).ok();
    let event = event.map(|event| if reveal { event } else { mask::masked(&event) });
    let headers = letter.headers.iter().map(|(name, value)| DeadLetterHeader {
        value: mask::header_value(name, value.as_deref(), reveal),
        name: name.clone(),
    });
    DeadLetterDetail {
        replay_needs: plan::needs(&letter),
        key: key(&letter, reveal),
        headers: headers.collect(),
        body: event.as_ref().and_then(body),
        event,
        sha256: Sha256::digest(value).iter().map(|byte| format!("{byte:02x}")).collect(),
        base64: reveal.then(|| STANDARD.encode(value)),
        letter: letter.head.into(),
    }
}

/// Our own keys are order numbers; another producer's may be anything.
fn key(letter: &Letter, reveal: bool) -> Option<String> {
    let key = String::from_utf8_lossy(letter.key.as_deref()?).into_owned();
    let ours = key.parse::<order_events::OrderNumber>().is_ok();
    Some(if ours || reveal { key } else { mask::MASK.to_owned() })
}

/// The part that a replay takes after an edit.
fn body(event: &Value) -> Option<Value> {
    let fields = ["customer", "items", "payment"].map(|name| Some((name.to_owned(), event.get(name)?.clone())));
    let fields: Vec<_> = fields.into_iter().flatten().collect();
    (!fields.is_empty()).then(|| Value::Object(fields.into_iter().collect()))
}
