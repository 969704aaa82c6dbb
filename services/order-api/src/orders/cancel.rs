//! `POST /api/orders/{orderNumber}/cancel`: an event for the same order, so the database need not be there. What
//! it does to the order is the consumer's to decide.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use order_events::{OrderCancelled, OrderEvent, OrderNumber, encode};
use serde::Serialize;
use service_runtime::problem::Problem;
use service_runtime::trace_context::TraceContext;
use utoipa::ToSchema;
use uuid::Uuid;

use super::NumberInPath;
use super::create::{location, not_published, now};
use crate::admission::Admitted;
use crate::app::App;
use crate::error::{ApiError, Retry};
use crate::publisher::Outgoing;

/// A taken cancel.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CancelRequested {
    #[schema(value_type = Uuid)]
    order_number: OrderNumber,
}

/// Cancel an order
///
/// Before, while or after it is processed. A confirmed order gives its stock back; a rejected one stays what it is.
#[utoipa::path(
    post,
    path = "/api/orders/{orderNumber}/cancel",
    tag = "orders",
    params(("orderNumber" = Uuid, Path)),
    responses(
        (status = 202, description = "Taken", body = CancelRequested, headers(("Location" = String))),
        (status = 404, description = "Not an order number", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "This caller sends too much", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u32))),
        (status = 503, description = "Kafka is away, or we are overloaded", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u32))),
    )
)]
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    _: Admitted,
    NumberInPath(number): NumberInPath,
    trace: Option<Extension<TraceContext>>,
) -> Result<impl IntoResponse, ApiError> {
    let event =
        OrderEvent::Cancelled(OrderCancelled { event_id: Uuid::now_v7(), order_number: number, cancelled_at: now() });
    let _in_flight = app.gate.enter(&app.metrics).map_err(|error| app.refused(error))?;
    let published = app.publisher.publish(Outgoing::from(encode(&event)), trace.map(|Extension(trace)| trace)).await;
    published
        .map_err(|error| app.refused(not_published(error, Retry { order_number: number, idempotency_key: None })))?;
    app.metrics.cancels.inc();
    Ok((StatusCode::ACCEPTED, location(number), Json(CancelRequested { order_number: number })))
}
