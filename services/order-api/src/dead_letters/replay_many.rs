//! `POST /api/dead-letters:replay`: all open dead letters of a filter that can be replayed as they are.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::response::IntoResponse;
use service_runtime::problem::Problem;
use service_runtime::trace_context::TraceContext;

use super::actor::Actor;
use super::filter::print_cursor;
use super::plan::{Numbering, plan};
use super::publish::publish;
use super::requests;
use super::schema::{ReplayManyRequest, ReplayOutcome, ReplayedMany, ReplayedOne};
use crate::app::App;
use crate::body::JsonBytes;
use crate::error::ApiError;
use crate::orders::{NOT_STORED, now};
use crate::store::{DatabaseAway, Letter};
use crate::token::{NoToken, TokenHolder};

/// Letters are read in parts, so that not all of their bytes are in memory at once.
const PART: u32 = 50;

/// Replay dead letters by filter
///
/// Open ones only, oldest first, as they are. Those that need an edit or a new number are skipped. It ends at the first
/// failure; `nextCursor` goes on from there.
#[utoipa::path(
    post,
    path = "/api/dead-letters:replay",
    tag = "dead letters",
    security(("token" = [])),
    params(("x-actor" = Option<String>, Header, description = "Who asks, for the log")),
    request_body = ReplayManyRequest,
    responses(
        (status = 200, description = "What was done; with `dryRun` what would be", body = ReplayedMany),
        (status = 400, description = "No JSON", body = Problem, content_type = "application/problem+json"),
        NoToken,
        (status = 422, description = "Not valid", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
    )
)]
pub(super) async fn replay_many(
    _: TokenHolder,
    State(app): State<Arc<App>>,
    actor: Actor,
    trace: Option<Extension<TraceContext>>,
    JsonBytes(body): JsonBytes,
) -> Result<impl IntoResponse, ApiError> {
    let trace = trace.map(|Extension(trace)| trace);
    let request = requests::replay_many(&body)?;
    let mut done = ReplayedMany { dry_run: request.dry_run, ..ReplayedMany::default() };
    let (mut after, mut left) = (request.after, request.limit);
    'parts: while left > 0 {
        let letters = match app.store.whole_letters(&request.filter, after, left.min(PART)).await {
            Ok(letters) => letters,
            Err(error) if done.items.is_empty() => return Err(error.into()),
            // What was done is told all the same; the caller goes on from here later.
            Err(_) => break,
        };
        let read = letters.len() as u32;
        for letter in letters {
            let one = replay_one(&app, &letter, request.dry_run, trace).await;
            let failed = one.outcome == ReplayOutcome::Failed;
            count(&mut done, &one);
            done.items.push(one);
            if failed {
                done.next_cursor = Some(after.map_or_else(|| print_cursor(0), print_cursor));
                break 'parts;
            }
            after = Some(letter.head.id);
            left -= 1;
        }
        done.next_cursor = after.map(print_cursor);
        if read < PART && left > 0 {
            done.next_cursor = None;
            break;
        }
    }
    let ReplayedMany { dry_run, replayed, skipped, failed, .. } = done;
    let Actor { name, address, request } = actor;
    let request_id = request;
    tracing::info!(dry_run, replayed, skipped, failed, actor = name, address, request_id, "dead letters were replayed");
    Ok((NOT_STORED, Json(done)))
}

async fn replay_one(app: &App, letter: &Letter, dry_run: bool, trace: Option<TraceContext>) -> ReplayedOne {
    let id = letter.head.id;
    let plan = match plan(letter, None, Numbering::Own, &app.namespace, now()) {
        Ok(plan) => plan,
        Err(refusal) => {
            let detail = refusal.fields().into_iter().map(|field| format!("{} {}", field.pointer, field.detail)).next();
            return ReplayedOne { id, outcome: ReplayOutcome::Skipped, order_number: letter.head.order_number, detail };
        }
    };
    let order_number = Some(plan.number);
    if dry_run {
        return ReplayedOne { id, outcome: ReplayOutcome::WouldReplay, order_number, detail: None };
    }
    let (outcome, detail) = match publish(app, &letter.head, plan, trace).await {
        Ok(_) => (ReplayOutcome::Replayed, None),
        Err(error @ (ApiError::DeadLetterChanged(_) | ApiError::TooLarge(_))) => {
            (ReplayOutcome::Skipped, Some(error.slug().to_owned()))
        }
        Err(error) => (ReplayOutcome::Failed, Some(error.slug().to_owned())),
    };
    ReplayedOne { id, outcome, order_number, detail }
}

fn count(done: &mut ReplayedMany, one: &ReplayedOne) {
    match one.outcome {
        ReplayOutcome::Replayed | ReplayOutcome::WouldReplay => done.replayed += 1,
        ReplayOutcome::Skipped => done.skipped += 1,
        ReplayOutcome::Failed => done.failed += 1,
    }
}
