//! Brings the database schema to this version: forward only, one migrator at a time, safe to repeat and to kill.
//!
//! MySQL commits DDL implicitly, so a migrator that dies between a statement and its bookkeeping leaves a mark that
//! sqlx refuses for ever. [`repair`] asks the server whether that statement happened and goes on from the answer.
//!
//! Invariants: nothing is changed before [`preflight`] has passed; a schema newer than this program is left alone; a
//! statement that was applied is never edited; everything that changes the schema happens under one server-wide lock.

mod apply;
mod error;
mod lock;
pub mod plan;
pub mod preflight;
pub mod privileges;
pub mod repair;
pub mod server;
pub mod statement;
pub mod termination;
pub mod wait;

pub use apply::{Report, check, migrate};
pub use error::MigrationError;

use sqlx::migrate::Migrator;

/// All migrations of this version, in order. Versions above the last one belong to newer programs and are tolerated.
pub fn migrations() -> Migrator {
    let mut migrator = sqlx::migrate!("../../migrations");
    migrator.set_ignore_missing(true);
    migrator
}

/// The schema version this program brings the database to.
pub fn target_version(migrations: &Migrator) -> i64 {
    migrations.iter().map(|m| m.version).max().unwrap_or(0)
}
