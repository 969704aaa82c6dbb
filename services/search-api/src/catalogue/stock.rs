//! `POST /api/products/{id}/stock`: pieces come in or go out, each request once.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use service_runtime::problem::{FieldError, Problem};
use sqlx::{Connection, MySqlConnection};
use utoipa::ToSchema;

use super::put::parse;
use super::write::Work;
use super::{Catalogue, WriteError};
use crate::refusals::{Invalid, NoProduct, NoToken};

/// A change of a product's stock.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct StockChange {
    /// Pieces that come in, or with a minus go out.
    delta: i64,
    /// `INITIAL` for the first stock; anything else is an adjustment, noted with this text of up to 255 characters.
    reason: String,
    /// 1 to 64 visible ASCII characters; the same one for a product counts once.
    request_id: String,
}

/// The stock after the change; for a known request, after that change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stock {
    product_id: u64,
    available: i64,
}

impl StockChange {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut check = |pointer: &str, is_right: bool, detail: &str| {
            if !is_right {
                errors.push(FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() });
            }
        };
        check("/delta", self.delta != 0, "must not be 0");
        check("/reason", (1..=255).contains(&self.reason.chars().count()), "must have 1 to 255 characters");
        let visible = self.request_id.bytes().all(|byte| byte.is_ascii_graphic());
        let fits = (1..=64).contains(&self.request_id.len());
        check("/requestId", visible && fits, "must have 1 to 64 visible ASCII characters");
        errors
    }
}

struct Move {
    id: u64,
    change: StockChange,
}

impl Work for Move {
    type Answer = Stock;

    async fn run(&self, connection: &mut MySqlConnection) -> Result<Stock, WriteError> {
        let Self { id, change } = self;
        let mut transaction = connection.begin().await?;
        // Requests for one product come one after the other from here on.
        let there = "SELECT i.available FROM inventory i WHERE i.product_id = ? \
                     AND EXISTS (SELECT 1 FROM products p WHERE p.id = i.product_id) FOR UPDATE";
        let available: Option<i64> = sqlx::query_scalar(there).bind(id).fetch_optional(&mut *transaction).await?;
        let known = "SELECT available_after FROM stock_movements WHERE request_id = ? AND product_id = ?";
        let known = sqlx::query_scalar(known).bind(&change.request_id).bind(id);
        let known: Option<Option<i64>> = known.fetch_optional(&mut *transaction).await?;
        let available = match (known.flatten(), available) {
            (Some(first), _) => {
                transaction.rollback().await?;
                return Ok(Stock { product_id: *id, available: first });
            }
            (None, None) => return Err(WriteError::NoSuchProduct),
            (None, Some(available)) => available,
        };
        let after = available.checked_add(change.delta).filter(|after| *after >= 0);
        let after = after.ok_or(WriteError::TooFew { available })?;
        sqlx::query("UPDATE inventory SET available = ? WHERE product_id = ?")
            .bind(after)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        let (reason, note) = match change.reason.as_str() {
            "INITIAL" => ("INITIAL", None),
            note => ("ADJUSTMENT", Some(note)),
        };
        let movement = "INSERT INTO stock_movements (product_id, delta, reason, request_id, available_after, note) \
                        VALUES (?, ?, ?, ?, ?, ?)";
        let movement = sqlx::query(movement).bind(id).bind(change.delta).bind(reason);
        movement.bind(&change.request_id).bind(after).bind(note).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Stock { product_id: *id, available: after })
    }
}

/// Move stock
#[utoipa::path(
    post,
    path = "/api/products/{id}/stock",
    tag = "catalogue",
    params(("id" = u64, Path, description = "The product's number")),
    request_body = StockChange,
    responses(
        (status = 200, description = "Done now, or by the same request before", body = Stock),
        NoToken,
        NoProduct,
        (status = 409, description = "The stock would go below zero", body = Problem,
            content_type = "application/problem+json"),
        Invalid,
        (status = 503, description = "The database is away; safe to repeat with the same requestId", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn stock(
    State(catalogue): State<Catalogue>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Stock>, Problem> {
    catalogue.token.check(&headers)?;
    let id = id.parse().map_err(|_| WriteError::NoSuchProduct)?;
    let change = parse(&body, StockChange::errors)?;
    Ok(Json(catalogue.write(&Move { id, change }).await?))
}
