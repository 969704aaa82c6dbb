//! Of several operators one works: the holder of a Lease.
//!
//! Every write carries the resourceVersion that was read, so two candidates can never both win. Whether a Lease has
//! run out is judged by our own clock since we first saw its present state, never by the holder's time. The holder
//! stops before others may start: when it could not renew for two thirds of the duration, the process ends.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Client;
use kube::api::{Api, ObjectMeta, PostParams};
use tokio_util::sync::CancellationToken;

use crate::config::LeaseArgs;

/// What to do about a Lease.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is ours, or free, or run out: write it.
    Take,
    /// Another one holds it.
    Wait,
}

/// A Lease as we saw it first in its present state.
#[derive(Clone, Debug)]
pub struct Sighting {
    pub version: Option<String>,
    pub since: Instant,
}

/// Decides from what is there. Pure.
pub fn decide(lease: &Lease, seen: &Sighting, me: &str, now: Instant) -> Decision {
    let spec = lease.spec.clone().unwrap_or_default();
    let holder = spec.holder_identity.unwrap_or_default();
    let duration = Duration::from_secs(spec.lease_duration_seconds.unwrap_or(0).max(0).unsigned_abs().into());
    if holder.is_empty() || holder == me || now.duration_since(seen.since) > duration {
        Decision::Take
    } else {
        Decision::Wait
    }
}

/// The Lease was lost: another operator may work from now on.
#[derive(Debug, thiserror::Error)]
#[error("the Lease could not be renewed for {0:?}: another operator may have it")]
pub struct Lost(Duration);

/// A candidate, or the holder.
pub struct Leader {
    api: Api<Lease>,
    name: String,
    identity: String,
    duration: Duration,
    seen: Option<Sighting>,
}

impl Leader {
    /// `args.pod_name` and a random part: a restarted container is another candidate.
    pub fn new(client: Client, args: &LeaseArgs) -> Self {
        Self {
            api: Api::namespaced(client, &args.lease_namespace),
            name: args.lease_name.clone(),
            identity: format!("{}_{}", args.pod_name, uuid::Uuid::new_v4()),
            duration: args.lease_duration,
            seen: None,
        }
    }

    /// Waits until the Lease is ours. `false`: `stop` came first.
    pub async fn acquire(&mut self, stop: &CancellationToken) -> bool {
        loop {
            match self.attempt().await {
                Ok(true) => {
                    tracing::info!(lease = self.name, identity = self.identity, "this operator works now");
                    return true;
                }
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, lease = self.name, "the Lease cannot be read or written"),
            }
            if stop.run_until_cancelled(tokio::time::sleep(self.duration / 5)).await.is_none() {
                return false;
            }
        }
    }

    /// Renews until that fails for too long.
    pub async fn keep(&mut self) -> Lost {
        let limit = self.duration * 2 / 3;
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(self.duration / 5).await;
            let left = limit.saturating_sub(renewed.elapsed());
            match tokio::time::timeout(left, self.attempt()).await {
                Ok(Ok(true)) => renewed = Instant::now(),
                Ok(Ok(false)) => return Lost(renewed.elapsed()),
                Ok(Err(error)) => tracing::warn!(%error, lease = self.name, "the Lease was not renewed"),
                Err(_) => {}
            }
            if renewed.elapsed() >= limit {
                return Lost(renewed.elapsed());
            }
        }
    }

    /// Lets the next one start at once.
    pub async fn release(&mut self) {
        let Ok(mut lease) = self.api.get(&self.name).await else { return };
        let Some(spec) = lease.spec.as_mut().filter(|spec| spec.holder_identity.as_ref() == Some(&self.identity))
        else {
            return;
        };
        spec.holder_identity = Some(String::new());
        if let Err(error) = self.api.replace(&self.name, &PostParams::default(), &lease).await {
            tracing::info!(%error, lease = self.name, "the Lease was not released; it runs out by itself");
        }
    }

    /// Reads, decides, writes. `false`: another one has it, or was quicker.
    async fn attempt(&mut self) -> Result<bool, kube::Error> {
        let written = match self.api.get_opt(&self.name).await? {
            None => {
                let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
                let lease = Lease { metadata, spec: Some(self.spec(None)) };
                self.api.create(&PostParams::default(), &lease).await
            }
            Some(mut lease) => {
                let version = lease.metadata.resource_version.clone();
                let now = Instant::now();
                let seen = match &self.seen {
                    Some(seen) if seen.version == version => seen.clone(),
                    _ => Sighting { version, since: now },
                };
                self.seen = Some(seen.clone());
                if decide(&lease, &seen, &self.identity, now) == Decision::Wait {
                    return Ok(false);
                }
                lease.spec = Some(self.spec(lease.spec.as_ref()));
                self.api.replace(&self.name, &PostParams::default(), &lease).await
            }
        };
        match written {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn spec(&self, before: Option<&LeaseSpec>) -> LeaseSpec {
        let now = MicroTime(Timestamp::now());
        let same = before.filter(|before| before.holder_identity.as_ref() == Some(&self.identity));
        let changes = before.and_then(|before| before.lease_transitions).unwrap_or(0);
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: Some(i32::try_from(self.duration.as_secs().max(1)).unwrap_or(i32::MAX)),
            acquire_time: same.and_then(|before| before.acquire_time.clone()).or(Some(now.clone())),
            renew_time: Some(now),
            lease_transitions: Some(if same.is_some() || before.is_none() { changes } else { changes + 1 }),
            ..LeaseSpec::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::free(None, 0, Decision::Take)]
    #[case::released(Some(""), 0, Decision::Take)]
    #[case::mine(Some("me"), 0, Decision::Take)]
    #[case::held(Some("other"), 14, Decision::Wait)]
    #[case::run_out(Some("other"), 16, Decision::Take)]
    fn takes_only_what_is_free(#[case] holder: Option<&str>, #[case] seen_for: u64, #[case] decision: Decision) {
        let spec = LeaseSpec {
            holder_identity: holder.map(Into::into),
            lease_duration_seconds: Some(15),
            ..LeaseSpec::default()
        };
        let lease = Lease { spec: Some(spec), ..Lease::default() };
        let start = Instant::now();
        let seen = Sighting { version: None, since: start };
        assert_eq!(decide(&lease, &seen, "me", start + Duration::from_secs(seen_for)), decision);
    }
}
