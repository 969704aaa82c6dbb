//! Everything is held, since it is no single order that is wrong.

use std::time::{Duration, Instant};

/// Nobody tries any more when the time to try again has passed by so much: all partitions went to others meanwhile.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// Why nothing is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Schema, grants or credentials: every order would fail.
    Systemic,
    /// More dead letters than the bound.
    DeadLetters,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Systemic, Self::DeadLetters];

    /// As metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Systemic => "systemic",
            Self::DeadLetters => "dead-letters",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) cause: Cause,
    pub(super) since: Instant,
    /// Then it is tried again.
    pub(super) until: Instant,
}

impl Held {
    pub(super) fn is_tried_at(&self, now: Instant) -> bool {
        now < self.until + FORGOTTEN
    }
}
