//! `DELETE /api/products/{id}`.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use service_runtime::problem::Problem;
use sqlx::MySqlConnection;

use super::write::Work;
use super::{Catalogue, WriteError};

struct Delete(u64);

impl Work for Delete {
    type Answer = ();

    async fn run(&self, connection: &mut MySqlConnection) -> Result<(), WriteError> {
        let deleted = sqlx::query("DELETE FROM products WHERE id = ?").bind(self.0).execute(connection).await?;
        if deleted.rows_affected() == 0 { Err(WriteError::NoSuchProduct) } else { Ok(()) }
    }
}

/// Take a product out of the catalogue
///
/// Its stock and movements stay: orders in hand may give back to it, and one put again under the id finds its stock.
#[utoipa::path(
    delete,
    path = "/api/products/{id}",
    tag = "catalogue",
    params(("id" = u64, Path, description = "The product's number")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No valid token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such product", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "The database is away; safe to repeat", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete(
    State(catalogue): State<Catalogue>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    catalogue.token.check(&headers)?;
    let id = id.parse().map_err(|_| WriteError::NoSuchProduct)?;
    catalogue.write(&Delete(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
