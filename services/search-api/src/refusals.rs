//! How several calls may be refused, for the API's document: each said once.
#![expect(dead_code, reason = "documentation only")]

use service_runtime::problem::Problem;
use utoipa::IntoResponses;

#[derive(IntoResponses)]
#[response(status = 401, description = "No valid token", content_type = "application/problem+json")]
pub(crate) struct NoToken(Problem);

#[derive(IntoResponses)]
#[response(status = 404, description = "There is no such product", content_type = "application/problem+json")]
pub(crate) struct NoProduct(Problem);

#[derive(IntoResponses)]
#[response(status = 422, description = "`errors` names what is wrong", content_type = "application/problem+json")]
pub(crate) struct Invalid(Problem);

#[derive(IntoResponses)]
#[response(
    status = 503,
    description = "The database is away; safe to repeat",
    content_type = "application/problem+json"
)]
pub(crate) struct Repeatable(Problem);

#[derive(IntoResponses)]
#[response(
    status = 503,
    description = "The database is away, too old or too busy; see Retry-After",
    content_type = "application/problem+json"
)]
pub(crate) struct Unreadable(Problem);
