//! What an error means for a transaction, and a transaction's end for its records. Pure.
//!
//! librdkafka's rules (its introduction, "Transactional producer"): an error is retriable, or the transaction must be
//! aborted, or it is fatal; what is marked as none of these is fatal.

use std::time::Duration;

use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

/// librdkafka's mark on an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// The same call may be made again, and goes on where it was.
    Retriable,
    /// The transaction must be aborted.
    Abortable,
    /// The producer is of no use any more.
    Fatal,
}

/// Reads the mark.
pub(super) fn mark(error: &KafkaError) -> Mark {
    match error {
        KafkaError::Transaction(error) if error.is_fatal() => Mark::Fatal,
        KafkaError::Transaction(error) if error.txn_requires_abort() => Mark::Abortable,
        KafkaError::Transaction(error) if error.is_retriable() => Mark::Retriable,
        // Records that are still on their way: the commit has not begun.
        KafkaError::Flush(_) => Mark::Retriable,
        _ => Mark::Fatal,
    }
}

/// The call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Begin,
    Commit,
    Abort,
}

/// What to do after a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The same call.
    Again,
    Abort,
    /// A new producer.
    Replace,
}

/// The rule.
pub(super) fn next(call: Call, mark: Mark) -> Next {
    match (call, mark) {
        (_, Mark::Fatal) => Next::Replace,
        (_, Mark::Retriable) => Next::Again,
        (Call::Commit, Mark::Abortable) => Next::Abort,
        // An abort that must be aborted, or a transaction that failed before it began, is not in the book.
        (Call::Begin | Call::Abort, Mark::Abortable) => Next::Replace,
    }
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Committed,
    Aborted,
    /// The producer failed before anything was said about committing: no coordinator will ever commit it.
    Void,
    /// The producer failed while it committed.
    InDoubt,
}

/// What became of a transaction's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Stored,
    /// No reader of committed records will ever see them.
    NotStored,
    Unknown,
}

impl End {
    /// The records' fate.
    pub(super) fn fate(self) -> Fate {
        match self {
            Self::Committed => Fate::Stored,
            Self::Aborted | Self::Void => Fate::NotStored,
            Self::InDoubt => Fate::Unknown,
        }
    }

    /// The metric's label.
    pub(super) fn outcome(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Aborted | Self::Void => "aborted",
            Self::InDoubt => "unknown",
        }
    }
}

/// No retry begins later than this: it must end before its caller goes.
const RETRY_UNTIL: Duration = Duration::from_millis(1_200);

/// Whether a record is tried once more, in a transaction of its own: the others of its batch may be what was wrong.
///
/// Once, but a try in which it was purged before it was sent does not count: after a transaction that failed over a record,
/// librdkafka 2.12 fails the next one on that partition over its own sequence numbers ("skipped sequence numbers").
pub(super) fn try_alone(fate: Fate, was_alone: bool, code: RDKafkaErrorCode, age: Duration) -> bool {
    let tried = was_alone && code != RDKafkaErrorCode::PurgeQueue;
    fate == Fate::NotStored && !tried && age <= RETRY_UNTIL
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::publisher::DEADLINE;

    #[rstest]
    #[case(Call::Begin, Mark::Retriable, Next::Again)]
    #[case(Call::Begin, Mark::Abortable, Next::Replace)]
    #[case(Call::Begin, Mark::Fatal, Next::Replace)]
    #[case(Call::Commit, Mark::Retriable, Next::Again)]
    #[case(Call::Commit, Mark::Abortable, Next::Abort)]
    #[case(Call::Commit, Mark::Fatal, Next::Replace)]
    #[case(Call::Abort, Mark::Retriable, Next::Again)]
    #[case(Call::Abort, Mark::Abortable, Next::Replace)]
    #[case(Call::Abort, Mark::Fatal, Next::Replace)]
    fn after_a_failed_call(#[case] call: Call, #[case] mark: Mark, #[case] expected: Next) {
        assert_eq!(next(call, mark), expected);
    }

    #[rstest]
    #[case(End::Committed, Fate::Stored)]
    #[case(End::Aborted, Fate::NotStored)]
    #[case(End::Void, Fate::NotStored)]
    #[case(End::InDoubt, Fate::Unknown)]
    fn only_a_commit_is_an_acknowledgement(#[case] end: End, #[case] expected: Fate) {
        assert_eq!(end.fate(), expected);
    }

    #[rstest]
    #[case::aborted(Fate::NotStored, false, RDKafkaErrorCode::MessageTimedOut, 10, true)]
    #[case::twice(Fate::NotStored, true, RDKafkaErrorCode::MessageSizeTooLarge, 10, false)]
    #[case::never_sent(Fate::NotStored, true, RDKafkaErrorCode::PurgeQueue, 10, true)]
    #[case::too_late(Fate::NotStored, false, RDKafkaErrorCode::MessageTimedOut, 1_201, false)]
    #[case::never_sent_and_too_late(Fate::NotStored, true, RDKafkaErrorCode::PurgeQueue, 1_201, false)]
    #[case::in_doubt(Fate::Unknown, false, RDKafkaErrorCode::PurgeQueue, 10, false)]
    #[case::stored(Fate::Stored, false, RDKafkaErrorCode::NoError, 10, false)]
    fn once_and_alone(
        #[case] fate: Fate,
        #[case] was_alone: bool,
        #[case] code: RDKafkaErrorCode,
        #[case] age: u64,
        #[case] expected: bool,
    ) {
        assert_eq!(try_alone(fate, was_alone, code, Duration::from_millis(age)), expected);
    }

    #[test]
    fn a_retry_ends_before_its_caller_goes() {
        assert!(RETRY_UNTIL < DEADLINE);
    }

    #[test]
    fn what_is_not_marked_is_fatal() {
        assert_eq!(mark(&KafkaError::Canceled), Mark::Fatal);
    }
}
