//! What a migration's statement changes, read from its text: enough to ask the server whether it happened.
//!
//! This is no SQL parser. It knows the statements our migrations are allowed to hold; `tests/static_check.rs` refuses
//! a file it does not understand, so that [`Effect::Unknown`] never meets a half-done migration in production.

mod alteration;
mod lexer;

pub use alteration::Part;
use lexer::Token;

/// What exists (or no longer exists) once a statement has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Table {
        name: String,
        repeatable: bool,
    },
    Trigger {
        name: String,
        repeatable: bool,
    },
    Index {
        table: String,
        name: String,
    },
    Alteration {
        table: String,
        parts: Vec<Part>,
    },
    DroppedTable {
        name: String,
        repeatable: bool,
    },
    DroppedTrigger {
        name: String,
        repeatable: bool,
    },
    /// INSERT, UPDATE, DELETE: committed together with its mark, so it is never half-done.
    Data,
    Unknown,
}

impl Effect {
    /// Whether a second run, after the first was cut off at any point, ends in the same schema: by the statement's own
    /// words, by its transaction, or because [`crate::repair`] can tell on which side of it the server stands.
    pub fn is_covered(&self) -> bool {
        match self {
            Effect::Table { repeatable, .. }
            | Effect::Trigger { repeatable, .. }
            | Effect::DroppedTable { repeatable, .. }
            | Effect::DroppedTrigger { repeatable, .. } => *repeatable,
            Effect::Index { .. } | Effect::Data => true,
            Effect::Alteration { parts, .. } => !parts.contains(&Part::Unknown),
            Effect::Unknown => false,
        }
    }
}

/// The effect of the first statement in `sql`.
pub fn effect(sql: &str) -> Effect {
    let tokens = lexer::tokens(sql);
    let words: Vec<&Token> = tokens.iter().collect();
    read(&words).unwrap_or(Effect::Unknown)
}

/// How many statements `sql` holds; the `;` inside a trigger's BEGIN … END does not count.
pub fn count(sql: &str) -> usize {
    let tokens = lexer::tokens(sql);
    let is_routine = matches!(tokens.get(1), Some(t) if t.is("TRIGGER") || t.is("PROCEDURE") || t.is("FUNCTION"));
    let (mut statements, mut depth, mut open) = (0, 0usize, false);
    for (at, token) in tokens.iter().enumerate() {
        if is_routine && (token.is("BEGIN") || (token.is("CASE") && !previous_is(&tokens, at, "END"))) {
            depth += 1;
        }
        // END IF, END LOOP … close what was never counted.
        let closes_other = ["IF", "LOOP", "WHILE", "REPEAT"];
        if is_routine
            && token.is("END")
            && !tokens.get(at + 1).is_some_and(|next| closes_other.iter().any(|w| next.is(w)))
        {
            depth = depth.saturating_sub(1);
        }
        if token.is_symbol(';') && depth == 0 {
            open = false;
        } else if !open {
            open = true;
            statements += 1;
        }
    }
    statements
}

fn previous_is(tokens: &[Token], at: usize, word: &str) -> bool {
    at > 0 && tokens[at - 1].is(word)
}

fn read(tokens: &[&Token]) -> Option<Effect> {
    let (first, rest) = tokens.split_first()?;
    if ["INSERT", "UPDATE", "DELETE"].iter().any(|word| first.is(word)) {
        return Some(Effect::Data);
    }
    let (second, rest) = rest.split_first()?;
    if first.is("CREATE") && second.is("TABLE") {
        let (repeatable, rest) = skip_words(rest, &["IF", "NOT", "EXISTS"]);
        return Some(Effect::Table { name: name(rest)?, repeatable });
    }
    if first.is("CREATE") && second.is("TRIGGER") {
        let (repeatable, rest) = skip_words(rest, &["IF", "NOT", "EXISTS"]);
        return Some(Effect::Trigger { name: name(rest)?, repeatable });
    }
    if first.is("CREATE") && (second.is("INDEX") || second.is("UNIQUE") || second.is("FULLTEXT")) {
        let (_, rest) = skip_words(rest, &["INDEX"]);
        let on = rest.iter().position(|t| t.is("ON"))?;
        return Some(Effect::Index { table: name(&rest[on + 1..])?, name: name(rest)? });
    }
    if first.is("ALTER") && second.is("TABLE") {
        let table = name(rest)?;
        return Some(Effect::Alteration { table, parts: alteration::parts(&rest[1..]) });
    }
    if first.is("DROP") && (second.is("TABLE") || second.is("TRIGGER")) {
        let (repeatable, rest) = skip_words(rest, &["IF", "EXISTS"]);
        let name = name(rest)?;
        return Some(if second.is("TABLE") {
            Effect::DroppedTable { name, repeatable }
        } else {
            Effect::DroppedTrigger { name, repeatable }
        });
    }
    None
}

/// Steps over `words` when all of them come next.
fn skip_words<'a>(tokens: &'a [&'a Token], words: &[&str]) -> (bool, &'a [&'a Token]) {
    let all = tokens.len() >= words.len() && words.iter().zip(tokens).all(|(word, token)| token.is(word));
    (all, if all { &tokens[words.len()..] } else { tokens })
}

fn name(tokens: &[&Token]) -> Option<String> {
    tokens.first()?.name()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("CREATE TABLE IF NOT EXISTS a (id INT)", Effect::Table { name: "a".into(), repeatable: true })]
    #[case("-- why\ncreate table `a` (id INT);", Effect::Table { name: "a".into(), repeatable: false })]
    #[case("/* x; y */ CREATE TRIGGER IF NOT EXISTS t AFTER INSERT ON a FOR EACH ROW SET @x = 1",
        Effect::Trigger { name: "t".into(), repeatable: true })]
    #[case("CREATE UNIQUE INDEX i ON `a` (b)", Effect::Index { table: "a".into(), name: "i".into() })]
    #[case("CREATE INDEX i ON a (b)", Effect::Index { table: "a".into(), name: "i".into() })]
    #[case("DROP TABLE IF EXISTS a", Effect::DroppedTable { name: "a".into(), repeatable: true })]
    #[case("INSERT INTO a VALUES (1)", Effect::Data)]
    #[case("RENAME TABLE a TO b", Effect::Unknown)]
    #[case("", Effect::Unknown)]
    fn effects(#[case] sql: &str, #[case] expected: Effect) {
        assert_eq!(effect(sql), expected);
    }

    #[rstest]
    #[case("", 0)]
    #[case("SELECT 1", 1)]
    #[case("SELECT 1;", 1)]
    #[case("SELECT ';'; -- two;\nSELECT 2", 2)]
    #[case("CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW BEGIN SET @a = 1; IF @a THEN SET @b = 2; END IF; END", 1)]
    #[case("CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW BEGIN SET @a = CASE 1 WHEN 1 THEN 2 END; END; SELECT 1", 2)]
    #[case("CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW BEGIN CASE 1 WHEN 1 THEN SET @a = 1; END CASE; END", 1)]
    fn counts_statements(#[case] sql: &str, #[case] expected: usize) {
        assert_eq!(count(sql), expected);
    }
}
