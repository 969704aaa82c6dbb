//! Shapes of the dead-letter API. What is not known is null, never left out.

use jiff::Timestamp;
use order_events::OrderNumber;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::store::{LetterHead, LetterStatus};

/// A record that could not become an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeadLetter {
    id: u64,
    status: LetterStatus,
    /// Stable name: UNDECODABLE, UNKNOWN_SCHEMA_VERSION, UNKNOWN_EVENT_TYPE, INVALID_EVENT, NO_VALUE,
    /// IDEMPOTENCY_CONFLICT, REFUSED_BY_DATABASE.
    reason: String,
    /// For a person; holds nothing that a shopper sent.
    detail: String,
    #[schema(value_type = Option<Uuid>)]
    order_number: Option<OrderNumber>,
    /// Header `event-type`.
    event_type: Option<String>,
    topic: String,
    partition: i32,
    offset: i64,
    /// The record's own time.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_at: Option<Timestamp>,
    /// Tries of the consumer before it gave up.
    attempts: u32,
    /// Replays begun. Send it back with a change to be refused when somebody was faster.
    replay_count: u32,
    /// The order number of the last replay.
    #[schema(value_type = Option<Uuid>)]
    replayed_as: Option<OrderNumber>,
    /// Why it was discarded.
    note: Option<String>,
    /// Bytes of the value.
    size: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// One page, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeadLetterPage {
    pub(super) items: Vec<DeadLetter>,
    /// Of the next page; null on the last one.
    pub(super) next_cursor: Option<String>,
}

/// A dead letter with its content.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeadLetterDetail {
    #[serde(flatten)]
    pub(super) letter: DeadLetter,
    /// Fields that a replay's request must have: `body`, `orderNumber`; none: it can be replayed as it is.
    pub(super) replay_needs: Vec<&'static str>,
    /// The record's key, as text.
    pub(super) key: Option<String>,
    pub(super) headers: Vec<DeadLetterHeader>,
    /// The value, when it is JSON. Address, payment token and unknown fields are `***` unless revealed.
    #[schema(value_type = Option<Object>)]
    pub(super) event: Option<Value>,
    /// Its `customer`, `items` and `payment`: what a replay takes as `body` after an edit. `***` sent back means "as it was".
    #[schema(value_type = Option<Object>)]
    pub(super) body: Option<Value>,
    /// SHA-256 of the value, in hexadecimal.
    pub(super) sha256: String,
    /// The value's bytes in base64, when revealed.
    pub(super) base64: Option<String>,
}

/// A header of the record.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeadLetterHeader {
    pub(super) name: String,
    /// As text; `***` when it is not one of ours and not revealed.
    pub(super) value: Option<String>,
}

/// How to replay. All fields are optional.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes, and is never read")]
pub(super) struct ReplayRequest {
    /// The edited order, as `POST /api/orders` takes it.
    body: Option<crate::orders::validation::schema::PlaceOrder>,
    /// A UUID for a record without a number, or `new` for a new order: the only way to replay a conflict.
    #[schema(example = "new")]
    order_number: Option<String>,
    /// What the caller saw; another count now is a 409.
    replay_count: Option<u32>,
    /// Publish once more what is REPLAYED already. It counts once all the same.
    again: Option<bool>,
}

/// A replay that Kafka has.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Replayed {
    pub(super) id: u64,
    /// Always REPLAYED. What becomes of the order is decided later.
    pub(super) status: LetterStatus,
    #[schema(value_type = Uuid)]
    pub(super) order_number: OrderNumber,
    pub(super) replay_count: u32,
}

/// Which open dead letters to replay as they are, oldest first.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes, and is never read")]
pub(super) struct ReplayManyRequest {
    filter: ReplayFilter,
    /// Only say what would be done.
    dry_run: Option<bool>,
    /// At most so many, else 100.
    #[schema(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// `nextCursor` of the answer before.
    cursor: Option<String>,
}

/// Conditions that must all hold; none: all open dead letters.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes, and is never read")]
pub(super) struct ReplayFilter {
    #[schema(example = "REFUSED_BY_DATABASE")]
    reason: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<String>,
    #[schema(value_type = Option<Uuid>)]
    order_number: Option<String>,
}

/// What was, or would be, done.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReplayedMany {
    pub(super) dry_run: bool,
    /// With dryRun: would be replayed.
    pub(super) replayed: u32,
    pub(super) skipped: u32,
    pub(super) failed: u32,
    pub(super) items: Vec<ReplayedOne>,
    /// Send it to go on behind these; null: there are no more.
    pub(super) next_cursor: Option<String>,
}

/// What was done about one dead letter.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReplayedOne {
    pub(super) id: u64,
    pub(super) outcome: ReplayOutcome,
    #[schema(value_type = Option<Uuid>)]
    pub(super) order_number: Option<OrderNumber>,
    /// Why it was skipped or failed.
    pub(super) detail: Option<String>,
}

/// What happened to one of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum ReplayOutcome {
    Replayed,
    /// Only with dryRun.
    WouldReplay,
    /// It needs a person, or somebody was faster.
    Skipped,
    /// Kafka or the database did not do their part; the rest was not tried.
    Failed,
}

/// Why nothing is to be done about a dead letter.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes, and is never read")]
pub(super) struct DiscardRequest {
    #[schema(min_length = 1, max_length = 500, example = "test order of a partner")]
    reason: String,
    /// What the caller saw; another count now is a 409.
    replay_count: Option<u32>,
}

impl From<LetterHead> for DeadLetter {
    fn from(head: LetterHead) -> Self {
        Self {
            id: head.id,
            status: head.status,
            reason: head.reason,
            detail: head.detail,
            order_number: head.order_number,
            event_type: head.event_type,
            topic: head.topic,
            partition: head.partition,
            offset: head.offset,
            recorded_at: head.recorded_at,
            attempts: head.attempts,
            replay_count: head.replay_count,
            replayed_as: head.replayed_as,
            note: head.note,
            size: head.size,
            created_at: head.created_at,
            updated_at: head.updated_at,
        }
    }
}
