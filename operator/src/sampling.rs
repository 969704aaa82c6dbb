//! The shell around the scaling decision: asks Kafka and the consumers every 5 s, decides, and asks for a pass when
//! there is something to do. The pass applies and reports; it never waits for a sample, and a sample that hangs holds
//! nothing up.
//!
//! - [`target`]: what is sampled for one pipeline, as the last pass said;
//! - [`cluster`]: a Kafka cluster, asked for all its pipelines of a round at once;
//! - [`scrape`], [`exposition`], [`figures`]: what consumers say of themselves;
//! - [`board`]: what passes and sampler tell each other;
//! - [`record`]: the last hour, for the operations view.
//!
//! Pipelines are spread over five rounds a second apart, so that they do not all ask at the same moment.

pub mod board;
pub mod cluster;
mod exposition;
pub mod figures;
pub mod metrics;
pub mod record;
pub mod scrape;
pub mod target;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
pub use board::{Board, Latest, View};
use cluster::{Cluster, Question};
pub use figures::{DatabaseWord, Held};
pub use target::{Consumer, Key, Login, Target};

/// Rounds, each a second after the one before.
const SLOTS: usize = 5;

/// Samples until `stop`.
///
/// # Errors
/// When the process has no TLS provider.
pub async fn run(board: Arc<Board>, metrics: Metrics, stop: CancellationToken) -> anyhow::Result<()> {
    let pods = scrape::client()?;
    board.lead();
    let mut clusters: HashMap<String, Result<Cluster, String>> = HashMap::new();
    let mut rounds = JoinSet::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    for slot in (0..SLOTS).cycle() {
        if stop.run_until_cancelled(ticks.tick()).await.is_none() {
            break;
        }
        while let Some(ended) = rounds.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "a bug: a round of samples panicked");
            }
        }
        let targets = board.targets();
        let mut used: HashMap<String, Vec<(Key, Arc<Target>)>> = HashMap::new();
        for (key, target) in targets {
            let id = target.login.as_ref().map_or_else(|_| String::new(), |login| login.id());
            if let Ok(login) = &target.login {
                clusters
                    .entry(id.clone())
                    .or_insert_with(|| Cluster::new(login).map_err(|error| format!("Kafka's client: {error}")));
            }
            used.entry(id).or_default().push((key, target));
        }
        // Without a user left: another password by now, or no pipeline any more. Closing a client may take a while.
        let idle: Vec<_> = clusters.extract_if(|id, _| !used.contains_key(id)).collect();
        if !idle.is_empty() {
            tokio::task::spawn_blocking(move || drop(idle));
        }
        for (id, targets) in used {
            let due: Vec<_> = targets.into_iter().filter(|(key, _)| slot_of(key) == slot).collect();
            let cluster = clusters.get(&id).cloned();
            // With nobody due, too: then the slot's last group is let go.
            rounds.spawn(round(cluster, slot, due, pods.clone(), board.clone(), metrics.clone()));
        }
    }
    Ok(())
}

fn slot_of(key: &Key) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    (hasher.finish() % SLOTS as u64) as usize
}

/// One round of one cluster: all answers, then all decisions.
async fn round(
    cluster: Option<Result<Cluster, String>>,
    slot: usize,
    targets: Vec<(Key, Arc<Target>)>,
    pods: reqwest::Client,
    board: Arc<Board>,
    metrics: Metrics,
) {
    let questions = targets.iter().filter_map(|(key, target)| {
        let partitions = target.policy.as_ref().ok()?.partitions;
        Some(Question { key: key.clone(), group: target.group.clone(), topic: target.topic.clone(), partitions })
    });
    let questions: Vec<_> = questions.collect();
    let asking = async {
        match &cluster {
            Some(Ok(cluster)) => cluster.ask(slot, questions).await,
            _ => Default::default(),
        }
    };
    let scrapes = targets.iter().map(|(_, target)| scrape::scrape(&pods, &target.consumers));
    let (mut answers, scrapes) = tokio::join!(asking, futures::future::join_all(scrapes));
    let now = Timestamp::now();
    for ((key, target), scrape) in targets.iter().zip(scrapes) {
        let answer = match (&target.login, &cluster) {
            (Err(why), _) | (_, Some(Err(why))) => Err(why.clone()),
            _ => answers.remove(key).unwrap_or_else(|| Err("Kafka was not asked".to_owned())),
        };
        let result = if answer.is_ok() { "ok" } else { "unknown" };
        metrics.scaling.sampled(result);
        match board.sampled(key, target, answer, scrape, now) {
            Some(seen) => metrics.scaling.show(key, target, &seen),
            None => metrics.scaling.clear(key),
        }
    }
}
