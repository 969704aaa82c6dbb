//! From an error to what the worker does next. Pure.

use crate::batch::Batch;
use crate::classify::Class;
use crate::dead_letter::{Verdict, reason};
use crate::fold::Letter;
use crate::hand::Cause;
use crate::position::Position;
use crate::store::{Knowledge, StoreError};

/// Times that a batch is loaded again because rows were not as loaded, before it is cut.
const REPEATS: u32 = 3;

/// What follows from an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The same batch, at once.
    Again,
    /// Its halves, the earlier one first.
    Cut,
    /// This record is a dead letter; then the same batch.
    Refuse(Position, Verdict),
    /// The same batch without these partitions, which are located anew.
    LeaveOut(Vec<i32>),
    /// Publish these, then the same batch.
    Publish(Vec<Letter>),
    /// Wait, longer each time.
    Wait,
    /// All partitions wait.
    Hold(Cause),
}

impl Step {
    /// For the log. Not what it holds: letters have their orders' numbers, and whoever has a number may read and cancel its order.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Again => "again",
            Self::Cut => "cut",
            Self::Refuse(..) => "refuse",
            Self::LeaveOut(_) => "leave out",
            Self::Publish(_) => "publish letters",
            Self::Wait => "wait",
            Self::Hold(cause) => match cause {
                Cause::Systemic => "hold all: systemic",
                Cause::DeadLetters => "hold all: dead letters",
            },
        }
    }
}

/// `repeats`: how often this batch was tried again in a row.
pub(super) fn next_step(error: &StoreError, batch: &Batch, known: &Knowledge, repeats: u32) -> Step {
    let (class, number) = match error {
        StoreError::Missed(partitions) => return Step::LeaveOut(partitions.clone()),
        StoreError::Unpublished(letters) => return Step::Publish(letters.clone()),
        StoreError::Sql(_) | StoreError::Stale(_) | StoreError::Unreadable(_) | StoreError::TimedOut => {
            match error.class() {
                Some(class) => class,
                None => return Step::Wait,
            }
        }
    };
    let single = batch.len() == 1;
    match class {
        Class::Transient | Class::Unavailable => Step::Wait,
        Class::Systemic => Step::Hold(Cause::Systemic),
        Class::Duplicate if repeats < REPEATS => Step::Again,
        Class::Slow if single => Step::Wait,
        Class::Slow | Class::Shape | Class::Poison | Class::Duplicate if !single => Step::Cut,
        Class::Slow | Class::Shape | Class::Poison | Class::Duplicate => refuse(batch, known, number),
    }
}

/// The one record that is left is refused. Refused again as a FAILED order, it is kept without its e-mail; refused even then, it is
/// not the order that is wrong.
fn refuse(batch: &Batch, known: &Knowledge, number: Option<u16>) -> Step {
    let Some(record) = batch.records().next() else { return Step::Wait };
    let before = known.verdicts.get(&record.at);
    if before.is_some_and(|verdict| verdict.bare) {
        return Step::Hold(Cause::Systemic);
    }
    // MySQL's text may quote the value, which may be personal: only its number is kept.
    let detail = match number {
        Some(number) => format!("MySQL refused this record with error {number}"),
        None => "rows of this order keep changing under it".to_owned(),
    };
    let attempts = before.map_or(0, |verdict| verdict.attempts) + 1;
    let detail = before.map_or(detail, |verdict| verdict.detail.clone());
    Step::Refuse(record.at, Verdict { reason: reason::REFUSED, detail, attempts, bare: before.is_some() })
}

#[cfg(test)]
mod tests {
    use kafka_offsets::TopicId;
    use rstest::rstest;

    use super::*;
    use crate::batch::Slice;
    use crate::batch::tests::record;

    fn batch(records: i64) -> Batch {
        let records = (0..records).map(|offset| record(0, offset)).collect();
        Batch { topic_id: TopicId::from_text("t"), slices: vec![Slice { partition: 0, from: 0, records }] }
    }

    fn step(error: &StoreError, records: i64, repeats: u32) -> Step {
        next_step(error, &batch(records), &Knowledge::default(), repeats)
    }

    #[rstest]
    #[case(0, Step::Again)]
    #[case(2, Step::Again)]
    #[case(3, Step::Cut)]
    fn changed_rows_are_loaded_again_three_times(#[case] repeats: u32, #[case] expected: Step) {
        assert_eq!(step(&StoreError::Stale("orders"), 2, repeats), expected);
    }

    #[test]
    fn away_is_waited_for_and_wrong_rows_hold_all() {
        assert_eq!(step(&StoreError::Sql(sqlx::Error::PoolTimedOut), 1, 9), Step::Wait);
        assert_eq!(step(&StoreError::Unreadable("orders.status"), 1, 0), Step::Hold(Cause::Systemic));
    }

    #[test]
    fn what_takes_too_long_is_cut_and_never_refused() {
        assert_eq!(step(&StoreError::TimedOut, 2, 0), Step::Cut);
        assert_eq!(step(&StoreError::TimedOut, 1, 99), Step::Wait);
    }

    #[test]
    fn a_steps_name_has_nothing_of_its_letters() {
        let number: order_events::OrderNumber = "56ae6aa8-3d28-5fe2-b643-6e2ee29e004f".parse().unwrap();
        let at = Position { partition: 0, offset: 0 };
        let letter = Letter { at, reason: reason::CONFLICT, detail: "a detail".to_owned(), number: Some(number) };
        assert_eq!(Step::Publish(vec![letter]).as_str(), "publish letters");
    }

    #[test]
    fn protocol_steps() {
        assert_eq!(step(&StoreError::Missed(vec![3]), 2, 0), Step::LeaveOut(vec![3]));
        assert_eq!(step(&StoreError::Unpublished(Vec::new()), 2, 0), Step::Publish(Vec::new()));
    }

    #[test]
    fn a_single_record_is_refused_then_kept_bare_then_not_to_blame() {
        let (batch, mut known) = (batch(1), Knowledge::default());
        let error = StoreError::Stale("orders");
        for bare in [false, true] {
            let Step::Refuse(at, verdict) = next_step(&error, &batch, &known, 3) else { panic!("not refused") };
            assert_eq!((at.offset, verdict.bare), (0, bare));
            known.verdicts.insert(at, verdict);
        }
        assert_eq!(next_step(&error, &batch, &known, 3), Step::Hold(Cause::Systemic));
    }
}
