//! A migration whose mark says "begun": find out on which side of the statement the server stands, and go on from there.
//!
//! MySQL's DDL is atomic, so a statement either happened or did not; only the mark lags. Happened: the mark becomes
//! "done". Did not: the mark goes, and the statement runs again as if new.

use sqlx::MySqlConnection;
use sqlx::migrate::Migration;
use tracing::info;

use crate::error::MigrationError;
use crate::plan::Mark;
use crate::statement::{Effect, Part, effect};

/// What information_schema shows of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Happened,
    DidNot,
    /// Some parts yes, some no: not the work of one atomic statement.
    Partly,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Repair {
    MarkDone,
    RunAgain,
    Refuse(&'static str),
}

/// Pure. `same_text`: the mark was made by the very statement this program has.
pub fn decide(effect: &Effect, seen: Seen, same_text: bool) -> Repair {
    match (effect, seen) {
        (Effect::Unknown, _) => Repair::Refuse("its statement is of a kind this program cannot look up"),
        // Its mark and its rows commit together, so the mark of a killed one was rolled back with it.
        (Effect::Data, _) => Repair::Refuse("a data migration commits with its mark: somebody edited _sqlx_migrations"),
        (_, Seen::Partly) => Repair::Refuse("only a part of its statement shows: somebody changed the schema by hand"),
        (_, Seen::Happened) if same_text => Repair::MarkDone,
        (_, Seen::Happened) => Repair::Refuse("another text of it took effect: run the program version that began it"),
        (_, Seen::DidNot) => Repair::RunAgain,
    }
}

/// Judges one half-done migration and puts its mark right.
pub(crate) async fn repair(
    connection: &mut MySqlConnection,
    migration: &Migration,
    mark: &Mark,
) -> Result<(), MigrationError> {
    let version = migration.version;
    let effect = effect(migration.sql.as_str());
    let seen = look(connection, &effect).await.map_err(MigrationError::Query)?;
    let statement = match decide(&effect, seen, *migration.checksum == *mark.checksum) {
        Repair::MarkDone => "UPDATE _sqlx_migrations SET success = TRUE WHERE version = ?",
        Repair::RunAgain => "DELETE FROM _sqlx_migrations WHERE version = ? AND success = FALSE",
        Repair::Refuse(why) => return Err(MigrationError::HalfDone { version, why: why.to_owned() }),
    };
    info!(version, ?seen, "migration {version} ({}) was begun and not finished", migration.description);
    sqlx::query(statement).bind(version).execute(connection).await.map_err(MigrationError::Query)?;
    Ok(())
}

async fn look(connection: &mut MySqlConnection, effect: &Effect) -> Result<Seen, sqlx::Error> {
    let happened = match effect {
        Effect::Table { name, .. } => exists(connection, TABLE, &[name]).await?,
        Effect::DroppedTable { name, .. } => !exists(connection, TABLE, &[name]).await?,
        Effect::Trigger { name, .. } => exists(connection, TRIGGER, &[name]).await?,
        Effect::DroppedTrigger { name, .. } => !exists(connection, TRIGGER, &[name]).await?,
        Effect::Index { table, name } => exists(connection, INDEX, &[table, name]).await?,
        Effect::Alteration { table, parts } => return look_at_parts(connection, table, parts).await,
        Effect::Data | Effect::Unknown => false,
    };
    Ok(if happened { Seen::Happened } else { Seen::DidNot })
}

async fn look_at_parts(connection: &mut MySqlConnection, table: &str, parts: &[Part]) -> Result<Seen, sqlx::Error> {
    let (mut yes, mut no) = (0, 0);
    for part in parts {
        let (query, name, present) = match part {
            Part::Column { name, present } => (COLUMN, name, *present),
            Part::Index { name, present } => (INDEX, name, *present),
            Part::Constraint { name, present } => (CONSTRAINT, name, *present),
            Part::Repeatable | Part::Unknown => continue,
        };
        let happened = exists(connection, query, &[table, name]).await? == present;
        *(if happened { &mut yes } else { &mut no }) += 1;
    }
    Ok(match (yes, no) {
        // Nothing to see means nothing that a second run could break.
        (0, _) => Seen::DidNot,
        (_, 0) => Seen::Happened,
        _ => Seen::Partly,
    })
}

const TABLE: &str = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?";
const TRIGGER: &str =
    "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME = ?";
const COLUMN: &str = "SELECT COUNT(*) FROM information_schema.COLUMNS \
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME = ?";
const INDEX: &str = "SELECT COUNT(*) FROM information_schema.STATISTICS \
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND INDEX_NAME = ?";
const CONSTRAINT: &str = "SELECT COUNT(*) FROM information_schema.TABLE_CONSTRAINTS \
    WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME = ? AND CONSTRAINT_NAME = ?";

async fn exists(connection: &mut MySqlConnection, query: &'static str, names: &[&str]) -> Result<bool, sqlx::Error> {
    let mut query = sqlx::query_scalar::<_, i64>(query);
    for name in names {
        query = query.bind((*name).to_owned());
    }
    Ok(query.fetch_one(connection).await? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_decides() {
        let alter = effect("ALTER TABLE a ADD COLUMN b INT");
        assert_eq!(decide(&alter, Seen::Happened, true), Repair::MarkDone);
        assert_eq!(decide(&alter, Seen::DidNot, true), Repair::RunAgain);
        // A failed migration may be mended in a later release.
        assert_eq!(decide(&alter, Seen::DidNot, false), Repair::RunAgain);
        assert!(matches!(decide(&alter, Seen::Happened, false), Repair::Refuse(_)));
        assert!(matches!(decide(&alter, Seen::Partly, true), Repair::Refuse(_)));
        assert!(matches!(decide(&Effect::Data, Seen::DidNot, true), Repair::Refuse(_)));
        assert!(matches!(decide(&Effect::Unknown, Seen::DidNot, true), Repair::Refuse(_)));
    }
}
