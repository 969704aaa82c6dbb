//! `GET /api/orders/{orderNumber}?wait=`: what became of an order, or the wait for it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use order_events::OrderNumber;
use serde::Deserialize;
use service_runtime::parse_duration;
use service_runtime::problem::Problem;

use super::schema::OrderView;
use super::{NOT_STORED, NumberInPath, wrong_parameter};
use crate::app::App;
use crate::error::ApiError;
use crate::store::{Order, Status};
use crate::waiters::Ended;

const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
pub(super) struct Parameters {
    wait: Option<String>,
}

/// What became of an order
///
/// With `wait`, the answer comes when the order has its outcome, or at the wait's end. An accepted order becomes
/// visible when it is processed; until then it is unknown here.
#[utoipa::path(
    get,
    path = "/api/orders/{orderNumber}",
    tag = "orders",
    params(
        ("orderNumber" = Uuid, Path),
        ("wait" = Option<String>, Query, description = "A duration of at most 60s, such as `30s`; a bare number is seconds"),
    ),
    responses(
        (status = 200, description = "As it stands", body = OrderView),
        (status = 404, description = "No such order is visible yet (`order-not-visible-yet`, with Retry-After), or not \
            an order number", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not a wait of 0 to 60 seconds", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "The database is away, or too many wait", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u32))),
    )
)]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    NumberInPath(number): NumberInPath,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Query(parameters) = parameters.map_err(|_| wrong_parameter("wait", "is given more than once"))?;
    let wait = read_wait(parameters.wait.as_deref())?;
    let found = app.store.order(number).await?;
    let order = match found {
        Some(order) if order.status != Status::Pending => Some(order),
        found if wait.is_zero() => found,
        _ => wait_for(&app, number, wait).await?,
    };
    let order = order.ok_or(ApiError::NotVisibleYet(number))?;
    Ok((NOT_STORED, Json(OrderView::from(order))))
}

async fn wait_for(app: &App, number: OrderNumber, wait: Duration) -> Result<Option<Order>, ApiError> {
    let mut waiter = app.waiters.join(number).ok_or(ApiError::TooManyWaiters)?;
    tokio::select! {
        ended = waiter.ended() => match ended {
            Ended::Decided => {}
            Ended::Unavailable => return Err(ApiError::DatabaseUnavailable),
        },
        () = tokio::time::sleep(wait) => {}
        () = app.shutdown.cancelled() => {}
    }
    drop(waiter);
    Ok(app.store.order(number).await?)
}

fn read_wait(text: Option<&str>) -> Result<Duration, ApiError> {
    let Some(text) = text else { return Ok(Duration::ZERO) };
    match parse_duration(text) {
        Ok(wait) if wait <= LONGEST_WAIT => Ok(wait),
        _ => Err(wrong_parameter("wait", "must be a duration of 0 to 60 seconds, such as 30s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(None, Some(0))]
    #[case(Some("0"), Some(0))]
    #[case(Some("30s"), Some(30_000))]
    #[case(Some("30"), Some(30_000))]
    #[case(Some("250ms"), Some(250))]
    #[case(Some("1m"), Some(60_000))]
    #[case(Some("60s"), Some(60_000))]
    #[case(Some("61s"), None)]
    #[case(Some("-1"), None)]
    #[case(Some(""), None)]
    #[case(Some("soon"), None)]
    fn waits(#[case] text: Option<&str>, #[case] milliseconds: Option<u64>) {
        assert_eq!(read_wait(text).ok(), milliseconds.map(Duration::from_millis));
    }
}
