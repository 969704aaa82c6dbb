//! Flags and variables to connections. The variables are those of `target/local/env`.

pub mod api;
pub mod kafka;
pub mod mysql;

/// A flag or variable that cannot be used; the message never holds a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {message}")]
pub struct InputError {
    setting: &'static str,
    message: String,
}

impl InputError {
    /// `setting`: the variable's name.
    pub fn new(setting: &'static str, message: impl Into<String>) -> Self {
        Self { setting, message: message.into() }
    }
}
