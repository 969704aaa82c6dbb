//! What every file in migrations/ must keep, checked without a database.

use std::collections::BTreeSet;
use std::path::PathBuf;

use migrator::statement::{Effect, count, effect};

fn files() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn names_are_sequential() {
    for (at, (name, _)) in files().iter().enumerate() {
        let wanted = format!("{:04}_", at + 1);
        let rest = name.strip_prefix(&wanted).unwrap_or_else(|| panic!("{name} should begin with {wanted}"));
        let stem = rest.strip_suffix(".sql").unwrap();
        assert!(stem.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{name}");
    }
}

#[test]
fn one_statement_per_file() {
    for (name, sql) in files() {
        assert_eq!(count(&sql), 1, "{name}: a second statement would be lost when the first is half-done");
    }
}

#[test]
fn every_statement_survives_being_cut_off() {
    for (name, sql) in files() {
        let effect = effect(&sql);
        assert!(
            effect.is_covered(),
            "{name}: {effect:?} cannot be repeated: say IF [NOT] EXISTS, name what you add, or teach statement.rs"
        );
    }
}

#[test]
fn every_table_says_engine_and_collation() {
    for (name, sql) in files() {
        if !matches!(effect(&sql), Effect::Table { .. }) {
            continue;
        }
        let words: Vec<String> = sql.split_whitespace().map(str::to_uppercase).collect();
        let text = words.join(" ");
        assert!(text.contains("ENGINE = INNODB"), "{name}: a server's default engine may be another");
        assert!(text.contains("COLLATE UTF8MB4_0900_AI_CI"), "{name}: search compares by this collation");
        assert!(text.contains("PRIMARY KEY"), "{name}: group replication needs a primary key");
    }
}

#[test]
fn what_is_made_has_one_name() {
    let mut seen = BTreeSet::new();
    for (name, sql) in files() {
        if let Effect::Table { name: made, .. } | Effect::Trigger { name: made, .. } = effect(&sql) {
            assert!(seen.insert(made.clone()), "{name}: {made} is made a second time, which IF NOT EXISTS would hide");
        }
    }
}

#[test]
fn the_embedded_migrations_are_these_files() {
    let embedded: Vec<String> = migrator::migrations().iter().map(|m| m.sql.as_str().to_owned()).collect();
    assert_eq!(embedded, files().into_iter().map(|(_, sql)| sql).collect::<Vec<_>>());
}
