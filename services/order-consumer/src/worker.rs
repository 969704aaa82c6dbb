//! A worker: takes batches of its partitions and sees them through, one at a time.
//!
//! What an attempt's error means is decided in `classify.rs`; what follows from it, here:
//! give way and wait, load again, cut, publish letters first, or hold everything.

mod steps;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use service_runtime::{CancellationToken, Component};

use crate::backoff::{SYSTEMIC, TRANSIENT};
use crate::batch::{Batch, Slice};
use crate::dead_letter::{Flood, Publisher, reason};
use crate::fold::Letter;
use crate::hand::Cause;
use crate::metrics::Metrics;
use crate::shared::Shared;
use crate::store::{Knowledge, Store, StoreError};
use steps::{Step, next_step};

/// Everything that a worker needs.
#[derive(Clone)]
pub struct Worker {
    /// 0-based; partition `p` belongs to worker `p % workers`.
    pub number: usize,
    /// The hand.
    pub shared: Arc<Shared>,
    /// MySQL.
    pub store: Store,
    /// The dead-letter topic.
    pub publisher: Arc<Publisher>,
    /// How many letters were written lately; one for all workers.
    pub flood: Arc<Mutex<Flood>>,
    /// Metrics.
    pub metrics: Metrics,
    /// `database` in `/healthz`.
    pub database: Component,
    /// Cancelled when the process is to stop.
    pub shutdown: CancellationToken,
}

/// What is left when a batch could not be seen through.
struct Rest {
    batches: Vec<Batch>,
    retry_at: Instant,
}

impl Worker {
    /// Works until shutdown; the batch in hand is finished first.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut known = Knowledge::default();
        while !self.shutdown.is_cancelled() {
            let now = Instant::now();
            let taken = self.shared.hand().take(self.number, now);
            let Some(batch) = taken else {
                let wait = self.shared.hand().next_try(now).unwrap_or(Duration::from_secs(1));
                tokio::select! {
                    () = self.shared.woken(self.number) => {}
                    () = self.shutdown.cancelled() => {}
                    () = tokio::time::sleep(wait) => {}
                }
                continue;
            };
            let partitions: Vec<i32> = batch.slices.iter().map(|slice| slice.partition).collect();
            known.of_topic(&batch.topic_id);
            let (rest, retry_at) = match self.see_through(batch, &mut known).await {
                Ok(()) => (Vec::new(), None),
                Err(rest) => (join(rest.batches), Some(rest.retry_at)),
            };
            self.shared.hand().give_back(&partitions, rest, retry_at);
            self.shared.announce_return();
            self.shared.ask_for_places();
        }
        Ok(())
    }

    /// Commits all of the batch, in one transaction when nothing is wrong with it.
    async fn see_through(&self, batch: Batch, known: &mut Knowledge) -> Result<(), Rest> {
        // Pieces that wait, the next one last.
        let mut stack = vec![batch];
        let mut repeats = 0;
        while let Some(batch) = stack.pop() {
            if self.shutdown.is_cancelled() {
                // What has not begun is left to whoever gets the partition next.
                stack.push(batch);
                return Err(Rest { batches: stack, retry_at: Instant::now() });
            }
            let batch = self.without_lost(batch);
            if batch.is_empty() {
                continue;
            }
            let began = Instant::now();
            let error = match self.store.apply(&batch, known).await {
                Ok(committed) => {
                    self.shared.hand().committed(&batch);
                    self.database.up();
                    self.metrics.committed(&committed, batch.len(), began.elapsed());
                    log_traces(&batch);
                    known.forget(&batch);
                    repeats = 0;
                    continue;
                }
                Err(error) => error,
            };
            self.metrics.attempted(began.elapsed());
            let step = self.within_flood(next_step(&error, &batch, known, repeats), &batch);
            self.report(&error, &step, &batch);
            repeats = if matches!(step, Step::Again) { repeats + 1 } else { 0 };
            match step {
                Step::Again => stack.push(batch),
                Step::Cut => match batch.cut() {
                    Ok((earlier, later)) => stack.extend([later, earlier]),
                    Err(single) => stack.push(single),
                },
                Step::Refuse(at, verdict) => {
                    known.verdicts.insert(at, verdict);
                    stack.push(batch);
                }
                Step::LeaveOut(partitions) => {
                    partitions.iter().for_each(|partition| self.shared.hand().relocate(*partition));
                    stack.push(batch);
                }
                Step::Publish(letters) => {
                    let published = self.publish(&batch, &letters, known).await;
                    stack.push(batch);
                    if !published {
                        return Err(self.wait(stack));
                    }
                }
                Step::Wait => {
                    stack.push(batch);
                    return Err(self.wait(stack));
                }
                Step::Hold(cause) => {
                    stack.push(batch);
                    let now = Instant::now();
                    let until = now + SYSTEMIC;
                    self.shared.hand().hold_all(cause, until, now);
                    known.reconsider();
                    return Err(Rest { batches: stack, retry_at: until });
                }
            }
        }
        Ok(())
    }

    /// Letters beyond the bound are not published: a batch with too many of them is cut, and all is held when there is no room.
    fn within_flood(&self, step: Step, batch: &Batch) -> Step {
        let Step::Publish(letters) = &step else { return step };
        let (counted, now) = (counted(letters), Instant::now());
        let mut flood = self.flood.lock().unwrap_or_else(PoisonError::into_inner);
        let room = flood.room(now);
        if counted <= room {
            step
        } else if room > 0 && batch.len() > 1 {
            Step::Cut
        } else {
            flood.close(now);
            tracing::error!(letters = counted, "too many dead letters in a minute: everything is held");
            self.metrics.failed("dead-letter-flood");
            Step::Hold(Cause::DeadLetters)
        }
    }

    /// Without partitions that were revoked, or whose place is to be found again.
    fn without_lost(&self, batch: Batch) -> Batch {
        let lost: Vec<i32> = {
            let hand = self.shared.hand();
            batch.slices.iter().map(|slice| slice.partition).filter(|partition| !hand.still_ours(*partition)).collect()
        };
        batch.without(&lost)
    }

    async fn publish(&self, batch: &Batch, letters: &[Letter], known: &mut Knowledge) -> bool {
        let record = |letter: &Letter| batch.records().find(|record| record.at == letter.at);
        let full: Vec<_> = letters
            .iter()
            .filter_map(|letter| Some((record(letter)?.as_ref(), letter, known.attempts(letter.at))))
            .collect();
        match self.publisher.publish(&full).await {
            Ok(()) => {
                let mut flood = self.flood.lock().unwrap_or_else(PoisonError::into_inner);
                flood.count(counted(letters), Instant::now());
                known.published.extend(letters.iter().map(|letter| (letter.at, letter.reason)));
                true
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, cause, letters = letters.len(), "dead letters wait for their topic");
                self.metrics.failed("dead-letter-topic");
                false
            }
        }
    }

    /// Back into the hand, to be tried again after a while that grows.
    fn wait(&self, batches: Vec<Batch>) -> Rest {
        let partitions: Vec<i32> =
            batches.iter().flat_map(|batch| batch.slices.iter().map(|slice| slice.partition)).collect();
        let attempt = self.shared.hand().failed(&partitions);
        Rest { batches, retry_at: Instant::now() + TRANSIENT.wait(attempt, rand::random()) }
    }

    fn report(&self, error: &StoreError, step: &Step, batch: &Batch) {
        let (cause, step, records) = (error.cause(), step.as_str(), batch.len());
        if let Some((class, number)) = error.class() {
            self.metrics.failed(class.as_str());
            if class.is_about_the_database() {
                self.database.down(class.as_str());
            }
            tracing::warn!(%error, cause, ?class, number, records, step, "a batch did not commit");
        } else {
            tracing::info!(%error, records, step, "a batch did not commit");
        }
    }
}

/// One line for each record whose trace is to be recorded; the others at debug level. The record's place is named, not its order:
/// whoever has an order's number may read and cancel it.
fn log_traces(batch: &Batch) {
    let all = tracing::enabled!(tracing::Level::DEBUG);
    for record in batch.records() {
        match record.trace() {
            Some(trace) if trace.is_sampled() => {
                tracing::info!(trace_id = trace.trace_id(), at = %record.at, "record committed");
            }
            Some(trace) if all => {
                tracing::debug!(trace_id = trace.trace_id(), at = %record.at, "record committed");
            }
            _ => {}
        }
    }
}

/// Letters that count against the bound.
fn counted(letters: &[Letter]) -> usize {
    letters.iter().filter(|letter| letter.reason != reason::CONFLICT).count()
}

/// The pieces of a batch, earlier ones last, as one slice per partition.
fn join(batches: Vec<Batch>) -> Vec<Slice> {
    let mut slices = std::collections::BTreeMap::<i32, Slice>::new();
    for slice in batches.into_iter().rev().flat_map(|batch| batch.slices) {
        match slices.get_mut(&slice.partition) {
            Some(earlier) => earlier.records.extend(slice.records),
            None => {
                slices.insert(slice.partition, slice);
            }
        }
    }
    slices.into_values().collect()
}
