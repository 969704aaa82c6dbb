//! One record on its way, and its caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::publisher::{Outgoing, PublishError};

const WAITING: u8 = 0;
const TAKEN: u8 = 1;
const GIVEN_UP: u8 = 2;

/// Whose a record is: its caller's, who may still give it up, or a producer's.
#[derive(Clone, Debug)]
pub(super) struct State(Arc<AtomicU8>);

impl State {
    fn swap(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// By its caller. False: a producer has it, so its fate is not known.
    pub(super) fn give_up(&self) -> bool {
        self.swap(WAITING, GIVEN_UP)
    }
}

/// A record with its caller's channel.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) record: Outgoing,
    pub(super) since: Instant,
    /// It was in a transaction that was given up, and is now to have one for itself.
    pub(super) alone: bool,
    state: State,
    answer: oneshot::Sender<Result<(), PublishError>>,
}

/// The caller's end.
pub(super) struct Ticket {
    pub(super) answer: oneshot::Receiver<Result<(), PublishError>>,
    pub(super) state: State,
}

impl Job {
    pub(super) fn new(record: Outgoing, since: Instant) -> (Self, Ticket) {
        let (sender, receiver) = oneshot::channel();
        let state = State(Arc::new(AtomicU8::new(WAITING)));
        let job = Self { record, since, alone: false, state: state.clone(), answer: sender };
        (job, Ticket { answer: receiver, state })
    }

    /// By a producer. False: its caller gave it up.
    pub(super) fn take(&self) -> bool {
        self.state.swap(WAITING, TAKEN)
    }

    /// It was not sent, or what was sent is void: its caller may give it up again.
    pub(super) fn put_back(&self) {
        self.state.swap(TAKEN, WAITING);
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.state.0.load(Ordering::Acquire) == GIVEN_UP
    }

    /// The end of it. The caller may have gone; the record stays where it is.
    pub(super) fn answer(self, result: Result<(), PublishError>) -> Duration {
        let _gone = self.answer.send(result);
        self.since.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_the_caller_or_a_producer_has_it() {
        let record = Outgoing { key: String::new(), value: Vec::new(), headers: Vec::new() };
        let (job, ticket) = Job::new(record, Instant::now());
        assert!(job.take());
        assert!(!job.take() && !ticket.state.give_up(), "it is on its way");
        job.put_back();
        assert!(ticket.state.give_up());
        assert!(!job.take() && job.is_given_up());
    }
}
