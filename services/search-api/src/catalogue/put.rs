//! `PUT /api/products/{id}`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;
use service_runtime::problem::{FieldError, Problem};
use sqlx::MySqlConnection;

use super::row::ProductText;
use super::write::Work;
use super::{Catalogue, WriteError};
use crate::products::Product;
use crate::refusals::{Invalid, NoToken, Repeatable};
use crate::search::Search;

struct Put {
    id: u64,
    text: ProductText,
}

impl Work for Put {
    /// True when the product is new.
    type Answer = bool;

    async fn run(&self, connection: &mut MySqlConnection) -> Result<bool, WriteError> {
        let Self { id, text } = self;
        let update =
            "UPDATE products SET sku = ?, name = ?, description = ?, price_amount = ?, currency = ? WHERE id = ?";
        let insert =
            "INSERT INTO products (sku, name, description, price_amount, currency, id) VALUES (?, ?, ?, ?, ?, ?)";
        for (sql, is_new) in [(update, false), (insert, true), (update, false)] {
            let query = sqlx::query(sql).bind(&text.sku).bind(&text.name).bind(&text.description);
            let query = query.bind(text.price.amount).bind(&text.price.currency).bind(id);
            match query.execute(&mut *connection).await.map_err(WriteError::from) {
                // Rows found, changed or not.
                Ok(done) if done.rows_affected() > 0 => return Ok(is_new),
                Ok(_) => {}
                // Of the id when another one was quicker to put it: then it can be updated. Else of the sku.
                Err(error) if error.code() == Some(1062) && !is_new => return Err(WriteError::SkuTaken),
                Err(error) if error.code() == Some(1062) => {}
                Err(error) => return Err(error),
            }
        }
        Err(WriteError::SkuTaken)
    }
}

/// A product's text and price
#[utoipa::path(
    put,
    path = "/api/products/{id}",
    tag = "catalogue",
    params(("id" = u64, Path, description = "The product's number")),
    request_body = ProductText,
    responses(
        (status = 200, description = "The product as it is now", body = Product),
        (status = 201, description = "It is new; its stock is what was left of an earlier one, or 0", body = Product),
        NoToken,
        (status = 409, description = "Another product has this sku", body = Problem,
            content_type = "application/problem+json"),
        Invalid,
        Repeatable,
    )
)]
pub(crate) async fn put(
    State(catalogue): State<Catalogue>,
    State(search): State<Search>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<impl IntoResponse, Problem> {
    catalogue.token.check(&headers)?;
    let id = id.parse().ok().filter(|id| *id > 0).ok_or(WriteError::NoSuchProduct)?;
    let text = parse(&body, ProductText::errors)?;
    let is_new = catalogue.write(&Put { id, text }).await?;
    let product = search.product(id).await?.ok_or(WriteError::NoSuchProduct)?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(product)))
}

/// A body of JSON, or what is wrong with it; `errors` says that of a body that can be read.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8], errors: impl Fn(&T) -> Vec<FieldError>) -> Result<T, Problem> {
    let value = serde_json::from_slice(body).map_err(|error| {
        // The message names fields and places, not values.
        invalid(vec![FieldError { pointer: String::new(), detail: error.to_string() }])
    })?;
    match errors(&value) {
        none if none.is_empty() => Ok(value),
        errors => Err(invalid(errors)),
    }
}

pub(super) fn invalid(errors: Vec<FieldError>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-request", "The request is not valid").errors(errors)
}
