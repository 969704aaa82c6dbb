//! The parts of an ALTER TABLE, each something one can look up in information_schema.

use super::lexer::Token;

/// One comma-separated part; `present` says whether the thing exists afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Column {
        name: String,
        present: bool,
    },
    Index {
        name: String,
        present: bool,
    },
    Constraint {
        name: String,
        present: bool,
    },
    /// MODIFY, ALTER COLUMN, table options: a second run changes nothing.
    Repeatable,
    Unknown,
}

pub(super) fn parts(tokens: &[&Token]) -> Vec<Part> {
    let mut depth = 0usize;
    let split = tokens.split(|token| {
        match token {
            Token::Symbol('(') => depth += 1,
            Token::Symbol(')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0 && token.is_symbol(',')) || token.is_symbol(';')
    });
    split.filter(|part| !part.is_empty()).map(|tokens| part(tokens).unwrap_or(Part::Unknown)).collect()
}

fn part(tokens: &[&Token]) -> Option<Part> {
    let (first, rest) = tokens.split_first()?;
    let repeatable = ["MODIFY", "ALTER", "ALGORITHM", "LOCK", "COMMENT", "ENGINE", "AUTO_INCREMENT"];
    if repeatable.iter().any(|word| first.is(word)) {
        return Some(Part::Repeatable);
    }
    let present = match first {
        first if first.is("ADD") => true,
        first if first.is("DROP") => false,
        _ => return None,
    };
    named(rest, present)
}

fn named(tokens: &[&Token], present: bool) -> Option<Part> {
    let (kind, rest) = tokens.split_first()?;
    if kind.is("UNIQUE") || kind.is("FULLTEXT") || kind.is("SPATIAL") {
        return named(rest, present).filter(|part| matches!(part, Part::Index { .. }));
    }
    if kind.is("FOREIGN") && !present {
        return Some(Part::Constraint { name: name(rest.get(1..)?)?, present });
    }
    // Without a name of its own a key or a check cannot be looked up: name it.
    if kind.is("PRIMARY") || kind.is("FOREIGN") || (kind.is("CHECK") && present) {
        return None;
    }
    if kind.is("INDEX") || kind.is("KEY") {
        return Some(Part::Index { name: name(rest)?, present });
    }
    if kind.is("CONSTRAINT") || kind.is("CHECK") {
        return Some(Part::Constraint { name: name(rest)?, present });
    }
    let column = if kind.is("COLUMN") { rest } else { tokens };
    Some(Part::Column { name: name(column)?, present })
}

fn name(tokens: &[&Token]) -> Option<String> {
    tokens.first()?.name()
}

#[cfg(test)]
mod tests {
    use super::super::{Effect, effect};
    use super::*;
    use rstest::rstest;

    fn column(name: &str, present: bool) -> Part {
        Part::Column { name: name.to_owned(), present }
    }

    fn index(name: &str, present: bool) -> Part {
        Part::Index { name: name.to_owned(), present }
    }

    fn constraint(name: &str, present: bool) -> Part {
        Part::Constraint { name: name.to_owned(), present }
    }

    #[rstest]
    #[case("ADD COLUMN c DECIMAL(10, 2) NOT NULL DEFAULT 0, ADD d INT", vec![column("c", true), column("d", true)])]
    #[case("ADD UNIQUE INDEX i (a, b), DROP INDEX j", vec![index("i", true), index("j", false)])]
    #[case("ADD CONSTRAINT k CHECK (a > 0), DROP FOREIGN KEY f", vec![constraint("k", true), constraint("f", false)])]
    #[case("DROP COLUMN `c`;", vec![column("c", false)])]
    #[case("MODIFY a INT, ALGORITHM = INPLACE", vec![Part::Repeatable, Part::Repeatable])]
    #[case("RENAME COLUMN a TO b", vec![Part::Unknown])]
    #[case("ADD CHECK (a > 0)", vec![Part::Unknown])]
    #[case("ADD UNIQUE (a)", vec![Part::Unknown])]
    fn reads_parts(#[case] tail: &str, #[case] parts: Vec<Part>) {
        let sql = format!("ALTER TABLE t {tail}");
        assert_eq!(effect(&sql), Effect::Alteration { table: "t".to_owned(), parts });
    }
}
