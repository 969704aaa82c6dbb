//! `GET /api/dead-letters`: what could not become an order, newest first, without its content.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use service_runtime::problem::Problem;

use super::filter::{page, print_cursor};
use super::schema::{DeadLetter, DeadLetterPage};
use crate::app::App;
use crate::error::ApiError;
use crate::orders::{NOT_STORED, wrong_parameter};
use crate::store::DatabaseAway;
use crate::token::{NoToken, TokenHolder};

/// Dead letters
///
/// All conditions that are given must hold.
#[utoipa::path(
    get,
    operation_id = "list_dead_letters",
    path = "/api/dead-letters",
    tag = "dead letters",
    security(("token" = [])),
    params(
        ("reason" = Option<String>, Query, description = "Such as UNDECODABLE"),
        ("status" = Option<String>, Query, description = "OPEN, REPLAYED or DISCARDED; else all"),
        ("from" = Option<String>, Query, description = "Became a dead letter then or later (RFC 3339)"),
        ("to" = Option<String>, Query, description = "Became a dead letter before then (RFC 3339)"),
        ("orderNumber" = Option<Uuid>, Query, description = "Of this order"),
        ("limit" = Option<u32>, Query, description = "1 to 200, else 50", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before"),
    ),
    responses(
        (status = 200, description = "One page", body = DeadLetterPage),
        NoToken,
        (status = 422, description = "A wrong parameter", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
    )
)]
pub(super) async fn list(
    _: TokenHolder,
    State(app): State<Arc<App>>,
    parameters: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Query(parameters) = parameters.map_err(|_| wrong_parameter("query", "cannot be read"))?;
    let page = page(parameters)?;
    // One more than asked for tells whether there is another page.
    let mut letters = app.store.letters(&page.filter, page.before, page.limit + 1).await?;
    let more = letters.len() > page.limit as usize;
    letters.truncate(page.limit as usize);
    let next_cursor = letters.last().filter(|_| more).map(|last| print_cursor(last.id));
    let items = letters.into_iter().map(DeadLetter::from).collect();
    Ok((NOT_STORED, Json(DeadLetterPage { items, next_cursor })))
}
