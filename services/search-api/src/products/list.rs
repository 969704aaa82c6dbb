//! `GET /api/products`: browse and search.
#![expect(unused_qualifications, reason = "utoipa's macro writes a path before the parameters' type")]

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use service_runtime::problem::Problem;
use utoipa::IntoParams;

use super::ProductPage;
use super::query::ListQuery;
use crate::refusals::Unreadable;
use crate::search::Search;

/// The parameters as the document shows them; [`ListQuery`] reads them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation only")]
pub(crate) struct Parameters {
    /// Text that name or description must contain, compared as MySQL's utf8mb4_0900_ai_ci does: case and accents do
    /// not count. `%`, `_` and `\` are themselves; spaces count. Empty or absent: all products.
    #[param(max_length = 1000)]
    search: Option<String>,
    /// Products per page.
    #[param(minimum = 1, maximum = 200, default = 20)]
    limit: Option<u32>,
    /// `nextCursor` of the page before, of the same search.
    cursor: Option<String>,
}

/// Products by page, ordered by id
#[utoipa::path(
    get,
    path = "/api/products",
    tag = "products",
    params(Parameters),
    responses(
        (status = 200, description = "One page, with the prices and stock committed now", body = ProductPage),
        (status = 422, description = "A parameter is wrong; `errors` names it", body = Problem,
            content_type = "application/problem+json"),
        Unreadable,
    )
)]
pub(crate) async fn list(
    State(search): State<Search>,
    RawQuery(query): RawQuery,
) -> Result<impl IntoResponse, Problem> {
    let query = ListQuery::parse(query.as_deref().unwrap_or_default()).map_err(|errors| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-request", "The request is not valid").errors(errors)
    })?;
    let page = search.page(&query).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(page)))
}
