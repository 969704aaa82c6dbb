//! `POST /api/dead-letters/{id}/discard`: nothing is to be done about it, and why.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use service_runtime::problem::Problem;

use super::actor::Actor;
use super::schema::{DeadLetter, DiscardRequest};
use super::{IdInPath, requests, unchanged};
use crate::app::App;
use crate::body::JsonBytes;
use crate::error::ApiError;
use crate::orders::NOT_STORED;
use crate::store::{DatabaseAway, LetterStatus};
use crate::token::{NoToken, TokenHolder};

/// Discard a dead letter
///
/// Its order, if it has one, stays FAILED.
#[utoipa::path(
    post,
    path = "/api/dead-letters/{id}/discard",
    tag = "dead letters",
    security(("token" = [])),
    params(("id" = u64, Path), ("x-actor" = Option<String>, Header, description = "Who asks, for the log")),
    request_body = DiscardRequest,
    responses(
        (status = 200, description = "As it stands now", body = DeadLetter),
        (status = 400, description = "No JSON", body = Problem, content_type = "application/problem+json"),
        NoToken,
        (status = 404, description = "No such dead letter", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is not open (`dead-letter-not-open`), or somebody was faster \
            (`dead-letter-changed`)", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not valid", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
    )
)]
pub(super) async fn discard(
    _: TokenHolder,
    State(app): State<Arc<App>>,
    IdInPath(id): IdInPath,
    actor: Actor,
    JsonBytes(body): JsonBytes,
) -> Result<impl IntoResponse, ApiError> {
    let request = requests::discard(&body)?;
    let head = app.store.letter(id).await?.ok_or(ApiError::NoSuchDeadLetter)?.head;
    unchanged(&head, request.replay_count)?;
    if head.status != LetterStatus::Open {
        return Err(ApiError::DeadLetterNotOpen(head.status));
    }
    if !app.store.discard(&head, &request.note).await? {
        return Err(ApiError::DeadLetterChanged(head.replay_count));
    }
    let Actor { name, address, request } = actor;
    tracing::info!(dead_letter = id, actor = name, address, request.id = request, "a dead letter was discarded");
    let now = app.store.letter(id).await?.ok_or(ApiError::NoSuchDeadLetter)?;
    Ok((NOT_STORED, Json(DeadLetter::from(now.head))))
}
