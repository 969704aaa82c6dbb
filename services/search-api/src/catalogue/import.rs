//! `POST /api/products:import`: a whole catalogue as a stream, written in batches while it comes in.
//!
//! A line that is wrong is reported and left out; the others count. An import that broke off is sent again, whole or
//! from a line on: rows that are as they should be change nothing, and stock counts once per import and line.
#![expect(unused_qualifications, reason = "utoipa's macro writes a path before the parameters' type")]

mod batch;
mod records;

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use futures::StreamExt;
use serde::Serialize;
use service_runtime::problem::{FieldError, Problem};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::put::invalid;
use super::row::Row;
use super::{Catalogue, WriteError};
use crate::refusals::NoToken;
use batch::Batch;
use records::{Record, Records, Unreadable};

/// Rows in one transaction: few enough that orders do not wait for their products.
const BATCH: usize = 500;
/// Errors told one by one; the others are counted.
const MOST_ERRORS: usize = 1000;

/// The parameters as the document shows them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation only")]
pub(crate) struct Parameters {
    /// Name of this import, 1 to 32 letters, digits and hyphens; give the same one when it is sent again.
    import: Option<String>,
    /// Lines up to this one were imported already.
    after: Option<u64>,
}

/// What became of an import.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportReport {
    /// For sending it again.
    import: String,
    /// Rows written.
    imported: u64,
    /// Lines that were wrong.
    failed: u64,
    /// The last line that was looked at.
    last_line: u64,
    /// The first 1,000 of them.
    errors: Vec<LineError>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineError {
    line: u64,
    detail: String,
}

struct Import<'a> {
    catalogue: &'a Catalogue,
    after: u64,
    waiting: Vec<(u64, Row)>,
    seen: u64,
    report: ImportReport,
}

impl Import<'_> {
    fn failed(&mut self, line: u64, detail: String) {
        self.report.failed += 1;
        if self.report.errors.len() < MOST_ERRORS {
            self.report.errors.push(LineError { line, detail });
        }
    }

    async fn take(&mut self, records: Vec<Record>) -> Result<(), WriteError> {
        let after = self.after;
        for Record { line, row } in records.into_iter().filter(|record| record.line > after) {
            self.seen = line;
            match row {
                Ok(row) => self.waiting.push((line, row)),
                Err(detail) => self.failed(line, detail),
            }
            if self.waiting.len() >= BATCH {
                self.write().await?;
            }
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), WriteError> {
        let rows = std::mem::take(&mut self.waiting);
        let Some(last) = rows.last().map(|(line, _)| *line) else { return Ok(()) };
        let import = self.report.import.clone();
        match self.catalogue.write(&Batch { import: &import, rows: &rows }).await {
            Ok(()) => self.report.imported += rows.len() as u64,
            // One of them: each by itself says which.
            Err(WriteError::SkuTaken) => {
                for row in rows {
                    match self.catalogue.write(&Batch { import: &import, rows: std::slice::from_ref(&row) }).await {
                        Ok(()) => self.report.imported += 1,
                        Err(WriteError::SkuTaken) => self.failed(row.0, "another product has this sku".to_owned()),
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
        self.report.last_line = last;
        Ok(())
    }

    /// For who must send it again.
    fn broken_off(&self, problem: Problem) -> Problem {
        let ImportReport { import, last_line, .. } = &self.report;
        let last = self.after.max(*last_line);
        problem.detail(format!("Imported up to line {last}. Send it again with ?import={import}&after={last}."))
    }
}

/// Many products at once
///
/// NDJSON (`application/x-ndjson`) or CSV (`text/csv`, with a header: id, sku, name, description, amount, currency,
/// stock; the ids, descriptions and stock may be left out). Rows with an id put that product; those without one put the
/// product with their sku. Existing products that are not named stay.
#[utoipa::path(
    post,
    path = "/api/products:import",
    tag = "catalogue",
    params(Parameters),
    request_body(content((Row = "application/x-ndjson"), (String = "text/csv"))),
    responses(
        (status = 200, description = "All lines were looked at; `errors` names those left out", body = ImportReport),
        NoToken,
        (status = 415, description = "Neither NDJSON nor CSV", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "The rest cannot be read", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "The database went away; `detail` says how to go on", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn import(
    State(catalogue): State<Catalogue>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ImportReport>, Problem> {
    catalogue.token.check(&headers)?;
    let mut records = format(&headers)?;
    let (import, after) = parameters(query.as_deref().unwrap_or_default())?;
    let report = ImportReport { import, imported: 0, failed: 0, last_line: after, errors: Vec::new() };
    let mut import = Import { catalogue: &catalogue, after, waiting: Vec::new(), seen: after, report };
    let mut body = body.into_data_stream();
    let mut found = Vec::new();
    let unreadable =
        |error: Unreadable| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable", error.to_string());
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "broken-off", "The request broke off"))?;
        let readable = records.feed(&piece, &mut found).map_err(unreadable);
        import.take(std::mem::take(&mut found)).await.map_err(|error| import.broken_off(error.into()))?;
        if let Err(problem) = readable {
            import.write().await.map_err(|error| import.broken_off(error.into()))?;
            return Err(import.broken_off(problem));
        }
    }
    records.finish(&mut found).map_err(unreadable)?;
    import.take(found).await.map_err(|error| import.broken_off(error.into()))?;
    import.write().await.map_err(|error| import.broken_off(error.into()))?;
    let mut report = import.report;
    report.last_line = import.seen;
    report.errors.sort_by_key(|error| error.line);
    Ok(Json(report))
}

fn format(headers: &HeaderMap) -> Result<Records, Problem> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Records::lines()),
        "text/csv" => Ok(Records::csv()),
        _ => Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Neither NDJSON nor CSV")
            .detail("Send application/x-ndjson or text/csv.")),
    }
}

/// Name and first line. Neither needs percent-encoding.
fn parameters(query: &str) -> Result<(String, u64), Problem> {
    let (mut import, mut after) = (Uuid::new_v4().simple().to_string(), 0);
    let mut errors = Vec::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let detail = match name {
            "import" => {
                let fits = (1..=32).contains(&value.len());
                if fits && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                    value.clone_into(&mut import);
                    continue;
                }
                "must have 1 to 32 letters, digits and hyphens"
            }
            "after" => match value.parse() {
                Ok(line) => {
                    after = line;
                    continue;
                }
                Err(_) => "must be a line's number",
            },
            _ => continue,
        };
        errors.push(FieldError { pointer: format!("#{name}"), detail: detail.to_owned() });
    }
    if errors.is_empty() { Ok((import, after)) } else { Err(invalid(errors)) }
}
