//! What a process says of itself: alive, ready, and the state of each backend it talks to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde::Serialize;

/// Shared by all of a process; cheap to clone.
#[derive(Clone, Debug)]
pub struct Health {
    state: Arc<Mutex<State>>,
    up: Family<ComponentLabel, Gauge>,
}

#[derive(Debug)]
struct State {
    not_ready: Option<String>,
    draining: bool,
    components: BTreeMap<&'static str, Status>,
}

/// One backend's state as `/healthz` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Status {
    /// None: not known yet.
    pub(crate) up: Option<bool>,
    /// Why it is down; holds no secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ComponentLabel {
    component: &'static str,
}

/// A handle to report one backend with.
#[derive(Clone, Debug)]
pub struct Component {
    name: &'static str,
    health: Health,
}

impl Health {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let up = Family::<ComponentLabel, Gauge>::default();
        registry.register("backend_up", "1 when the backend answered last time, 0 when it did not", up.clone());
        let state = State { not_ready: Some("starting".to_owned()), draining: false, components: BTreeMap::new() };
        Self { state: Arc::new(Mutex::new(state)), up }
    }

    /// A backend of this process, at first in unknown state.
    pub fn component(&self, name: &'static str) -> Component {
        self.lock().components.entry(name).or_insert(Status { up: None, detail: None });
        Component { name, health: self.clone() }
    }

    /// The process can take work.
    pub fn ready(&self) {
        self.lock().not_ready = None;
    }

    /// The process cannot take work, and why.
    pub fn not_ready(&self, why: impl Into<String>) {
        self.lock().not_ready = Some(why.into());
    }

    pub(crate) fn drain(&self) {
        self.lock().draining = true;
    }

    /// Ok, or why the process takes no work.
    pub fn readiness(&self) -> Result<(), String> {
        let state = self.lock();
        match &state.not_ready {
            _ if state.draining => Err("draining".to_owned()),
            Some(why) => Err(why.clone()),
            None => Ok(()),
        }
    }

    pub(crate) fn components(&self) -> BTreeMap<&'static str, Status> {
        self.lock().components.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing here panics while it holds the lock; a poisoned one is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Component {
    /// The backend answered. Logged when it was down or unknown before.
    pub fn up(&self) {
        self.set(Status { up: Some(true), detail: None });
    }

    /// The backend did not answer. Logged when it was up or unknown before.
    pub fn down(&self, why: impl Into<String>) {
        self.set(Status { up: Some(false), detail: Some(why.into()) });
    }

    /// True, false, or None while unknown.
    pub fn is_up(&self) -> Option<bool> {
        self.health.lock().components.get(self.name).and_then(|status| status.up)
    }

    fn set(&self, status: Status) {
        let before = {
            let mut state = self.health.lock();
            match state.components.get(self.name) {
                Some(found) if *found == status => return,
                _ => state.components.insert(self.name, status.clone()).and_then(|before| before.up),
            }
        };
        let label = ComponentLabel { component: self.name };
        self.health.up.get_or_create(&label).set(i64::from(status.up == Some(true)));
        match (before, &status) {
            (Some(true), Status { up: Some(true), .. }) | (Some(false), Status { up: Some(false), .. }) => {}
            (_, Status { up: Some(true), .. }) => tracing::info!(component = self.name, "{} answers", self.name),
            (_, Status { detail, .. }) => {
                let why = detail.as_deref().unwrap_or("unknown");
                tracing::warn!(component = self.name, why, "{} does not answer: {why}", self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_that_is_away_does_not_make_the_process_unready() {
        let health = Health::new(&mut Registry::default());
        assert_eq!(health.readiness(), Err("starting".to_owned()));
        let kafka = health.component("kafka");
        assert_eq!(kafka.is_up(), None);
        health.ready();
        kafka.down("connection refused");
        assert_eq!(health.readiness(), Ok(()));
        assert_eq!(kafka.is_up(), Some(false));
        health.drain();
        assert_eq!(health.readiness(), Err("draining".to_owned()));
    }
}
