//! Which privileges the statements need, and which `SHOW GRANTS` says we hold. Pure.

use std::collections::BTreeSet;

use crate::statement::Effect;

/// What this user may do in one schema.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Upper case, as MySQL prints them: on `*.*` and on the schema. `ALL PRIVILEGES` stays one word.
    pub privileges: BTreeSet<String>,
    /// Those on `*.*` alone.
    pub global: BTreeSet<String>,
    /// Roles or grants on single tables may allow more than is visible here: then nothing is refused beforehand.
    pub maybe_more: bool,
}

impl Held {
    pub fn has(&self, privilege: &str) -> bool {
        self.privileges.contains(privilege) || self.privileges.contains("ALL PRIVILEGES")
    }

    pub fn has_global(&self, privilege: &str) -> bool {
        self.global.contains(privilege) || self.global.contains("ALL PRIVILEGES")
    }

    /// The needed ones that are surely not held.
    pub fn missing<'a>(&self, needed: &BTreeSet<&'a str>) -> Vec<&'a str> {
        if self.maybe_more {
            return Vec::new();
        }
        needed.iter().copied().filter(|privilege| !self.has(privilege)).collect()
    }
}

/// What it takes to run `statements` and to keep the marks.
pub fn needed<'a>(statements: impl IntoIterator<Item = (Effect, &'a str)>) -> BTreeSet<&'static str> {
    let mut needed = BTreeSet::from(["SELECT", "INSERT", "UPDATE", "DELETE"]);
    for (effect, sql) in statements {
        match effect {
            Effect::Table { .. } => {
                needed.insert("CREATE");
                if sql.to_uppercase().contains("REFERENCES") {
                    needed.insert("REFERENCES");
                }
            }
            Effect::Trigger { .. } | Effect::DroppedTrigger { .. } => _ = needed.insert("TRIGGER"),
            Effect::Index { .. } => _ = needed.insert("INDEX"),
            Effect::Alteration { .. } => needed.extend(["ALTER", "CREATE"]),
            Effect::DroppedTable { .. } => _ = needed.insert("DROP"),
            Effect::Data | Effect::Unknown => {}
        }
    }
    needed
}

/// Reads the lines of `SHOW GRANTS` as far as they concern `schema`.
pub fn held(grants: &[String], schema: &str) -> Held {
    let mut held = Held::default();
    for line in grants {
        let Some(rest) = line.strip_prefix("GRANT ") else { continue };
        let Some((privileges, object)) = rest.split_once(" ON ") else {
            held.maybe_more = true;
            continue;
        };
        let object = object.split(" TO ").next().unwrap_or_default();
        let names = privileges.split(',').map(|name| name.trim().to_uppercase());
        match scope(object, schema) {
            Scope::Global => {
                held.global.extend(names.clone());
                held.privileges.extend(names);
            }
            Scope::Schema => held.privileges.extend(names),
            Scope::Table => held.maybe_more = true,
            Scope::Elsewhere => {}
        }
    }
    held
}

enum Scope {
    Global,
    Schema,
    Table,
    Elsewhere,
}

fn scope(object: &str, schema: &str) -> Scope {
    if object == "*.*" {
        return Scope::Global;
    }
    let Some((pattern, table)) = object.rsplit_once('.') else { return Scope::Elsewhere };
    let pattern: Vec<char> = pattern.trim_matches('`').chars().collect();
    let name: Vec<char> = schema.chars().collect();
    match (like(&pattern, &name), table) {
        (true, "*") => Scope::Schema,
        (true, _) => Scope::Table,
        (false, _) => Scope::Elsewhere,
    }
}

/// Schema names in grants are LIKE patterns: `shop\_%` means every schema that begins with `shop_`.
fn like(pattern: &[char], name: &[char]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        (['%', rest @ ..], _) => like(rest, name) || (!name.is_empty() && like(pattern, &name[1..])),
        (['\\', wanted, rest @ ..], [found, tail @ ..]) => wanted == found && like(rest, tail),
        (['_', rest @ ..], [_, tail @ ..]) => like(rest, tail),
        ([wanted, rest @ ..], [found, tail @ ..]) => wanted == found && like(rest, tail),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::effect;
    use rstest::rstest;

    #[rstest]
    #[case("GRANT ALL PRIVILEGES ON `shop`.* TO `m`@`%`", true)]
    #[case(r"GRANT SELECT, TRIGGER ON `sho\_%`.* TO `m`@`%`", false)]
    #[case("GRANT TRIGGER ON `sho_`.* TO `m`@`%`", true)]
    #[case("GRANT TRIGGER ON *.* TO `m`@`%` WITH GRANT OPTION", true)]
    #[case("GRANT USAGE ON *.* TO `m`@`%`", false)]
    #[case("GRANT TRIGGER ON `other`.* TO `m`@`%`", false)]
    fn reads_grants(#[case] line: &str, #[case] has_trigger: bool) {
        let held = held(&[line.to_owned()], "shop");
        assert_eq!(held.has("TRIGGER"), has_trigger);
        assert!(!held.maybe_more);
    }

    #[test]
    fn a_role_may_allow_more() {
        let held = held(&["GRANT `dba`@`%` TO `m`@`%`".to_owned()], "shop");
        assert!(held.missing(&BTreeSet::from(["TRIGGER"])).is_empty());
    }

    #[test]
    fn schema_rights_are_not_global() {
        let held = held(&["GRANT ALL PRIVILEGES ON `shop`.* TO `m`@`%`".to_owned()], "shop");
        assert!(held.has("CREATE") && !held.has_global("SUPER"));
    }

    #[test]
    fn needs_follow_the_statements() {
        let sql = [
            "CREATE TABLE IF NOT EXISTS a (b INT, CONSTRAINT f FOREIGN KEY (b) REFERENCES c (d))",
            "DROP TABLE IF EXISTS x",
        ];
        let needed = needed(sql.map(|sql| (effect(sql), sql)));
        assert_eq!(needed, BTreeSet::from(["CREATE", "DELETE", "DROP", "INSERT", "REFERENCES", "SELECT", "UPDATE"]));
    }
}
