//! `GET /api/products/{id}`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use service_runtime::problem::Problem;

use super::Product;
use crate::refusals::{NoProduct, Unreadable};
use crate::search::Search;

/// One product
#[utoipa::path(
    get,
    path = "/api/products/{id}",
    tag = "products",
    params(("id" = u64, Path, description = "The product's number")),
    responses(
        (status = 200, description = "The product, with the price and stock committed now", body = Product),
        NoProduct,
        Unreadable,
    )
)]
pub(crate) async fn get(
    State(search): State<Search>,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Problem> {
    // What is no number is no product's path.
    let product = match id.ok().and_then(|Path(id)| id.parse().ok()) {
        Some(id) => search.product(id).await?,
        None => None,
    };
    let product =
        product.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "no-such-product", "There is no such product"))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(product)))
}
