//! `GET /api/products:export`: all products as a stream, in the form that an import takes.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use service_runtime::problem::Problem;

use super::Catalogue;
use super::row::{COLUMNS, Price, Row};
use crate::database::ReadError;
use crate::products::Product;
use crate::refusals::NoToken;
use crate::search::Search;

const PAGE: u32 = 500;

#[derive(Clone, Copy)]
enum Format {
    Lines,
    Csv,
}

/// All products
///
/// NDJSON, or CSV with `Accept: text/csv`. Each page of 500 is as committed when it is read. A stream that breaks off
/// lacks its end: count the lines.
#[utoipa::path(
    get,
    path = "/api/products:export",
    tag = "catalogue",
    responses(
        (status = 200, description = "One line a product, in id order",
            content((Row = "application/x-ndjson"), (String = "text/csv"))),
        NoToken,
        (status = 503, description = "The database is away", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export(
    State(catalogue): State<Catalogue>,
    State(search): State<Search>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    catalogue.token.check(&headers)?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (format, media, head) = if accept.contains("text/csv") {
        (Format::Csv, "text/csv; charset=utf-8", format!("{}\n", COLUMNS.join(",")))
    } else {
        (Format::Lines, "application/x-ndjson", String::new())
    };
    // The first page before the status: a database that is away is a 503 and not a stream without products.
    let first = search.browse(0, PAGE).await?;
    let pages = stream::try_unfold(Some(first), move |page| {
        let search = search.clone();
        async move {
            let Some(page) = page else { return Ok::<_, ReadError>(None) };
            let Some(last) = page.last().map(|product| product.id) else { return Ok(None) };
            let text: String = page.iter().map(|product| line(product, format)).collect();
            let next = if page.len() < PAGE as usize { None } else { Some(search.browse(last, PAGE).await?) };
            Ok(Some((text, next)))
        }
    });
    let body = stream::StreamExt::chain(stream::iter([Ok(head)]), pages);
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, media)], Body::from_stream(body)).into_response())
}

fn line(product: &Product, format: Format) -> String {
    let Product { id, sku, name, description, price, available } = product.clone();
    match format {
        Format::Lines => {
            let price = Price { amount: price.amount, currency: price.currency };
            let row = Row { id: Some(id), sku, name, description, price, stock: Some(available) };
            let json = serde_json::to_string(&row).expect("a row has no maps and no other keys than texts");
            format!("{json}\n")
        }
        Format::Csv => {
            let texts = [&sku, &name, &description].map(|text| quoted(text));
            format!("{id},{},{},{},{available}\n", texts.join(","), price.amount, price.currency)
        }
    }
}

/// RFC 4180: all texts in quotes, quotes doubled.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
