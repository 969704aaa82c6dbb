//! Whether the Secrets that a person provides are there and whole.

use pipeline_api::OrderPipeline;

use crate::controller::finding::Finding;
use crate::controller::observe::Observed;
use crate::controller::references::{self, Needed};

/// What is wrong with the database's Secrets, and with the others.
pub(super) fn check(pipeline: &OrderPipeline, observed: &Observed) -> (Option<Finding>, Option<Finding>) {
    let needed = references::needed(pipeline);
    let first = |database: bool| {
        needed.iter().filter(|needed| needed.database == database).find_map(|needed| problem(needed, observed))
    };
    (first(true), first(false))
}

fn problem(needed: &Needed, observed: &Observed) -> Option<Finding> {
    let Needed { field, secret, keys, .. } = needed;
    let Some(data) = observed.secrets.get(secret) else {
        return Some(Finding::no("SecretNotFound", format!("{field}: Secret {secret} does not exist")));
    };
    let bad = keys.iter().find(|key| data.get(*key).is_none_or(|value| value.trim_ascii().is_empty()))?;
    let state = if data.contains_key(bad) { "is empty" } else { "is missing" };
    Some(Finding::no("SecretKeyMissing", format!("{field}: key {bad} of Secret {secret} {state}")))
}
