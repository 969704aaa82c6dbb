//! One Kafka cluster: one client for the logs of all pipelines, and one for each group, which tells only of its own.
//!
//! librdkafka's calls block. They run on threads of their own, and a round that hangs keeps only its own slot busy: the
//! pipelines of that slot are unknown meanwhile, everything else goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use kafka_offsets::{GroupOffsets, GroupReader, Isolation, LogPosition, OffsetsError, Spec, list_offsets};
use rdkafka::ClientConfig;
use rdkafka::admin::AdminClient;
use rdkafka::client::{Client, DefaultClientContext};
use rdkafka::error::KafkaError;
use tokio::sync::Mutex;

use super::SLOTS;
use super::target::{Key, Login};
use crate::scaling::{Committed, PartitionSample};

/// Longest wait for one answer of the cluster.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Longest wait for all answers of a round.
const ROUND: Duration = Duration::from_secs(8);

/// What is asked for one pipeline.
#[derive(Clone, Debug)]
pub struct Question {
    pub key: Key,
    pub group: String,
    pub topic: String,
    pub partitions: u32,
}

impl Question {
    fn logs(&self) -> impl Iterator<Item = (&str, i32)> {
        (0..self.partitions).filter_map(|partition| Some((self.topic.as_str(), i32::try_from(partition).ok()?)))
    }
}

/// Offsets by partition number, or why they are not known.
pub type Answer = Result<Vec<PartitionSample>, String>;

/// The groups of one slot, by name.
type Readers = BTreeMap<String, GroupReader>;

/// The clients of one cluster; cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    config: Arc<ClientConfig>,
    admin: Arc<AdminClient<DefaultClientContext>>,
    /// Locked while a round of the slot waits.
    slots: [Arc<Mutex<Readers>>; SLOTS],
}

impl Cluster {
    /// # Errors
    /// When librdkafka does not accept the configuration (a certificate that is none, say). No connection is made here.
    pub fn new(login: &Login) -> Result<Self, KafkaError> {
        let config = login.client_config();
        let admin = Arc::new(config.create()?);
        Ok(Self { config: Arc::new(config), admin, slots: Default::default() })
    }

    /// Asks for all pipelines of the round `slot`: while an earlier one of it still waits, none is started. Connections to
    /// groups of the slot that are not asked for any more are closed.
    pub async fn ask(&self, slot: usize, questions: Vec<Question>) -> BTreeMap<Key, Answer> {
        let keys: Vec<Key> = questions.iter().map(|question| question.key.clone()).collect();
        let all = |why: String| keys.iter().map(|key| (key.clone(), Err(why.clone()))).collect();
        let Ok(mut readers) = self.slots[slot].clone().try_lock_owned() else {
            return all("Kafka has not answered the last question yet".to_owned());
        };
        let this = self.clone();
        let asking =
            tokio::task::spawn_blocking(move || ask(&this.config, this.admin.inner(), &mut readers, &questions));
        match tokio::time::timeout(ROUND, asking).await {
            Ok(Ok(Ok(answers))) => answers,
            Ok(Ok(Err(error))) => all(format!("Kafka: {error}")),
            Ok(Err(_panic)) => all("a bug: asking Kafka panicked, the log says where".to_owned()),
            Err(_elapsed) => all("Kafka does not answer".to_owned()),
        }
    }
}

type Ends = BTreeMap<LogPosition, Result<i64, OffsetsError>>;

/// Committed offsets first, then ends: so lag is never below zero.
fn ask(
    config: &ClientConfig,
    client: &Client<DefaultClientContext>,
    readers: &mut Readers,
    questions: &[Question],
) -> Result<BTreeMap<Key, Answer>, OffsetsError> {
    let committed = committed(config, readers, questions);
    // Two pipelines may share a topic, and a partition must be named once.
    let topics: BTreeSet<_> = questions.iter().flat_map(Question::logs).collect();
    let ends = |spec: Spec, isolation: Isolation| {
        let each: Vec<_> = topics.iter().map(|(topic, partition)| (*topic, *partition, spec)).collect();
        list_offsets(client, &each, isolation, TIMEOUT)
    };
    let stable = ends(Spec::Latest, Isolation::Committed)?;
    let high = ends(Spec::Latest, Isolation::Uncommitted)?;
    let start = ends(Spec::Earliest, Isolation::Uncommitted)?;
    let answer = |question: &Question| match committed.get(&question.group) {
        Some(Ok(committed)) => partitions(question, committed, &stable, &high, &start),
        Some(Err(why)) => Err(format!("Kafka does not tell what group {} committed: {why}", question.group)),
        None => Err(format!("Kafka said nothing about group {}", question.group)),
    };
    Ok(questions.iter().map(|question| (question.key.clone(), answer(question))).collect())
}

/// Asks all groups at the same time: it takes as long as the slowest of them, not their sum.
fn committed(
    config: &ClientConfig,
    readers: &mut Readers,
    questions: &[Question],
) -> BTreeMap<String, Result<GroupOffsets, String>> {
    let mut asked: BTreeMap<&str, BTreeSet<(&str, i32)>> = BTreeMap::new();
    for question in questions {
        asked.entry(&question.group).or_default().extend(question.logs());
    }
    readers.retain(|group, _| asked.contains_key(group.as_str()));
    let mut answers = BTreeMap::new();
    for group in asked.keys() {
        if !readers.contains_key(*group) {
            match GroupReader::new(config, group) {
                Ok(reader) => drop(readers.insert((*group).to_owned(), reader)),
                Err(error) => drop(answers.insert((*group).to_owned(), Err(format!("Kafka's client: {error}")))),
            }
        }
    }
    thread::scope(|scope| {
        let asking = readers.iter_mut().filter_map(|(group, reader)| {
            let partitions: Vec<_> = asked.get(group.as_str())?.iter().copied().collect();
            Some((group, scope.spawn(move || reader.committed(&partitions, TIMEOUT))))
        });
        for (group, thread) in asking.collect::<Vec<_>>() {
            let answer = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
            answers.insert(group.clone(), answer.map_err(|error| error.to_string()));
        }
    });
    answers
}

fn partitions(question: &Question, committed: &GroupOffsets, stable: &Ends, high: &Ends, start: &Ends) -> Answer {
    let mut refusal = None;
    let mut samples = Vec::new();
    for partition in 0..question.partitions {
        let position = (question.topic.clone(), i32::try_from(partition).unwrap_or(i32::MAX));
        let mut known = |ends: &Ends| match ends.get(&position) {
            Some(Ok(offset)) => Some(*offset),
            Some(Err(error)) => {
                refusal.get_or_insert_with(|| error.to_string());
                None
            }
            None => None,
        };
        samples.push(PartitionSample {
            end: known(stable),
            high_watermark: known(high),
            log_start: known(start),
            committed: match committed.get(&position) {
                Some(Ok(Some(offset))) => Committed::At(*offset),
                Some(Ok(None)) | None => Committed::Nothing,
                Some(Err(_)) => Committed::Unknown,
            },
        });
    }
    if samples.iter().any(|sample| sample.end.is_some()) {
        return Ok(samples);
    }
    let why = refusal.unwrap_or_else(|| "no answer".to_owned());
    Err(format!("Kafka does not tell where the logs of topic {} end: {why}", question.topic))
}
