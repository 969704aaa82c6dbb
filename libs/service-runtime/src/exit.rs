//! Exit codes: 0 a clean stop, 1 a failure, 2 wrong configuration.

use std::process::ExitCode;

/// The configuration cannot be used. The message names the flag or variable, never a secret's content.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {message}")]
pub struct ConfigError {
    setting: String,
    message: String,
}

impl ConfigError {
    /// `setting` is the variable's name, for example `ORDER_NAMESPACE_FILE`.
    pub fn new(setting: impl Into<String>, message: impl Into<String>) -> Self {
        Self { setting: setting.into(), message: message.into() }
    }
}

/// The exit code of a main's result. A failure is logged once, here, with its whole chain; and printed, since
/// logs may not have been set up yet.
pub fn exit_code(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            let wrong_configuration = error.chain().any(<dyn std::error::Error>::is::<ConfigError>);
            ExitCode::from(if wrong_configuration { 2 } else { 1 })
        }
    }
}
