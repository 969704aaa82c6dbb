//! One condition before it is written: what is so, and why.

/// State of one part of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub status: State,
    /// CamelCase, stable: people and alerts match on it.
    pub reason: &'static str,
    /// One sentence that names the object and what to do. Never a secret's content.
    pub message: String,
}

/// `status` of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    True,
    False,
    Unknown,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl Finding {
    pub fn yes(reason: &'static str, message: impl Into<String>) -> Self {
        Self { status: State::True, reason, message: message.into() }
    }

    pub fn no(reason: &'static str, message: impl Into<String>) -> Self {
        Self { status: State::False, reason, message: message.into() }
    }

    pub fn unknown(reason: &'static str, message: impl Into<String>) -> Self {
        Self { status: State::Unknown, reason, message: message.into() }
    }

    pub fn is_true(&self) -> bool {
        self.status == State::True
    }
}
