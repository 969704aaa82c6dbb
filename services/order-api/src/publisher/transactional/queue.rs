//! What waits, whose turn it is, and what goes into a batch.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::job::Job;

/// Records in one transaction.
const MOST_RECORDS: usize = 1_000;
/// Bytes in one transaction: what the brokers take in well below a second.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// Records that wait. More than the API lets in flight, so that its own bound is the one that speaks.
const MOST_WAITING: usize = 50_000;
/// A thread with nothing to do looks at its producer this often.
const IDLE: Duration = Duration::from_millis(100);

/// Pure: the queue itself.
#[derive(Debug, Default)]
pub(super) struct Queue(VecDeque<Job>);

/// There is no room.
#[derive(Debug)]
pub(super) struct Full;

impl Queue {
    fn push(&mut self, job: Job, most: usize) -> Result<(), Full> {
        if self.0.len() >= most {
            // While Kafka is away nobody takes what callers gave up.
            self.0.retain(|job| !job.is_given_up());
        }
        if self.0.len() >= most {
            return Err(Full);
        }
        self.0.push_back(job);
        Ok(())
    }

    /// In front of all that came later, in their order.
    fn put_back(&mut self, jobs: Vec<Job>) {
        for job in jobs.into_iter().rev() {
            job.put_back();
            self.0.push_front(job);
        }
    }

    /// The oldest that belong into one transaction: one that must be alone, or all up to the bounds. `company`: there are
    /// records in it already.
    fn take(&mut self, most_records: usize, most_bytes: usize, company: bool) -> Vec<Job> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(next) = self.0.front() {
            let size = next.record.size();
            let first = batch.is_empty() && !company;
            let fits = first || (!next.alone && batch.len() < most_records && bytes + size <= most_bytes);
            if !fits && !next.is_given_up() {
                break;
            }
            let Some(job) = self.0.pop_front() else { break };
            if job.take() {
                bytes += size;
                let alone = job.alone;
                batch.push(job);
                if alone {
                    break;
                }
            }
        }
        batch
    }
}

/// What the callers and the threads share.
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    queue: Queue,
    /// A thread is filling its transaction: the others wait for their turn.
    filling: bool,
    /// A thread commits: whoever fills goes on until it is done.
    committing: bool,
    /// Records in transactions that have not ended.
    taken: usize,
    closed: bool,
    ids: Vec<String>,
}

/// What a thread is to do.
pub(super) enum Turn<'a> {
    /// This, as one transaction.
    Batch(Batch<'a>),
    /// Nothing came for a while.
    Idle,
    /// Nothing will come any more.
    Closed,
}

/// Records that were taken, and the turn itself until [`Batch::filled`].
pub(super) struct Batch<'a> {
    shared: &'a Shared,
    pub(super) jobs: Vec<Job>,
    taken: usize,
    bytes: usize,
    filling: bool,
    committing: bool,
    /// There may come more.
    open: bool,
}

impl Shared {
    pub(super) fn new(lanes: usize) -> Self {
        let ids = vec![String::new(); lanes];
        let state = State { queue: Queue::default(), filling: false, committing: false, taken: 0, closed: false, ids };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(super) fn push(&self, job: Job) -> Result<(), Full> {
        let mut state = self.lock();
        state.queue.push(job, MOST_WAITING)?;
        let turn = !state.filling;
        drop(state);
        // While one fills, the others are told when it is done.
        if turn {
            self.changed.notify_all();
        }
        Ok(())
    }

    /// Waits for a turn, and for something to do in it.
    pub(super) fn next(&self) -> Turn<'_> {
        let nothing = |state: &mut State| state.filling || (state.queue.0.is_empty() && !state.closed);
        let waited = self.changed.wait_timeout_while(self.lock(), IDLE, nothing);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.filling {
            return Turn::Idle;
        }
        let jobs = state.queue.take(MOST_RECORDS, MOST_BYTES, false);
        if jobs.is_empty() {
            return if state.closed { Turn::Closed } else { Turn::Idle };
        }
        state.filling = true;
        state.taken += jobs.len();
        let bytes = jobs.iter().map(|job| job.record.size()).sum();
        let open = jobs.iter().all(|job| !job.alone);
        Turn::Batch(Batch { shared: self, taken: jobs.len(), bytes, jobs, filling: true, committing: false, open })
    }

    pub(super) fn in_hand(&self) -> usize {
        let state = self.lock();
        state.taken + state.queue.0.iter().filter(|job| !job.is_given_up()).count()
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub(super) fn set_id(&self, lane: usize, id: &str) {
        if let Some(place) = self.lock().ids.get_mut(lane) {
            id.clone_into(place);
        }
    }

    pub(super) fn ids(&self) -> Vec<String> {
        self.lock().ids.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch<'_> {
    /// What came since, after the turn to commit has come or `wait` is over. True: it has come, and this was the last.
    pub(super) fn gather(&mut self, wait: Duration) -> (Vec<Job>, bool) {
        let waited = self.shared.changed.wait_timeout_while(self.shared.lock(), wait, |state| state.committing);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if !state.committing {
            state.committing = true;
            self.committing = true;
        }
        let records = MOST_RECORDS.saturating_sub(self.taken);
        let jobs = if self.open && records > 0 {
            state.queue.take(records, MOST_BYTES.saturating_sub(self.bytes), true)
        } else {
            Vec::new()
        };
        state.taken += jobs.len();
        drop(state);
        self.taken += jobs.len();
        self.bytes += jobs.iter().map(|job| job.record.size()).sum::<usize>();
        (jobs, self.committing)
    }

    /// All are sent: the next thread may begin.
    pub(super) fn filled(&mut self) {
        if std::mem::take(&mut self.filling) {
            self.shared.lock().filling = false;
            self.shared.changed.notify_all();
        }
    }

    /// Back into the queue, in front.
    pub(super) fn put_back(&self, jobs: Vec<Job>) {
        self.shared.lock().queue.put_back(jobs);
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.filled();
        let mut state = self.shared.lock();
        state.taken -= self.taken;
        if self.committing {
            state.committing = false;
        }
        drop(state);
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;
    use crate::publisher::Outgoing;

    fn job(n: usize, bytes: usize) -> Job {
        let record = Outgoing { key: n.to_string(), value: vec![0; bytes], headers: Vec::new() };
        Job::new(record, Instant::now()).0
    }

    fn keys(jobs: &[Job]) -> Vec<usize> {
        jobs.iter().map(|job| job.record.key.parse().unwrap()).collect()
    }

    #[derive(Clone, Debug)]
    struct Waiting {
        bytes: usize,
        given_up: bool,
        alone: bool,
    }

    fn waiting() -> impl Strategy<Value = Waiting> {
        (0_usize..300, prop::bool::weighted(0.2), prop::bool::weighted(0.2))
            .prop_map(|(bytes, given_up, alone)| Waiting { bytes, given_up, alone })
    }

    proptest! {
        /// Nothing is lost, nothing comes twice, the order stays, bounds hold, whoever must be alone is.
        #[test]
        fn batches(all in prop::collection::vec(waiting(), 0..60), most_records in 1_usize..10, most_bytes in 1_usize..900) {
            let mut queue = Queue::default();
            let mut tickets = Vec::new();
            for (n, one) in all.iter().enumerate() {
                let record = Outgoing { key: n.to_string(), value: vec![0; one.bytes], headers: Vec::new() };
                let (mut job, ticket) = Job::new(record, Instant::now());
                job.alone = one.alone;
                prop_assert!(!one.given_up || ticket.state.give_up());
                tickets.push(ticket);
                queue.push(job, 1_000).unwrap();
            }
            let mut taken = Vec::new();
            loop {
                let batch = queue.take(most_records, most_bytes, false);
                if batch.is_empty() {
                    break;
                }
                let bytes: usize = batch.iter().map(|job| job.record.size()).sum();
                prop_assert!(batch.len() <= most_records);
                prop_assert!(bytes <= most_bytes || batch.len() == 1, "only one that fits nowhere goes beyond");
                prop_assert!(batch.len() == 1 || batch.iter().all(|job| !job.alone));
                taken.extend(keys(&batch));
            }
            let expected: Vec<usize> = (0..all.len()).filter(|n| !all[*n].given_up).collect();
            prop_assert_eq!(taken, expected);
            prop_assert!(queue.0.is_empty());
        }
    }

    #[test]
    fn what_is_put_back_comes_first_and_in_order() {
        let mut queue = Queue::default();
        for n in 0..4 {
            queue.push(job(n, 0), 10).unwrap();
        }
        let mut batch = queue.take(2, usize::MAX, false);
        batch.iter_mut().for_each(|job| job.alone = true);
        queue.put_back(batch);
        assert_eq!(keys(&queue.take(10, usize::MAX, false)), [0]);
        assert_eq!(keys(&queue.take(10, usize::MAX, false)), [1]);
        assert_eq!(keys(&queue.take(10, usize::MAX, false)), [2, 3]);
    }

    #[test]
    fn what_was_given_up_takes_no_room() {
        let mut queue = Queue::default();
        let (first, ticket) = Job::new(Outgoing { key: String::new(), value: vec![], headers: vec![] }, Instant::now());
        queue.push(first, 1).unwrap();
        assert!(queue.push(job(1, 0), 1).is_err());
        assert!(ticket.state.give_up());
        assert!(queue.push(job(1, 0), 1).is_ok());
    }

    #[test]
    fn who_must_be_alone_is_not_added_to_others() {
        let mut queue = Queue::default();
        let mut alone = job(0, 0);
        alone.alone = true;
        queue.push(alone, 10).unwrap();
        assert!(queue.take(10, usize::MAX, true).is_empty());
        assert_eq!(keys(&queue.take(10, usize::MAX, false)), [0]);
    }

    #[test]
    fn one_fills_while_the_other_commits() {
        let shared = Shared::new(2);
        shared.push(job(0, 0)).unwrap();
        let Turn::Batch(mut first) = shared.next() else { panic!("something waits") };
        shared.push(job(1, 0)).unwrap();
        assert!(matches!(shared.next(), Turn::Idle), "the first one fills");
        let (more, may_commit) = first.gather(Duration::ZERO);
        assert_eq!((keys(&more), may_commit), (vec![1], true), "nobody else commits");
        first.filled();

        shared.push(job(2, 0)).unwrap();
        let Turn::Batch(mut second) = shared.next() else { panic!("the first one commits") };
        shared.push(job(3, 0)).unwrap();
        let (more, may_commit) = second.gather(Duration::ZERO);
        assert_eq!((keys(&more), may_commit), (vec![3], false), "it fills on until the first one is done");
        assert_eq!(shared.in_hand(), 4);
        drop(first);
        let (more, may_commit) = second.gather(Duration::ZERO);
        assert_eq!((keys(&more), may_commit), (vec![], true));
        drop(second);
        assert_eq!(shared.in_hand(), 0);

        shared.push(job(4, 0)).unwrap();
        shared.close();
        let Turn::Batch(last) = shared.next() else { panic!("the rest is still done") };
        drop(last);
        assert!(matches!(shared.next(), Turn::Closed));
    }
}
