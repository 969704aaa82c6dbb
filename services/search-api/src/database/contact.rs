//! Is the database there? One connection of its own asks again and again, so that a long search need not guess.
//!
//! Slow is not away: a caller is told that the database is away only when for all its time, [`QUICK`], nothing was heard
//! on any connection, or when the contact's own one is broken.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use service_runtime::database::{Database, Schema};
use service_runtime::{CancellationToken, Component};
use sqlx::{ConnectOptions, Connection, MySqlConnection};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::{QUICK, ReadError};
use crate::REQUIRED_SCHEMA;

const PING_EVERY: Duration = Duration::from_millis(50);
/// Silent for so long, the server is away for everybody, and new callers need not find out by themselves.
const SILENCE: Duration = Duration::from_secs(1);
/// On a starved machine a timer goes off before an answer that has come is read: one more look.
const GRACE: Duration = Duration::from_millis(20);
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
const RECONNECT_EVERY: Duration = Duration::from_millis(100);
const SCHEMA_EVERY: Duration = Duration::from_secs(1);
/// Connections opened as soon as the server answers, so that the first callers need not wait for TLS.
const PRIMED: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not known yet, or silent.
    Away {
        since: Instant,
    },
    SchemaTooOld(i64),
    Usable {
        /// The last sign of life.
        heard: Instant,
    },
}

/// What readers know of the server, and tell about it.
#[derive(Clone, Debug)]
pub struct Contact(Arc<watch::Sender<State>>);

impl Contact {
    /// With a server that has answered once.
    #[cfg(test)]
    pub(super) fn silent() -> Self {
        Self(Arc::new(watch::Sender::new(State::Usable { heard: Instant::now() })))
    }

    /// Waits until the server answers and its schema is known. A server that has been away for longer than a caller
    /// would wait is not waited for.
    pub(crate) async fn usable(&self) -> Result<(), ReadError> {
        let mut state = self.0.subscribe();
        let settled = |state: &State| !matches!(state, State::Away { since } if since.elapsed() < QUICK);
        // The sender is ours, too.
        let known = *state.wait_for(settled).await.map_err(|_| ReadError::Unavailable)?;
        match known {
            State::Away { .. } => Err(ReadError::Unavailable),
            State::SchemaTooOld(found) => Err(ReadError::SchemaTooOld { found }),
            State::Usable { .. } => Ok(()),
        }
    }

    /// A read was answered.
    pub(super) fn heard(&self) {
        self.0.send_if_modified(|state| {
            if let State::Usable { heard } = state {
                *heard = Instant::now();
            }
            // Nobody waits for a sign of life as such.
            false
        });
    }

    /// Waits until the server has been silent for [`QUICK`] since `asked`, or for as long later on.
    pub(crate) async fn lost(&self, asked: Instant) {
        let mut state = self.0.subscribe();
        let mut patience = asked + QUICK;
        loop {
            let away = timeout_at(patience, state.wait_for(State::is_away)).await.is_ok();
            if away {
                return sleep_until(asked + QUICK).await;
            }
            sleep(GRACE).await;
            let State::Usable { heard } = *self.0.borrow() else { return };
            if heard + QUICK <= patience {
                return;
            }
            patience = heard + QUICK;
        }
    }
}

impl State {
    fn is_away(&self) -> bool {
        matches!(self, State::Away { .. })
    }

    fn away_now() -> Self {
        State::Away { since: Instant::now() }
    }
}

/// Keeps asking; see [`Watcher::run`].
#[derive(Debug)]
pub struct Watcher {
    database: Database,
    health: Component,
    state: Arc<watch::Sender<State>>,
}

impl Watcher {
    pub fn new(database: Database, health: Component) -> (Self, Contact) {
        let state = Arc::new(watch::Sender::new(State::away_now()));
        (Self { database, health, state: state.clone() }, Contact(state))
    }

    /// Runs until shutdown. Never fails: a database that is away is what this is for.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let _stopped = shutdown.run_until_cancelled(self.keep_asking()).await;
        Ok(())
    }

    async fn keep_asking(&self) {
        loop {
            let why = match timeout(CONNECT_LIMIT, self.database.pool().connect_options().connect()).await {
                Ok(Ok(connection)) => self.follow(connection).await,
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("no connection within {CONNECT_LIMIT:?}"),
            };
            self.away(why);
            sleep(RECONNECT_EVERY).await;
        }
    }

    /// Asks on one connection until it fails; says why it did.
    async fn follow(&self, mut connection: MySqlConnection) -> String {
        while let Err(why) = self.check_schema().await {
            if let Err(why) = ping(&mut connection).await {
                return why;
            }
            self.health.down(why);
            sleep(SCHEMA_EVERY).await;
        }
        loop {
            self.usable();
            let mut answer = pin!(connection.ping());
            let answered = match timeout(SILENCE, &mut answer).await {
                Ok(answered) => answered,
                Err(_) => {
                    self.away(format!("silent for {SILENCE:?}"));
                    // It may only have been busy: then all is as before.
                    match timeout(CONNECT_LIMIT, answer).await {
                        Ok(answered) => answered,
                        Err(_) => return format!("silent for {CONNECT_LIMIT:?}"),
                    }
                }
            };
            if let Err(error) = answered {
                return error.to_string();
            }
            sleep(PING_EVERY).await;
        }
    }

    fn usable(&self) {
        self.health.up();
        self.state.send_if_modified(|state| {
            let before = std::mem::replace(state, State::Usable { heard: Instant::now() });
            !matches!(before, State::Usable { .. })
        });
    }

    fn away(&self, why: String) {
        tracing::debug!(why, "no contact with the database");
        // Still away: since when, stays.
        self.state.send_if_modified(|state| {
            let news = !state.is_away();
            if news {
                *state = State::away_now();
            }
            news
        });
        self.health.down(why);
    }

    async fn check_schema(&self) -> Result<(), String> {
        let (first, second) = tokio::join!(
            timeout(CONNECT_LIMIT, self.database.schema(REQUIRED_SCHEMA)),
            timeout(CONNECT_LIMIT, self.prime())
        );
        // Only a courtesy to the first callers.
        drop(second);
        match first {
            Ok(Ok(Schema::Usable)) => Ok(()),
            Ok(Ok(Schema::TooOld(found))) => {
                self.state.send_replace(State::SchemaTooOld(found));
                Err(format!("schema version {found}, need {REQUIRED_SCHEMA}: the migrator has not run"))
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the schema version is not to be had".to_owned()),
        }
    }

    async fn prime(&self) {
        let mut opened = Vec::new();
        for _ in 0..PRIMED {
            opened.push(self.database.pool().acquire().await);
        }
    }
}

async fn ping(connection: &mut MySqlConnection) -> Result<(), String> {
    match timeout(SILENCE, connection.ping()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("silent for {SILENCE:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_silent_server_is_lost() {
        let asked = Instant::now();
        Contact::silent().lost(asked).await;
        assert!(asked.elapsed() >= QUICK);
    }

    #[tokio::test]
    async fn a_slow_server_that_answers_is_not() {
        let contact = Contact::silent();
        let asked = Instant::now();
        let talking = async {
            while asked.elapsed() < 3 * QUICK {
                sleep(Duration::from_millis(10)).await;
                contact.heard();
            }
        };
        tokio::select! {
            biased;
            () = talking => {}
            () = contact.lost(asked) => panic!("lost after {:?}", asked.elapsed()),
        }
        contact.lost(asked).await;
        assert!(asked.elapsed() >= 3 * QUICK);
    }

    #[tokio::test]
    async fn a_broken_contact_ends_the_wait_but_not_before_the_callers_time() {
        let contact = Contact::silent();
        contact.0.send_replace(State::away_now());
        let asked = Instant::now();
        contact.lost(asked).await;
        assert!(asked.elapsed() >= QUICK);
    }
}
