//! What is to be done, from the migrations in the program and the marks in the database. Pure.

use std::collections::BTreeMap;

use sqlx::migrate::{Migration, Migrator};

use crate::error::MigrationError;

/// One row of `_sqlx_migrations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub version: i64,
    pub checksum: Vec<u8>,
    /// False: begun, and nobody noted how it ended.
    pub success: bool,
}

/// What a run will do.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Begun by a migrator that died or failed; to be judged before anything else.
    pub half_done: Vec<(&'a Migration, Mark)>,
    pub pending: Vec<&'a Migration>,
    /// The version the database has now; 0 when empty.
    pub current: i64,
    /// Marks of a newer program. Left alone: schemas only expand until no old program runs.
    pub newer: Vec<i64>,
}

/// # Errors
/// An applied migration's text differs from ours, or a half-done one is not ours to judge.
pub fn plan<'a>(migrations: &'a Migrator, marks: &[Mark]) -> Result<Plan<'a>, MigrationError> {
    let ours: BTreeMap<i64, &Migration> = migrations.iter().map(|m| (m.version, m)).collect();
    let last = ours.keys().max().copied().unwrap_or(0);
    let mut half_done = Vec::new();
    for mark in marks {
        match ours.get(&mark.version) {
            Some(migration) if !mark.success => half_done.push((*migration, mark.clone())),
            Some(migration) if *migration.checksum != *mark.checksum => {
                return Err(MigrationError::Edited { version: mark.version });
            }
            None if !mark.success => return Err(MigrationError::HalfDoneByNewer { version: mark.version }),
            Some(_) | None => {}
        }
    }
    let done = |version: i64| marks.iter().any(|mark| mark.version == version);
    Ok(Plan {
        half_done,
        pending: ours.values().filter(|m| !done(m.version)).copied().collect(),
        current: marks.iter().filter(|m| m.success).map(|m| m.version).max().unwrap_or(0),
        newer: marks.iter().map(|m| m.version).filter(|v| *v > last).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::SqlStr;
    use sqlx::migrate::MigrationType;

    fn migrations() -> Migrator {
        let one = |version| {
            let sql = SqlStr::from_static("CREATE TABLE IF NOT EXISTS a (id INT)");
            Migration::new(version, "a".into(), MigrationType::Simple, sql, false)
        };
        Migrator::with_migrations(vec![one(1), one(2), one(3)])
    }

    fn mark(migrations: &Migrator, version: i64, success: bool) -> Mark {
        let checksum = migrations.iter().next().map(|m| m.checksum.to_vec()).unwrap_or_default();
        Mark { version, checksum, success }
    }

    #[test]
    fn an_empty_database_gets_all() {
        let ours = migrations();
        let plan = plan(&ours, &[]).unwrap();
        assert_eq!(plan.pending.iter().map(|m| m.version).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(plan.current, 0);
    }

    #[test]
    fn a_newer_schema_is_fine() {
        let ours = migrations();
        let marks: Vec<_> = (1..=5).map(|v| mark(&ours, v, true)).collect();
        let plan = plan(&ours, &marks).unwrap();
        assert!(plan.pending.is_empty());
        assert_eq!((plan.current, plan.newer), (5, vec![4, 5]));
    }

    #[test]
    fn a_half_done_one_is_judged_first() {
        let ours = migrations();
        let plan = plan(&ours, &[mark(&ours, 1, true), mark(&ours, 2, false)]).unwrap();
        assert_eq!(plan.half_done.len(), 1);
        assert_eq!(plan.half_done[0].0.version, 2);
        assert_eq!(plan.pending.iter().map(|m| m.version).collect::<Vec<_>>(), [3]);
        assert_eq!(plan.current, 1);
    }

    #[test]
    fn an_edited_migration_is_refused() {
        let ours = migrations();
        let mut edited = mark(&ours, 1, true);
        edited.checksum[0] ^= 1;
        assert!(matches!(plan(&ours, &[edited]), Err(MigrationError::Edited { version: 1 })));
    }

    #[test]
    fn a_newer_half_done_one_is_refused() {
        let ours = migrations();
        let result = plan(&ours, &[mark(&ours, 9, false)]);
        assert!(matches!(result, Err(MigrationError::HalfDoneByNewer { version: 9 })));
    }
}
