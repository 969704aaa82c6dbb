//! The migration Job. Its name holds a hash of what it would do, so a done one is never run again, and a failed one is
//! retried by a new Job, later each time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pipeline_api::Migrations;
use serde_json::{Value, json};

use super::{Inputs, Wanted, pod};
use crate::controller::component::Component;
use crate::controller::names::{ATTEMPT, MIGRATION, TEMPLATE_HASH, short_hash};
use crate::controller::object::{Kind, Object};

const FIRST_RETRY: SignedDuration = SignedDuration::from_secs(10);
const LAST_RETRY: SignedDuration = SignedDuration::from_mins(10);
/// Failed Jobs that are kept to look at.
const KEPT: u32 = 3;

/// How far the migration of this version is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Migration {
    /// A person migrates.
    Manual,
    /// Not begun, or begun with a pod that could not start and would be another one by now.
    Due,
    Running {
        job: String,
    },
    Failed {
        job: String,
        attempt: u32,
        retry_at: Timestamp,
    },
    Done {
        job: String,
    },
}

impl Migration {
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Manual | Self::Done { .. })
    }

    /// Time to the next attempt.
    pub fn retry_in(&self, now: Timestamp) -> Option<Duration> {
        let Self::Failed { retry_at, .. } = self else { return None };
        Some(Duration::try_from(retry_at.duration_since(now)).unwrap_or_default().max(Duration::from_secs(1)))
    }
}

/// Looks at the Jobs of this version's migration.
pub(super) fn migration(inputs: &Inputs<'_>) -> Migration {
    if inputs.pipeline.spec.database.migrations == Migrations::Manual {
        return Migration::Manual;
    }
    let jobs = jobs(inputs);
    if let Some((_, job)) = jobs.iter().find(|(_, job)| condition(job, "Complete").is_some()) {
        return Migration::Done { job: job.name().to_owned() };
    }
    let Some((attempt, newest)) = jobs.iter().max_by_key(|(attempt, _)| *attempt) else {
        return Migration::Due;
    };
    let job = newest.name().to_owned();
    match condition(newest, "Failed") {
        None if is_superseded(inputs, newest) => Migration::Due,
        None => Migration::Running { job },
        Some(failed) => {
            let at = failed["lastTransitionTime"].as_str().and_then(|time| time.parse().ok());
            let retry_at = at.unwrap_or(inputs.observed.now) + backoff(*attempt);
            Migration::Failed { job, attempt: *attempt, retry_at }
        }
    }
}

/// Whether its pod cannot start, and would be another one by now: what was wrong (an image, a pull Secret, a node
/// selector) may be mended in the resource, and the Job would wait for ever.
fn is_superseded(inputs: &Inputs<'_>, job: &Object) -> bool {
    let stuck = inputs.observed.pods.iter().any(|pod| pod.job.as_deref() == Some(job.name()) && pod.trouble.is_some());
    let now = pod::template(inputs, Component::Migrator).map(|template| template_hash(&template));
    stuck && job.annotation(TEMPLATE_HASH).is_some_and(|then| Some(then) != now.as_deref())
}

fn template_hash(template: &Value) -> String {
    short_hash(&template.to_string())
}

/// Adds the Job that is due, and keeps those that still say something.
pub(super) fn plan(inputs: &Inputs<'_>, migration: &Migration, wanted: &mut Wanted) {
    let newest = jobs(inputs).iter().map(|(attempt, _)| *attempt).max().unwrap_or(0);
    for (attempt, job) in jobs(inputs) {
        let superseded = *migration == Migration::Due && attempt == newest;
        if attempt + KEPT > newest && !superseded {
            wanted.keep(Kind::Job, job.name().to_owned());
        }
    }
    if let Migration::Done { job } = migration {
        wanted.keep(Kind::Job, job.clone());
    }
    let due = match migration {
        Migration::Due => Some(newest + 1),
        Migration::Failed { attempt, retry_at, .. } if *retry_at <= inputs.observed.now => Some(attempt + 1),
        _ => None,
    };
    let ready = inputs.valid.kafka.finding.is_true() && inputs.valid.database_secrets.is_none();
    if let (Some(attempt), true) = (due, ready)
        && let Some(job) = build(inputs, attempt)
    {
        wanted.add(job);
    }
}

fn build(inputs: &Inputs<'_>, attempt: u32) -> Option<Object> {
    let names = &inputs.valid.names;
    let hash = hash(inputs);
    let labels = json!({MIGRATION: hash, ATTEMPT: attempt.to_string()});
    let mut metadata = names.metadata(&names.migration(&hash, attempt), Some(Component::Migrator));
    let mut template = pod::template(inputs, Component::Migrator)?;
    metadata["annotations"] = json!({TEMPLATE_HASH: template_hash(&template)});
    for target in [&mut metadata["labels"], &mut template["metadata"]["labels"]] {
        target[MIGRATION] = labels[MIGRATION].clone();
        target[ATTEMPT] = labels[ATTEMPT].clone();
    }
    template["spec"]["restartPolicy"] = "Never".into();
    Some(Object::new(
        Kind::Job,
        json!({"metadata": metadata, "spec": {"backoffLimit": 0, "completions": 1, "parallelism": 1, "template": template}}),
    ))
}

/// Image, migrations, and where they run: another database needs them again.
fn hash(inputs: &Inputs<'_>) -> String {
    let database = &inputs.pipeline.spec.database;
    let image = inputs.image(Component::Migrator);
    short_hash(&format!("{image} {} {}:{}/{}", env!("MIGRATIONS_HASH"), database.host, database.port, database.name))
}

/// Jobs of this hash by attempt.
fn jobs<'a>(inputs: &'a Inputs<'_>) -> Vec<(u32, &'a Object)> {
    let hash = hash(inputs);
    let jobs = inputs.observed.children.iter().filter(|child| child.kind == Kind::Job);
    let jobs = jobs.filter(|job| job.label(MIGRATION) == Some(hash.as_str()));
    jobs.filter_map(|job| Some((job.label(ATTEMPT)?.parse().ok()?, job))).collect()
}

fn condition<'a>(job: &'a Object, kind: &str) -> Option<&'a Value> {
    let conditions = job.body["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == kind && condition["status"] == "True")
}

fn backoff(attempt: u32) -> SignedDuration {
    let factor = 2_i32.saturating_pow(attempt.saturating_sub(1).min(16));
    FIRST_RETRY.checked_mul(factor).unwrap_or(LAST_RETRY).min(LAST_RETRY)
}
