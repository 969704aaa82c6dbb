//! `DELETE /api/products/{id}`.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use service_runtime::problem::Problem;
use sqlx::MySqlConnection;

use super::write::Work;
use super::{Catalogue, WriteError};
use crate::refusals::{NoProduct, NoToken, Repeatable};

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
        NoToken,
        NoProduct,
        Repeatable,
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
