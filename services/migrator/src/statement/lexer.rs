//! MySQL text into words, names and symbols; comments vanish, literals become one token.

/// One piece of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword or an unquoted name.
    Word(String),
    /// A name in backticks: never a keyword.
    Quoted(String),
    /// A string literal; its content matters to nobody here.
    Literal,
    Symbol(char),
}

impl Token {
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    pub(super) fn is_symbol(&self, symbol: char) -> bool {
        *self == Token::Symbol(symbol)
    }

    pub(super) fn name(&self) -> Option<String> {
        match self {
            Token::Word(name) | Token::Quoted(name) => Some(name.clone()),
            Token::Literal | Token::Symbol(_) => None,
        }
    }
}

/// All tokens of `sql`. An unterminated comment, name or literal ends with the text.
pub(super) fn tokens(sql: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let second = rest.chars().nth(1);
        rest = match (first, second) {
            (c, _) if c.is_whitespace() => &rest[c.len_utf8()..],
            ('-', Some('-')) | ('#', _) => after(rest, "\n"),
            ('/', Some('*')) => after(&rest[2..], "*/"),
            ('`', _) => {
                let (name, rest) = enclosed(rest, '`');
                found.push(Token::Quoted(name));
                rest
            }
            ('\'' | '"', _) => {
                found.push(Token::Literal);
                enclosed(rest, first).1
            }
            (c, _) if is_word(c) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                found.push(Token::Word(rest[..end].to_owned()));
                &rest[end..]
            }
            (c, _) => {
                found.push(Token::Symbol(c));
                &rest[c.len_utf8()..]
            }
        };
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || c == '@'
}

fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.find(end).map_or("", |at| &text[at + end.len()..])
}

/// The content between `quote`s (a doubled quote stands for one, a backslash escapes in literals) and what follows.
fn enclosed(text: &str, quote: char) -> (String, &str) {
    let mut content = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quote != '`' => content.extend(chars.next().map(|(_, escaped)| escaped)),
            c if c == quote => match chars.peek() {
                Some((_, next)) if *next == quote => {
                    content.push(quote);
                    chars.next();
                }
                _ => return (content, &text[at + quote.len_utf8()..]),
            },
            c => content.push(c),
        }
    }
    (content, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_literals_and_comments() {
        let found = tokens("ALTER TABLE `we``ird` -- no; \n ADD 'it''s; \\' x' /* ; */ , é");
        let expected = [
            Token::Word("ALTER".into()),
            Token::Word("TABLE".into()),
            Token::Quoted("we`ird".into()),
            Token::Word("ADD".into()),
            Token::Literal,
            Token::Symbol(','),
            Token::Word("é".into()),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn unterminated_text_ends() {
        assert_eq!(tokens("'abc"), [Token::Literal]);
        assert_eq!(tokens("/* abc"), []);
    }
}
