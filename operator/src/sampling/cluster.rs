//! One Kafka cluster: one client, which asks for all pipelines of a round at once.
//!
//! librdkafka's calls block. They run on a thread of their own, and a round that hangs keeps only its own slot busy: the
//! pipelines of that slot are unknown meanwhile, everything else goes on.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kafka_offsets::{GroupOffsets, Isolation, LogPosition, OffsetsError, Spec, list_group_offsets, list_offsets};
use rdkafka::admin::AdminClient;
use rdkafka::client::{Client, DefaultClientContext};
use rdkafka::error::KafkaError;

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

/// Offsets by partition number, or why they are not known.
pub type Answer = Result<Vec<PartitionSample>, String>;

/// A client of one cluster; cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    admin: Arc<AdminClient<DefaultClientContext>>,
    busy: Arc<Mutex<HashSet<u64>>>,
}

impl Cluster {
    /// # Errors
    /// When librdkafka does not accept the configuration (a certificate that is none, say). No connection is made here.
    pub fn new(login: &Login) -> Result<Self, KafkaError> {
        Ok(Self { admin: Arc::new(login.client_config().create()?), busy: Arc::default() })
    }

    /// Asks for all pipelines of a round. `slot` names the round: while an earlier one of it still waits, none is
    /// started.
    pub async fn ask(&self, slot: u64, questions: Vec<Question>) -> BTreeMap<Key, Answer> {
        let keys: Vec<Key> = questions.iter().map(|question| question.key.clone()).collect();
        let all = |why: String| keys.iter().map(|key| (key.clone(), Err(why.clone()))).collect();
        let Some(place) = Place::take(&self.busy, slot) else {
            return all("Kafka has not answered the last question yet".to_owned());
        };
        let admin = self.admin.clone();
        let asking = tokio::task::spawn_blocking(move || {
            let _place = place;
            ask(admin.inner(), &questions)
        });
        match tokio::time::timeout(ROUND, asking).await {
            Ok(Ok(Ok(answers))) => answers,
            Ok(Ok(Err(error))) => all(format!("Kafka: {error}")),
            Ok(Err(_panic)) => all("a bug: asking Kafka panicked, the log says where".to_owned()),
            Err(_elapsed) => all("Kafka does not answer".to_owned()),
        }
    }
}

/// A slot that is in use until this is dropped.
struct Place {
    busy: Arc<Mutex<HashSet<u64>>>,
    slot: u64,
}

impl Place {
    fn take(busy: &Arc<Mutex<HashSet<u64>>>, slot: u64) -> Option<Self> {
        let free = busy.lock().unwrap_or_else(PoisonError::into_inner).insert(slot);
        free.then(|| Self { busy: busy.clone(), slot })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.slot);
    }
}

type Ends = BTreeMap<LogPosition, Result<i64, OffsetsError>>;

/// Committed offsets first, then ends: so lag is never below zero.
fn ask(client: &Client<DefaultClientContext>, questions: &[Question]) -> Result<BTreeMap<Key, Answer>, OffsetsError> {
    let groups: Vec<&str> = questions.iter().map(|question| question.group.as_str()).collect();
    let committed = list_group_offsets(client, &groups, TIMEOUT)?;
    // Two pipelines may share a topic, and a partition must be named once.
    let topics: BTreeMap<&str, u32> = questions.iter().fold(BTreeMap::new(), |mut topics, question| {
        let most = topics.entry(question.topic.as_str()).or_insert(0);
        *most = (*most).max(question.partitions);
        topics
    });
    let ends = |spec: Spec, isolation: Isolation| {
        let each = topics.iter().flat_map(|(topic, partitions)| {
            (0..*partitions).filter_map(|partition| Some((*topic, i32::try_from(partition).ok()?, spec)))
        });
        list_offsets(client, &each.collect::<Vec<_>>(), isolation, TIMEOUT)
    };
    let stable = ends(Spec::Latest, Isolation::Committed)?;
    let high = ends(Spec::Latest, Isolation::Uncommitted)?;
    let start = ends(Spec::Earliest, Isolation::Uncommitted)?;
    let answer = |question: &Question| match committed.get(&question.group) {
        Some(Ok(committed)) => partitions(question, committed, &stable, &high, &start),
        Some(Err(error)) => Err(format!("Kafka does not tell what group {} committed: {error}", question.group)),
        None => Err(format!("Kafka said nothing about group {}", question.group)),
    };
    Ok(questions.iter().map(|question| (question.key.clone(), answer(question))).collect())
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
