//! Every way in which a call can fail, and the problem it answers with.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use order_events::OrderNumber;
use service_runtime::http::internal_error;
use service_runtime::problem::{FieldError, Problem};

use crate::json::Malformed;
use crate::store::LetterStatus;

/// A call's failure. A new variant needs a slug and a problem, and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub enum ApiError {
    /// The body is no JSON.
    Malformed(Malformed),
    /// The body is not declared as JSON.
    NotJson,
    /// The body is larger than the limit, in bytes.
    TooLarge(usize),
    /// The body broke off, or did not come in time.
    BodyUnreadable,
    /// Everything that is wrong with the request.
    Invalid(Vec<FieldError>),
    /// Same shopper, same key, other body.
    Conflict(OrderNumber),
    /// This caller sends too much; seconds to wait.
    TooManyRequests(u32),
    /// We have too much in hand.
    Overloaded,
    /// Too many requests wait for outcomes.
    TooManyWaiters,
    /// Kafka did not take the order.
    KafkaUnavailable(Retry),
    /// Kafka may or may not have the order.
    OutcomeUnknown(Retry),
    /// No such row (yet).
    NotVisibleYet(OrderNumber),
    /// The path holds no order number.
    NoSuchOrder,
    /// The path holds no dead letter's id, or there is none with it.
    NoSuchDeadLetter,
    /// It was replayed or discarded.
    DeadLetterNotOpen(LetterStatus),
    /// It is not what the caller saw; its replay count then or now.
    DeadLetterChanged(u32),
    /// Kafka has the replay, the row does not say so.
    ReplayNotMarked(OrderNumber),
    /// The database does not answer.
    DatabaseUnavailable,
    /// The migrator has not run yet.
    SchemaTooOld,
    /// The admin token's own answer.
    Token(Box<Problem>),
    /// Our fault; logged where it was found.
    Internal,
}

/// With what a retry is safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The order's number, the same after the retry.
    pub order_number: OrderNumber,
    /// The key to send again; none for a cancel, which needs none.
    pub idempotency_key: Option<String>,
}

impl ApiError {
    /// The problem's slug, also a metric's label.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed-json",
            Self::NotJson => "unsupported-media-type",
            Self::TooLarge(_) => "body-too-large",
            Self::BodyUnreadable => "body-unreadable",
            Self::Invalid(_) => "invalid-request",
            Self::Conflict(_) => "idempotency-conflict",
            Self::TooManyRequests(_) => "too-many-requests",
            Self::Overloaded => "overloaded",
            Self::TooManyWaiters => "too-many-waiters",
            Self::KafkaUnavailable(_) => "kafka-unavailable",
            Self::OutcomeUnknown(_) => "outcome-unknown",
            Self::NotVisibleYet(_) => "order-not-visible-yet",
            Self::NoSuchOrder => "no-such-order",
            Self::NoSuchDeadLetter => "no-such-dead-letter",
            Self::DeadLetterNotOpen(_) => "dead-letter-not-open",
            Self::DeadLetterChanged(_) => "dead-letter-changed",
            Self::ReplayNotMarked(_) => "replay-not-marked",
            Self::DatabaseUnavailable => "database-unavailable",
            Self::SchemaTooOld => "schema-too-old",
            Self::Token(_) => "token-refused",
            Self::Internal => "internal",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::BodyUnreadable => StatusCode::BAD_REQUEST,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Invalid(_) | Self::Conflict(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Overloaded
            | Self::TooManyWaiters
            | Self::KafkaUnavailable(_)
            | Self::OutcomeUnknown(_)
            | Self::ReplayNotMarked(_)
            | Self::DatabaseUnavailable
            | Self::SchemaTooOld => StatusCode::SERVICE_UNAVAILABLE,
            Self::DeadLetterNotOpen(_) | Self::DeadLetterChanged(_) => StatusCode::CONFLICT,
            Self::NotVisibleYet(_) | Self::NoSuchOrder | Self::NoSuchDeadLetter => StatusCode::NOT_FOUND,
            Self::Token(problem) => problem.status(),
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The problem as callers see it. Nothing of what they sent is in it but places and names of fields.
    pub fn problem(self) -> Problem {
        let (slug, status) = (self.slug(), self.status());
        let problem = |title: &str| Problem::new(status, slug, title);
        match self {
            Self::Malformed(malformed) => problem("The body is not JSON").detail(malformed.to_string()),
            Self::NotJson => problem("Content-Type must be application/json"),
            Self::TooLarge(limit) => problem("The body is too large").detail(format!("At most {limit} bytes.")),
            Self::BodyUnreadable => problem("The body did not come whole"),
            Self::Invalid(errors) => problem("The request is not valid").errors(errors),
            Self::Conflict(number) => problem("This Idempotency-Key was used with another body")
                .detail("The first order stands. Send a new key for a new order.")
                .with("orderNumber", number.to_string()),
            Self::TooManyRequests(seconds) => problem("Too many requests from this address").retry_after(seconds),
            Self::Overloaded => problem("Too many orders in hand").retry_after(1),
            Self::TooManyWaiters => problem("Too many requests wait for outcomes").retry_after(1),
            Self::KafkaUnavailable(retry) => {
                retry.describe(problem("Orders cannot be taken now").detail("Nothing was changed. Try again."))
            }
            Self::OutcomeUnknown(retry) => {
                let detail = match retry.idempotency_key {
                    Some(_) => "Send the same body with this idempotencyKey: there will be one order, not two.",
                    None => "Send the same request again: it counts once.",
                };
                retry.describe(problem("It is not known whether this was taken").detail(detail))
            }
            Self::NotVisibleYet(number) => problem("No such order is visible yet")
                .detail("An accepted order appears once it was processed.")
                .with("orderNumber", number.to_string())
                .retry_after(1),
            Self::NoSuchOrder => problem("There is no such order").detail("An order number is a UUID in lower case."),
            Self::NoSuchDeadLetter => problem("There is no such dead letter"),
            Self::DeadLetterNotOpen(status) => problem("This dead letter is not open")
                .detail("A replayed one is published once more with \"again\": true; a discarded one is not.")
                .with("deadLetterStatus", status.as_str()),
            Self::DeadLetterChanged(count) => problem("Somebody changed this dead letter meanwhile")
                .detail("Read it again.")
                .with("replayCount", count),
            Self::ReplayNotMarked(number) => problem("Kafka has the replay, but the dead letter does not say so")
                .detail("Replay it again: it counts once.")
                .with("orderNumber", number.to_string())
                .retry_after(2),
            Self::DatabaseUnavailable => problem("The database does not answer").retry_after(2),
            Self::SchemaTooOld => problem("The database's schema is older than this program").retry_after(5),
            Self::Token(problem) => *problem,
            Self::Internal => internal_error(),
        }
    }
}

impl Retry {
    fn describe(self, problem: Problem) -> Problem {
        let problem = problem.with("orderNumber", self.order_number.to_string()).retry_after(1);
        match self.idempotency_key {
            Some(key) => problem.with("idempotencyKey", key),
            None => problem,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.problem().into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_its_words() {
        let number: OrderNumber = "56ae6aa8-3d28-5fe2-b643-6e2ee29e004f".parse().unwrap();
        let retry = |key: Option<&str>| Retry { order_number: number, idempotency_key: key.map(str::to_owned) };
        let wrong = FieldError { pointer: "/items/0/quantity".to_owned(), detail: "must be 1 to 10000".to_owned() };
        let all = [
            ApiError::Malformed(Malformed { line: 1, column: 9 }),
            ApiError::NotJson,
            ApiError::TooLarge(65_536),
            ApiError::BodyUnreadable,
            ApiError::Invalid(vec![wrong]),
            ApiError::Conflict(number),
            ApiError::TooManyRequests(3),
            ApiError::Overloaded,
            ApiError::TooManyWaiters,
            ApiError::KafkaUnavailable(retry(Some("key-1"))),
            ApiError::OutcomeUnknown(retry(Some("key-1"))),
            ApiError::OutcomeUnknown(retry(None)),
            ApiError::NotVisibleYet(number),
            ApiError::NoSuchOrder,
            ApiError::NoSuchDeadLetter,
            ApiError::DeadLetterNotOpen(LetterStatus::Replayed),
            ApiError::DeadLetterChanged(3),
            ApiError::ReplayNotMarked(number),
            ApiError::DatabaseUnavailable,
            ApiError::SchemaTooOld,
            ApiError::Internal,
        ];
        insta::assert_json_snapshot!(all.map(ApiError::problem));
    }
}
