//! A shopper's text as a LIKE pattern. Pure.

/// The escape character, said in the statement: the default, a backslash, is gone under NO_BACKSLASH_ESCAPES.
pub const ESCAPE: char = '|';

/// `%text%` with every wildcard of `text` made literal.
pub fn contains(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", "%%")]
    #[case("lamp", "%lamp%")]
    #[case(" 100% ", "% 100|% %")]
    #[case("a_b|c\\", "%a|_b||c\\%")]
    #[case("\0🚲", "%\0🚲%")]
    fn wildcards_become_literal(#[case] text: &str, #[case] pattern: &str) {
        assert_eq!(contains(text), pattern);
    }
}
