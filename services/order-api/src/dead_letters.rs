//! `/api/dead-letters`, for who has the pipeline's token: see what could not become an order, replay it as it is or
//! edited, or give it up with a reason.
//!
//! Invariants: a replay is counted before it is published and marked after Kafka has it, so nothing is marked that
//! was not published, and of several who try at once one publishes. What is published twice all the same counts once.
//! Nothing of a record reaches the log; who revealed one does.

mod actor;
mod discard;
mod filter;
mod list;
mod mask;
mod plan;
mod publish;
mod replay;
mod replay_many;
mod requests;
mod schema;
mod show;

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::error::ApiError;
use crate::store::LetterHead;

/// The routes and their description.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(show::show))
        .routes(routes!(replay::replay))
        .routes(routes!(discard::discard))
        .routes(routes!(replay_many::replay_many))
}

/// Extractor: the id in the path.
struct IdInPath(u64);

impl<S: Send + Sync> FromRequestParts<S> for IdInPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = Path::<String>::from_request_parts(parts, state).await.map_err(|_| ApiError::NoSuchDeadLetter)?;
        text.parse().map(Self).map_err(|_| ApiError::NoSuchDeadLetter)
    }
}

/// Refuses when the letter is not what the caller saw.
fn unchanged(head: &LetterHead, seen: Option<u32>) -> Result<(), ApiError> {
    match seen {
        Some(count) if count != head.replay_count => Err(ApiError::DeadLetterChanged(head.replay_count)),
        _ => Ok(()),
    }
}
