//! One replay, from claim to mark.

use service_runtime::trace_context::TraceContext;

use super::plan::Replay;
use super::schema::Replayed;
use crate::app::App;
use crate::error::{ApiError, Retry};
use crate::publisher::{PublishError, RECORD_LIMIT};
use crate::store::{LetterHead, LetterStatus};

/// Counts the replay, publishes it, and marks the letter when Kafka has it.
pub(super) async fn publish(
    app: &App,
    seen: &LetterHead,
    replay: Replay,
    trace: Option<TraceContext>,
) -> Result<Replayed, ApiError> {
    let _in_flight = app.gate.enter(&app.metrics)?;
    let Replay { number, record } = replay;
    if record.size() > RECORD_LIMIT {
        return Err(ApiError::TooLarge(RECORD_LIMIT));
    }
    if !app.store.claim_replay(seen).await? {
        return Err(ApiError::DeadLetterChanged(seen.replay_count));
    }
    let count = seen.replay_count + 1;
    let retry = || Retry { order_number: number, idempotency_key: None };
    app.publisher.publish(record, trace).await.map_err(|error| match error {
        PublishError::Refused(_) => ApiError::KafkaUnavailable(retry()),
        PublishError::Unknown => ApiError::OutcomeUnknown(retry()),
    })?;
    app.metrics.replays.inc();
    match app.store.mark_replayed(seen, count, number).await {
        Ok(true) => {
            Ok(Replayed { id: seen.id, status: LetterStatus::Replayed, order_number: number, replay_count: count })
        }
        Ok(false) | Err(_) => Err(ApiError::ReplayNotMarked(number)),
    }
}
