//! Why a command did not do what it should, what to do next, and the exit code that scripts see.

use std::fmt;

use crate::connect::InputError;
use crate::verify::{LogError, VerifyError};

/// How a command ends without success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// `verify` found differences, or the platform refused: no such order, somebody was faster, …
    Refused = 1,
    /// A flag, a variable or a file cannot be used.
    Unusable = 2,
    /// order-api, search-api, Kafka or MySQL is away: try again.
    Away = 3,
}

/// An error with its way out.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    message: String,
    next: Option<String>,
}

impl Failure {
    /// One that says it all.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), next: None }
    }

    /// Says what to do next.
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// Adds what to do then.
    pub fn then(mut self, then: impl fmt::Display) -> Self {
        self.next = Some(self.next.map_or_else(|| then.to_string(), |next| format!("{next}\n{then}")));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        self.next.as_ref().map_or(Ok(()), |next| write!(f, "\n{next}"))
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Self::new(Exit::Unusable, error.to_string())
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let (exit, next) = match &error {
            LogError::NoTopic(_) => (Exit::Unusable, "--topic or KAFKA_TOPIC names the topic of orders."),
            _ => (Exit::Away, "KAFKA_BOOTSTRAP and KAFKA_CLIENT_PROPERTIES say where Kafka is and who we are there."),
        };
        Self::new(exit, error.to_string()).next(next)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let number = error
            .as_database_error()
            .and_then(|error| error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>())
            .map(sqlx::mysql::MySqlDatabaseError::number);
        let (exit, next) = match number {
            Some(1044 | 1045 | 1049 | 1142) => (Exit::Unusable, "MYSQL_URL says who we are and which schema is meant."),
            Some(1054 | 1146) => {
                (Exit::Unusable, "The schema is not the pipeline's, or older than this program: has the migrator run?")
            }
            Some(_) => (Exit::Refused, "MySQL refused a statement of this program."),
            None => (Exit::Away, "MYSQL_URL and MYSQL_CA say where MySQL is; is it up?"),
        };
        Self::new(exit, format!("MySQL: {error}")).next(next)
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Database(error) => error.into(),
            VerifyError::Log(error) => error.into(),
            other @ (VerifyError::TopicReplaced(_) | VerifyError::Interrupted) => {
                Self::new(Exit::Away, other.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_next_stands_below() {
        let failure = Failure::from(LogError::NoTopic("x".to_owned()));
        assert_eq!(failure.exit, Exit::Unusable);
        assert!(
            failure.to_string().starts_with("error: topic x does not exist")
                && failure.to_string().contains("\n--topic")
        );
        assert!(failure.then("then this").to_string().ends_with("\nthen this"));
        assert_eq!(Failure::from(sqlx::Error::PoolTimedOut).exit, Exit::Away);
    }
}
