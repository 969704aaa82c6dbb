//! `POST /api/dead-letters/{id}/replay`: publishes the record again, as it is or edited.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use service_runtime::problem::Problem;
use service_runtime::trace_context::TraceContext;

use super::actor::Actor;
use super::plan::plan;
use super::publish::publish;
use super::schema::{ReplayRequest, Replayed};
use super::{IdInPath, requests, unchanged};
use crate::app::App;
use crate::body::OptionalJsonBytes;
use crate::error::ApiError;
use crate::orders::{location, now};
use crate::store::LetterStatus;
use crate::token::{NoToken, TokenHolder};

/// Replay a dead letter
///
/// Publishes the order again; what becomes of it, its status tells. It counts once, however often it is published.
/// Without a body the record goes out as it is; `replayNeeds` of the dead letter says when that is not enough.
#[utoipa::path(
    post,
    path = "/api/dead-letters/{id}/replay",
    tag = "dead letters",
    security(("token" = [])),
    params(("id" = u64, Path), ("x-actor" = Option<String>, Header, description = "Who asks, for the log")),
    request_body = Option<ReplayRequest>,
    responses(
        (status = 202, description = "Kafka has it", body = Replayed, headers(("Location" = String))),
        (status = 400, description = "No JSON", body = Problem, content_type = "application/problem+json"),
        NoToken,
        (status = 404, description = "No such dead letter", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is not open (`dead-letter-not-open`), or somebody was faster \
            (`dead-letter-changed`)", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not valid, or not possible like this: a pointer to each wrong or missing field",
            body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Kafka or the database is away, or it is not known whether Kafka has it; \
            a repetition is safe", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32))),
    )
)]
pub(super) async fn replay(
    _: TokenHolder,
    State(app): State<Arc<App>>,
    IdInPath(id): IdInPath,
    actor: Actor,
    trace: Option<Extension<TraceContext>>,
    OptionalJsonBytes(body): OptionalJsonBytes,
) -> Result<impl IntoResponse, ApiError> {
    let request = requests::replay_one(&body)?;
    let letter = app.store.letter(id).await?.ok_or(ApiError::NoSuchDeadLetter)?;
    let head = &letter.head;
    unchanged(head, request.replay_count)?;
    let allowed = match head.status {
        LetterStatus::Open => true,
        LetterStatus::Replayed => request.again,
        LetterStatus::Discarded => false,
    };
    if !allowed {
        return Err(ApiError::DeadLetterNotOpen(head.status));
    }
    let edited = request.body.is_some();
    let plan = plan(&letter, request.body.as_ref(), request.numbering, &app.namespace, now());
    let plan = plan.map_err(|refusal| ApiError::Invalid(refusal.fields()))?;
    let done = publish(&app, head, plan, trace.map(|Extension(trace)| trace)).await?;
    let Actor { name, address, request } = actor;
    tracing::info!(dead_letter = id, edited, actor = name, address, request.id = request, "a dead letter was replayed");
    Ok((StatusCode::ACCEPTED, location(done.order_number), Json(done)))
}
