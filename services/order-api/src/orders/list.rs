//! `GET /api/orders?email=`: a shopper's history, for who has the pipeline's token.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use service_runtime::problem::Problem;
use utoipa::ToSchema;

use super::paging::Cursor;
use super::schema::OrderView;
use super::validation::email;
use super::{NOT_STORED, wrong_parameter};
use crate::app::App;
use crate::error::ApiError;
use crate::store::DatabaseAway;
use crate::token::{NoToken, TokenHolder};

const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 200;

#[derive(Deserialize)]
pub(super) struct Parameters {
    email: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    /// Newest first.
    items: Vec<OrderView>,
    /// Of the next page; null on the last one.
    next_cursor: Option<String>,
}

/// A shopper's orders
#[utoipa::path(
    get,
    path = "/api/orders",
    tag = "orders",
    security(("token" = [])),
    params(
        ("email" = String, Query, description = "Upper and lower case are the same"),
        ("limit" = Option<u32>, Query, description = "1 to 200, else 20", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before"),
    ),
    responses(
        (status = 200, description = "One page", body = Page),
        NoToken,
        (status = 422, description = "A wrong parameter", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
    )
)]
pub(super) async fn list(
    _: TokenHolder,
    State(app): State<Arc<App>>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Query(parameters) = parameters.map_err(|_| wrong_parameter("email", "a parameter is given more than once"))?;
    let (email, limit, after) = read(&parameters)?;
    // One more than asked for tells whether there is another page.
    let mut orders = app.store.history(email, after.map(|at| (at.created_micros, at.number)), limit + 1).await?;
    let more = orders.len() > limit as usize;
    orders.truncate(limit as usize);
    let next_cursor = orders.last().filter(|_| more).map(|last| Cursor::after(last).print());
    Ok((NOT_STORED, Json(Page { items: orders.into_iter().map(OrderView::from).collect(), next_cursor })))
}

fn read(parameters: &Parameters) -> Result<(&str, u32, Option<Cursor>), ApiError> {
    let email = parameters.email.as_deref().ok_or_else(|| wrong_parameter("email", "is required"))?;
    if !email::is_valid(email) {
        return Err(wrong_parameter("email", "must be an e-mail address"));
    }
    let limit = match parameters.limit.as_deref() {
        None => DEFAULT_LIMIT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| wrong_parameter("limit", format!("must be 1 to {MAX_LIMIT}")))?,
    };
    let after = match parameters.cursor.as_deref() {
        None => None,
        Some(text) => {
            Some(Cursor::parse(text).ok_or_else(|| wrong_parameter("cursor", "must be the nextCursor of a page"))?)
        }
    };
    Ok((email, limit, after))
}
