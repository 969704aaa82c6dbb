//! Order intake. `POST /api/orders` is answered as soon as Kafka has the order in all in-sync replicas; what
//! became of it is read from MySQL.
//!
//! Invariants: no 2xx before the acknowledgement. Nothing on the write path waits for the database. An order's
//! number follows from shopper and key alone, so a retry is safe whatever happened to the first try. Nothing
//! that a caller sent appears in a log line or a problem.

pub mod admission;
pub mod app;
mod body;
pub mod caller;
pub mod card_number;
pub mod config;
mod dead_letters;
pub mod error;
pub mod idempotency;
pub mod json;
pub mod media_type;
pub mod metrics;
mod openapi;
pub mod orders;
pub mod publisher;
mod serve;
pub mod store;
mod token;
pub mod waiters;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use app::App;
pub use serve::{Running, start};

/// Bytes of a request's body. A hundred lines with every text at its limit fit; the topic's `max.message.bytes`
/// is at least twice this.
pub const BODY_LIMIT: usize = 64 * 1024;

/// All routes, without the layers that every service has.
pub fn router(app: Arc<App>) -> Router {
    let (routes, description) = described().split_for_parts();
    routes.with_state(app).merge(openapi::routes(&description)).layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// The API's description.
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().split_for_parts().1
}

fn described() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::Description::openapi()).merge(orders::router()).merge(dead_letters::router())
}
