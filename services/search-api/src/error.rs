//! What a failed read means to a caller.

use axum::http::StatusCode;
use service_runtime::http::internal_error;
use service_runtime::problem::Problem;

use crate::REQUIRED_SCHEMA;
use crate::database::ReadError;

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let unavailable = |slug, title: &str| Problem::new(StatusCode::SERVICE_UNAVAILABLE, slug, title);
        match error {
            ReadError::Unavailable => {
                unavailable("database-unavailable", "The catalogue cannot be read now").retry_after(1)
            }
            ReadError::SchemaTooOld { found } => {
                unavailable("schema-too-old", "The database is not ready for this version")
                    .detail(format!("The schema has version {found}, this program needs {REQUIRED_SCHEMA}."))
                    .retry_after(10)
            }
            ReadError::Busy => unavailable("search-busy", "Too many searches at once").retry_after(2),
            ReadError::TooSlow => unavailable("search-too-slow", "The search took too long")
                .detail("A longer or more specific text may be found sooner.")
                .retry_after(5),
            ReadError::Refused(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a statement failed");
                internal_error()
            }
        }
    }
}
