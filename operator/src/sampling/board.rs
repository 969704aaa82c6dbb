//! What passes and sampler know of each other: passes post targets, the sampler posts what came of them. Neither waits
//! for the other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::runtime::reflector::ObjectRef;
use pipeline_api::{ComponentStatus, OrderPipelineStatus, ScalingStatus};
use secrecy::SecretString;
use tokio::sync::mpsc::UnboundedSender;

use super::cluster::Answer;
use super::figures::{DatabaseWord, Held, Scraped};
use super::record::{Decided, Record, Sample};
use super::scrape::Scrape;
use super::target::{Key, Target};
use crate::controller::Trigger;
use crate::scaling::{self, Decision, History, LimitedBy, Observation};

/// Numbers in the status are written at most this often.
const TOLD_EVERY: Duration = Duration::from_secs(60);
/// A history that is longer is not kept over a restart.
const LONGEST_HISTORY: usize = 16 * 1024;

/// Everything known, by pipeline. Memory is bounded by the number of pipelines.
#[derive(Default)]
pub struct Board {
    leads: AtomicBool,
    entries: Mutex<BTreeMap<Key, Entry>>,
}

struct Entry {
    target: Arc<Target>,
    /// Asks for a pass over this pipeline.
    pass: UnboundedSender<ObjectRef<Trigger>>,
    history: History,
    latest: Option<Latest>,
    scraped: Scraped,
    record: Record,
    last_change: Option<String>,
    status: Told,
}

/// What the last sample gave.
#[derive(Clone, Debug)]
pub struct Latest {
    pub decision: Decision,
    /// Why offsets are not known; `None`: they are.
    pub trouble: Option<String>,
    /// What consumers say of their database.
    pub database: DatabaseWord,
    /// Why they hold everything; `None`: they do not.
    pub held: Option<Held>,
    /// Partitions that stand because records are lost.
    pub stopped: u64,
}

/// What the last pass said.
#[derive(Default)]
struct Told {
    at: Option<Instant>,
    components: Vec<ComponentStatus>,
    conditions: Vec<Condition>,
    scaling: ScalingStatus,
}

/// What a pass needs to know.
#[derive(Clone, Debug, Default)]
pub struct View {
    pub latest: Option<Latest>,
    /// The number to run now.
    pub decided: Option<i32>,
    /// The last change of the number, for a person.
    pub last_change: Option<String>,
    /// For the status.
    pub history: Option<String>,
    /// The numbers in the status may be written again.
    pub due: bool,
}

/// What the operations view gets.
pub struct Report {
    pub components: Vec<ComponentStatus>,
    pub conditions: Vec<Condition>,
    pub scaling: ScalingStatus,
    pub targets: Option<(f64, f64)>,
    pub latest: Option<Latest>,
    pub samples: Vec<Sample>,
    pub decisions: Vec<Decided>,
}

impl Board {
    /// This operator works from now on.
    pub fn lead(&self) {
        self.leads.store(true, Ordering::Relaxed);
    }

    /// Whether it does; a candidate that waits for the Lease knows nothing.
    pub fn leads(&self) -> bool {
        self.leads.load(Ordering::Relaxed)
    }

    /// A pass says what is to be sampled. `remembered`: the history in the resource's status, for the first time.
    pub fn post(&self, key: &Key, target: Target, remembered: Option<&str>, pass: UnboundedSender<ObjectRef<Trigger>>) {
        let mut entries = self.lock();
        if let Some(entry) = entries.get_mut(key).filter(|entry| entry.target.uid == target.uid) {
            if entry.target.size != target.size {
                entry.history = std::mem::take(&mut entry.history).with_other_consumers();
            }
            entry.target = Arc::new(target);
            return;
        }
        // A history of another version may not be readable: then it is learnt anew.
        let history = remembered.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let entry = Entry {
            target: Arc::new(target),
            pass,
            history,
            latest: None,
            scraped: Scraped::default(),
            record: Record::default(),
            last_change: None,
            status: Told::default(),
        };
        entries.insert(key.clone(), entry);
    }

    pub fn forget(&self, key: &Key) {
        self.lock().remove(key);
    }

    /// All targets.
    pub fn targets(&self) -> Vec<(Key, Arc<Target>)> {
        self.lock().iter().map(|(key, entry)| (key.clone(), entry.target.clone())).collect()
    }

    /// For a pass over the resource with this uid.
    pub fn view(&self, key: &Key, uid: &str) -> View {
        let entries = self.lock();
        let Some(entry) = entries.get(key).filter(|entry| entry.target.uid == uid) else {
            return View { due: true, ..View::default() };
        };
        let history = serde_json::to_string(&entry.history.for_status()).ok();
        View {
            latest: entry.latest.clone(),
            decided: entry.latest.as_ref().filter(|_| entry.target.acts).and_then(decided),
            last_change: entry.last_change.clone(),
            history: history.filter(|text| text.len() <= LONGEST_HISTORY),
            due: entry.status.at.is_none_or(|at| at.elapsed() >= TOLD_EVERY),
        }
    }

    /// A pass scaled the consumers, as the decision said.
    pub fn changed(&self, key: &Key, text: &str) {
        if let Some(entry) = self.lock().get_mut(key) {
            entry.last_change = Some(text.to_owned());
        }
    }

    /// A pass ended with this status; `written`: with the present numbers.
    pub fn told(&self, key: &Key, status: &OrderPipelineStatus, written: bool) {
        if let Some(entry) = self.lock().get_mut(key) {
            entry.status.components.clone_from(&status.components);
            entry.status.conditions.clone_from(&status.conditions);
            entry.status.scaling = status.scaling.clone().unwrap_or_default();
            if written {
                entry.status.at = Some(Instant::now());
            }
        }
    }

    /// The sampler looked. Decides, and asks for a pass when one has something to do. Gives the decision.
    pub fn sampled(&self, key: &Key, target: &Target, answer: Answer, scrape: Scrape, now: Timestamp) -> Option<Seen> {
        let mut entries = self.lock();
        let entry = entries.get_mut(key).filter(|entry| entry.target.uid == target.uid)?;
        let (replicas, Ok(policy)) = (target.replicas?, &target.policy) else { return None };
        let (partitions, trouble) = match answer {
            Ok(partitions) => (Some(partitions), None),
            Err(why) => (None, Some(why)),
        };
        let scraped = entry.scraped.add(scrape);
        let t = now.as_millisecond() as f64 / 1000.0;
        let observation = Observation {
            t,
            replicas,
            ready: target.ready,
            partitions,
            database_latency_ms: scraped.commit_milliseconds,
            consumers: scraped.consumers,
        };
        let (decision, history) = scaling::decide(&observation, policy, entry.history.clone(), t);
        entry.history = history;
        entry.record.add(now, replicas, &decision, target.acts);
        let (database, held, stopped) = (scraped.database, scraped.held, scraped.stopped);
        let latest = Latest { decision, trouble, database, held, stopped };
        let to_apply = target.acts && latest.decision.replicas != replicas;
        let other_story = entry.latest.as_ref().map(story) != Some(story(&latest));
        let stale = entry.status.at.is_none_or(|at| at.elapsed() >= TOLD_EVERY);
        if to_apply || other_story || stale {
            // Nobody listens any more only when the controller is stopping.
            let _ = entry.pass.send(ObjectRef::new(&key.name).within(&key.namespace));
        }
        let seen = Seen { decision: latest.decision.clone(), partitions: observation.partitions };
        entry.latest = Some(latest);
        Some(seen)
    }

    /// The bearer token that opens a pipeline's report; `None`: there is no such pipeline, or it has none.
    pub fn token(&self, key: &Key) -> Option<SecretString> {
        self.lock().get(key)?.target.token.clone()
    }

    pub fn report(&self, key: &Key) -> Option<Report> {
        let entries = self.lock();
        let entry = entries.get(key)?;
        let policy = entry.target.policy.as_ref().ok();
        Some(Report {
            components: entry.status.components.clone(),
            conditions: entry.status.conditions.clone(),
            scaling: entry.status.scaling.clone(),
            targets: policy.map(|policy| (policy.max_order_age, policy.drain_after_burst)),
            latest: entry.latest.clone(),
            samples: entry.record.samples(),
            decisions: entry.record.decisions(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Entry>> {
        // A panic inside leaves whole entries.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a sample gave, for metrics.
pub struct Seen {
    pub decision: Decision,
    pub partitions: Option<Vec<scaling::PartitionSample>>,
}

fn decided(latest: &Latest) -> Option<i32> {
    i32::try_from(latest.decision.replicas).ok()
}

/// What a person is told at once when it changes; numbers alone can wait.
fn story(latest: &Latest) -> (Option<LimitedBy>, bool, DatabaseWord, Option<Held>, u64, [bool; 3]) {
    let figures = &latest.decision.figures;
    let marks = [&figures.hot_partitions, &figures.stalled_partitions, &figures.stuck_transactions];
    let marks = marks.map(|marked| !marked.is_empty());
    (latest.decision.limited_by, latest.trouble.is_some(), latest.database, latest.held, latest.stopped, marks)
}
