//! `POST /api/orders`: an order is answered with 200 when Kafka has it in all in-sync replicas, and not before.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::IntoResponse;
use jiff::Timestamp;
use order_events::{Fingerprint, OrderEvent, OrderNumber, OrderPlaced, encode};
use serde::Serialize;
use service_runtime::problem::{FieldError, Problem};
use service_runtime::trace_context::TraceContext;
use utoipa::ToSchema;
use uuid::Uuid;

use super::validation::schema::PlaceOrder;
use super::validation::{self, NewOrder};
use crate::admission::Admitted;
use crate::app::App;
use crate::body::JsonBytes;
use crate::error::{ApiError, Retry};
use crate::idempotency::{Key, Known};
use crate::json;
use crate::publisher::{Outgoing, PublishError};

/// A taken order.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Accepted {
    /// Reads, cancels and tracks the order: whoever has it may.
    #[schema(value_type = Uuid)]
    order_number: OrderNumber,
    /// Always PENDING: what becomes of the order is decided later.
    #[schema(example = "PENDING")]
    status: &'static str,
}

/// Place an order
///
/// The answer comes when Kafka has the order durably. Send an `Idempotency-Key` and repeat the request after any
/// failure: the same shopper, key and body are one order, however often they are sent.
#[utoipa::path(
    post,
    path = "/api/orders",
    tag = "orders",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters")),
    request_body = PlaceOrder,
    responses(
        (status = 200, description = "Taken", body = Accepted, headers(("Location" = String))),
        (status = 400, description = "No JSON", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Body too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not valid: a pointer to each wrong field; or the key was used with another body",
            body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "This caller sends too much", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u32))),
        (status = 503, description = "Kafka is away or we are overloaded; or it is not known whether the order was \
            taken, then `orderNumber` and `idempotencyKey` make a retry safe",
            body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32))),
    )
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    _: Admitted,
    trace: Option<Extension<TraceContext>>,
    headers: HeaderMap,
    JsonBytes(body): JsonBytes,
) -> Result<impl IntoResponse, ApiError> {
    let trace = trace.map(|Extension(trace)| trace);
    let number = place(&app, &headers, &body, trace).await.map_err(|error| app.refused(error))?;
    app.metrics.accepted.inc();
    Ok((location(number), Json(Accepted { order_number: number, status: "PENDING" })))
}

/// Where the order will be.
pub(crate) fn location(number: OrderNumber) -> [(HeaderName, String); 1] {
    [(header::LOCATION, format!("/api/orders/{number}"))]
}

async fn place(
    app: &App,
    headers: &HeaderMap,
    body: &[u8],
    trace: Option<TraceContext>,
) -> Result<OrderNumber, ApiError> {
    let _in_flight = app.gate.enter(&app.metrics)?;
    let (order, key) = read(headers, body)?;
    let number = OrderNumber::derive(&app.namespace, &order.customer.email, key.as_str());
    let fingerprint = order.fingerprint();
    let record = Outgoing::from(encode(&placed(number, fingerprint, order)));
    let retry = |key: Key| Retry { order_number: number, idempotency_key: Some(key.into_string()) };
    let Key::Given(_) = key else {
        // A fresh key cannot have been used before.
        return match app.publisher.publish(record, trace).await {
            Ok(()) => Ok(number),
            Err(error) => Err(not_published(error, retry(key))),
        };
    };

    let known = app.recent_keys.check(number, fingerprint);
    if known == Known::Other {
        return Err(ApiError::Conflict(number));
    }
    let stored = app.lookups.ask(number);
    match app.publisher.publish(record, trace).await {
        Ok(()) => match stored.get().await {
            Some(stored) if stored != fingerprint => Err(ApiError::Conflict(number)),
            _ => Ok(number),
        },
        Err(error) => {
            if known == Known::New && matches!(error, PublishError::Refused(_)) {
                app.recent_keys.forget(number);
            }
            Err(not_published(error, retry(key)))
        }
    }
}

/// The body and the key, or everything that is wrong with either.
fn read(headers: &HeaderMap, body: &[u8]) -> Result<(NewOrder, Key), ApiError> {
    let json = json::parse(body).map_err(ApiError::Malformed)?;
    match (Key::from_headers(headers), validation::validate(&json)) {
        (Ok(key), Ok(order)) => Ok((order, key)),
        (key, order) => {
            let fields = order.err().unwrap_or_default().into_iter();
            let fields = fields.map(|one| FieldError { pointer: one.pointer, detail: one.detail.into_owned() });
            Err(ApiError::Invalid(key.err().into_iter().chain(fields).collect()))
        }
    }
}

fn placed(number: OrderNumber, fingerprint: Fingerprint, order: NewOrder) -> OrderEvent {
    OrderEvent::Placed(OrderPlaced {
        event_id: Uuid::now_v7(),
        order_number: number,
        placed_at: now(),
        customer: order.customer,
        items: order.items,
        payment: order.payment,
        fingerprint,
    })
}

/// The tables keep microseconds.
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

/// What a failed publish is answered with.
pub(super) fn not_published(error: PublishError, retry: Retry) -> ApiError {
    match error {
        PublishError::Refused(_) => {
            tracing::warn!(error = %error, "{error}");
            ApiError::KafkaUnavailable(retry)
        }
        PublishError::Unknown => ApiError::OutcomeUnknown(retry),
    }
}
