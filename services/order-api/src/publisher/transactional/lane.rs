//! One producer on a thread of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaErrorCode;
use service_runtime::ConfigError;
use service_runtime::kafka::KafkaArgs;
use uuid::Uuid;

use super::job::Job;
use super::queue::{Batch, Shared, Turn};
use super::verdict::{Call, End, Fate, Mark, Next, mark, next, try_alone};
use crate::metrics::{Ended, Metrics};
use crate::publisher::reports::Reports;
use crate::publisher::{PublishError, settings};

type Client = BaseProducer<Context>;

/// One wait inside librdkafka. It waits this long even when something happens (rust-rdkafka's `poll` does not return
/// early), so this is also what a transaction costs beyond its round trips.
const POLL: Duration = Duration::from_millis(1);
/// One try of a call that blocks; then it is made again, so that closing is noticed and events are served.
const STEP: Duration = Duration::from_millis(500);
/// Between two looks at what came while the other producer commits. The turn itself is noticed at once; longer steps make
/// fewer and larger requests.
const GATHER: Duration = Duration::from_millis(5);
/// Where several wait, more come: a transaction's cost for the brokers hardly depends on its size, so it waits for them. A
/// lone order does not.
const COMPANY: Duration = Duration::from_millis(10);
/// A transaction is filled no longer than this, even if the other producer still commits: the time that a record has
/// must be enough for its own commit.
const FILL: Duration = Duration::from_millis(500);
/// Before a new producer after one that failed at once.
const PAUSE: Duration = Duration::from_millis(200);

/// A thread's state.
pub(super) struct Lane {
    args: KafkaArgs,
    topic: String,
    /// What ids begin with.
    stem: String,
    id: String,
    number: usize,
    shared: Arc<Shared>,
    context: Context,
    metrics: Arc<Metrics>,
}

/// librdkafka's callbacks; they run inside `poll`, on the lane's own thread.
#[derive(Clone)]
struct Context {
    reports: Reports,
    sent: Arc<Mutex<Sent>>,
}

/// The transaction that is open now.
#[derive(Default)]
struct Sent {
    /// Which one: reports of an earlier one's records may come late.
    transaction: usize,
    /// The first failure of one of its records.
    failed: Option<RDKafkaErrorCode>,
}

impl Context {
    /// Another transaction begins.
    fn begin(&self) -> usize {
        let mut sent = self.lock();
        *sent = Sent { transaction: sent.transaction.wrapping_add(1), failed: None };
        sent.transaction
    }

    fn failed(&self) -> Option<RDKafkaErrorCode> {
        self.lock().failed
    }

    fn lock(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, transaction: usize) {
        if let Err((error, _)) = result {
            let mut sent = self.lock();
            if sent.transaction == transaction {
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
                sent.failed.get_or_insert(code);
            }
        }
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.reports.log(level, facility, message);
    }

    fn stats(&self, statistics: Statistics) {
        self.reports.stats(&statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.reports.error(&error, reason);
    }
}

/// How a transaction ended, and the code for those who must be told that it failed.
struct Outcome {
    end: End,
    code: RDKafkaErrorCode,
}

impl Lane {
    /// Fails when the settings make no producer.
    pub(super) fn new(
        args: &KafkaArgs,
        stem: String,
        number: usize,
        shared: &Arc<Shared>,
        reports: &Reports,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, ConfigError> {
        let context = Context { reports: reports.clone(), sent: Arc::default() };
        let topic = args.kafka_topic.clone();
        let (shared, metrics) = (shared.clone(), metrics.clone());
        let id = new_id(&stem, number);
        let lane = Self { args: args.clone(), topic, stem, id, number, shared, context, metrics };
        // Connects to nothing yet, and says now what would be wrong for ever.
        drop(
            lane.make(&lane.config()?).map_err(|error| {
                ConfigError::new("KAFKA_…", format!("no transactional producer can be made: {error}"))
            })?,
        );
        Ok(lane)
    }

    fn config(&self) -> Result<ClientConfig, ConfigError> {
        settings::transactional(&self.args, &self.id)
    }

    fn make(&self, config: &ClientConfig) -> Result<Client, KafkaError> {
        Client::from_config_and_context(config, self.context.clone())
    }

    /// Until the shared queue is closed and empty.
    pub(super) fn run(mut self) {
        while let Some(client) = self.connect() {
            if !self.serve(&client) {
                return;
            }
            tracing::warn!("a transactional Kafka producer failed for good; a new one takes over");
            self.metrics.producers_replaced.inc();
        }
    }

    /// A producer that has its transactional id; None: closed.
    fn connect(&mut self) -> Option<Client> {
        while !self.shared.is_closed() {
            self.shared.set_id(self.number, &self.id);
            let client = match self.config() {
                Ok(config) => self.make(&config).map_err(|error| error.to_string()),
                // Credentials are files, which may be half replaced just now.
                Err(error) => Err(error.to_string()),
            };
            let failure = match client {
                Ok(client) => match self.init(&client) {
                    Ok(true) => return Some(client),
                    Ok(false) => return None,
                    Err(error) => {
                        self.renew_id_if_fenced(&client);
                        error.to_string()
                    }
                },
                Err(error) => error,
            };
            tracing::error!(error = failure, "no transactional Kafka producer can be made; trying again");
            std::thread::sleep(PAUSE);
        }
        None
    }

    /// Fences an earlier producer of this id and ends its transaction. False: closed meanwhile.
    fn init(&self, client: &Client) -> Result<bool, KafkaError> {
        while !self.shared.is_closed() {
            match client.init_transactions(STEP) {
                Ok(()) => {
                    self.context.reports.is_up();
                    return Ok(true);
                }
                Err(error) if mark(&error) == Mark::Retriable => client.poll(Duration::ZERO),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Whoever took this id may have a right to it: with another one nobody is fenced in return. After any other error
    /// the same id is better: it ends what the failed producer left open.
    fn renew_id_if_fenced(&mut self, client: &Client) {
        let cause = client.client().fatal_error().map(|(code, _)| code);
        let fenced =
            [RDKafkaErrorCode::Fenced, RDKafkaErrorCode::ProducerFenced, RDKafkaErrorCode::InvalidProducerEpoch];
        if cause.is_some_and(|code| fenced.contains(&code)) {
            self.id = new_id(&self.stem, self.number);
        }
    }

    /// Works off batches. True: the producer must be replaced; false: closed.
    fn serve(&mut self, client: &Client) -> bool {
        let shared = self.shared.clone();
        loop {
            match shared.next() {
                Turn::Idle => client.poll(Duration::ZERO),
                Turn::Closed => return false,
                Turn::Batch(mut batch) => {
                    let mut jobs = std::mem::take(&mut batch.jobs);
                    if !begin(client) {
                        // Nothing of it was sent.
                        batch.put_back(jobs);
                        self.renew_id_if_fenced(client);
                        return true;
                    }
                    let outcome = self.transact(client, &mut batch, &mut jobs);
                    let usable = matches!(outcome.end, End::Committed | End::Aborted);
                    self.tell(&batch, jobs, &outcome);
                    if !usable {
                        self.renew_id_if_fenced(client);
                        return true;
                    }
                }
            }
        }
    }

    /// From the first record to the transaction's end. What comes while the other producer commits is added to `jobs`.
    fn transact(&self, client: &Client, batch: &mut Batch<'_>, jobs: &mut Vec<Job>) -> Outcome {
        let transaction = self.context.begin();
        let failed = self.fill(client, batch, jobs, transaction).err();
        batch.filled();
        self.metrics.transaction_records.observe(jobs.len() as f64);
        if failed.is_none() {
            while client.in_flight_count() > 0 && self.context.failed().is_none() {
                client.poll(POLL);
            }
        }
        if let Some(code) = failed.or_else(|| self.context.failed()) {
            return Outcome { end: self.abort(client), code };
        }
        let started = Instant::now();
        let outcome = self.commit(client);
        self.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
        outcome
    }

    /// Sends what there is, and what comes until it is this producer's turn to commit.
    fn fill(
        &self,
        client: &Client,
        batch: &mut Batch<'_>,
        jobs: &mut Vec<Job>,
        transaction: usize,
    ) -> Result<(), RDKafkaErrorCode> {
        let until = Instant::now() + FILL;
        jobs.iter().try_for_each(|job| self.send(client, job, transaction))?;
        if jobs.len() > 1 {
            std::thread::sleep(COMPANY);
        }
        loop {
            let (more, may_commit) = batch.gather(GATHER);
            let sent = more.iter().try_for_each(|job| self.send(client, job, transaction));
            jobs.extend(more);
            sent?;
            // The other one may be stuck; nobody's order is kept waiting for that.
            if may_commit || Instant::now() > until {
                return Ok(());
            }
            client.poll(Duration::ZERO);
            self.context.failed().map_or(Ok(()), Err)?;
        }
    }

    fn send(&self, client: &Client, job: &Job, transaction: usize) -> Result<(), RDKafkaErrorCode> {
        loop {
            let record = BaseRecord::with_opaque_to(&self.topic, transaction)
                .key(&job.record.key)
                .payload(&job.record.value)
                .headers(job.record.owned_headers());
            match client.send(record).map_err(|(error, _)| error.rdkafka_error_code()) {
                Ok(()) => return Ok(()),
                // What is on its way makes room, or fails in time.
                Err(Some(RDKafkaErrorCode::QueueFull)) => client.poll(POLL),
                Err(code) => return Err(code.unwrap_or(RDKafkaErrorCode::Fail)),
            }
        }
    }

    /// Asks until it is known: the coordinator has an answer sooner or later, and callers do not wait longer for it.
    fn commit(&self, client: &Client) -> Outcome {
        loop {
            let Err(error) = client.commit_transaction(STEP) else {
                self.context.reports.is_up();
                return Outcome { end: End::Committed, code: RDKafkaErrorCode::NoError };
            };
            let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
            tracing::debug!(%error, "commit");
            match next(Call::Commit, mark(&error)) {
                Next::Again => client.poll(POLL),
                Next::Abort if self.abort(client) == End::Aborted => return Outcome { end: End::Aborted, code },
                Next::Abort | Next::Replace => return Outcome { end: End::InDoubt, code },
            }
        }
    }

    fn abort(&self, client: &Client) -> End {
        loop {
            let Err(error) = client.abort_transaction(STEP) else {
                // Reports of purged records.
                client.poll(Duration::ZERO);
                return End::Aborted;
            };
            tracing::debug!(%error, "abort");
            match next(Call::Abort, mark(&error)) {
                Next::Again => client.poll(POLL),
                Next::Abort | Next::Replace => return End::Void,
            }
        }
    }

    /// Answers the callers, or puts their records back for a transaction of their own.
    fn tell(&self, batch: &Batch<'_>, jobs: Vec<Job>, outcome: &Outcome) {
        let Outcome { end, code } = outcome;
        self.metrics.transactions.get_or_create(&Ended { outcome: end.outcome() }).inc();
        let fate = end.fate();
        if fate != Fate::Stored {
            tracing::warn!(records = jobs.len(), outcome = end.outcome(), %code, "a transaction did not commit");
        }
        let result = match fate {
            Fate::Stored => Ok(()),
            Fate::NotStored => Err(PublishError::Refused(*code)),
            Fate::Unknown => Err(PublishError::Unknown),
        };
        let mut again = Vec::new();
        for mut job in jobs {
            if try_alone(fate, job.alone, *code, job.since.elapsed()) {
                job.alone = true;
                again.push(job);
            } else {
                self.metrics.produce_seconds.observe(job.answer(result).as_secs_f64());
            }
        }
        if !again.is_empty() {
            batch.put_back(again);
        }
    }
}

/// False: the producer is of no use any more.
fn begin(client: &Client) -> bool {
    loop {
        let Err(error) = client.begin_transaction() else { return true };
        tracing::debug!(%error, "begin");
        match next(Call::Begin, mark(&error)) {
            Next::Again => client.poll(POLL),
            Next::Abort | Next::Replace => return false,
        }
    }
}

fn new_id(stem: &str, number: usize) -> String {
    format!("{stem}-{}-{number}", Uuid::new_v4().simple())
}
