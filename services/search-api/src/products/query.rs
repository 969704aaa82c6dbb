//! The query string of a list, parsed once. Pure.

use service_runtime::problem::FieldError;

use super::cursor::Cursor;

/// Code points. Longer ones are mistakes: no name is that long.
pub const LONGEST_SEARCH: usize = 1000;
const DEFAULT_LIMIT: u32 = 20;
const LARGEST_LIMIT: u32 = 200;

/// A valid list request. `search` is never empty and never trimmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    pub search: Option<String>,
    /// 1..=200.
    pub limit: u32,
    /// Only products with a higher id.
    pub after: u64,
}

impl ListQuery {
    /// Reads `search=…&limit=…&cursor=…`. Other names are ignored, as for links that carry a campaign's mark.
    ///
    /// # Errors
    /// All wrong parameters at once, each as `#name`.
    pub fn parse(query: &str) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut take = |name| {
            parameter(query, name).unwrap_or_else(|why| {
                errors.push(FieldError { pointer: format!("#{name}"), detail: why.to_owned() });
                None
            })
        };
        let search = take("search").filter(|search| !search.is_empty());
        let limit = take("limit");
        let cursor = take("cursor");

        let mut wrong = |name: &str, detail: String| errors.push(FieldError { pointer: format!("#{name}"), detail });
        if search.as_ref().is_some_and(|search| search.chars().count() > LONGEST_SEARCH) {
            wrong("search", format!("must be at most {LONGEST_SEARCH} characters"));
        }
        let limit = match limit.as_deref().map_or(Ok(DEFAULT_LIMIT), str::parse) {
            Ok(limit) if (1..=LARGEST_LIMIT).contains(&limit) => limit,
            _ => {
                wrong("limit", format!("must be a whole number from 1 to {LARGEST_LIMIT}"));
                DEFAULT_LIMIT
            }
        };
        let after = match cursor.map(|text| Cursor::decode(&text, search.as_deref())) {
            None => 0,
            Some(Ok(cursor)) => cursor.after,
            Some(Err(_)) => {
                wrong("cursor", "must be the nextCursor of a page of the same search".to_owned());
                0
            }
        };
        if errors.is_empty() { Ok(Self { search, limit, after }) } else { Err(errors) }
    }
}

/// The decoded value of `name`, if it is there once.
fn parameter(query: &str, name: &str) -> Result<Option<String>, &'static str> {
    let mut values = query.split('&').filter_map(|pair| {
        let (found, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(found).as_deref() == Some(name)).then_some(value)
    });
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err("must be given once");
    }
    decode(value).map(Some).ok_or("must be percent-encoded UTF-8")
}

/// `application/x-www-form-urlencoded`; None for broken escapes and for bytes that are no UTF-8: a replaced character
/// would silently search for something else.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = match first {
            b'%' => {
                let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
                if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return None;
                }
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                &tail[2..]
            }
            b'+' => {
                bytes.push(b' ');
                tail
            }
            other => {
                bytes.push(*other);
                tail
            }
        };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn search(query: &str) -> Option<String> {
        ListQuery::parse(query).unwrap().search
    }

    #[test]
    fn defaults_are_browsing() {
        let browse = ListQuery { search: None, limit: 20, after: 0 };
        assert_eq!(ListQuery::parse(""), Ok(browse.clone()));
        assert_eq!(ListQuery::parse("search=&utm_source=x"), Ok(browse));
    }

    #[rstest]
    #[case("search=%20a+b%20", " a b ")]
    #[case("search=100%25_%5C", "100%_\\")]
    #[case("search=%00%07", "\0\u{7}")]
    #[case("search=%F0%9F%9A%B2", "🚲")]
    #[case("search=a=b", "a=b")]
    #[case("%73earch=x", "x")]
    fn searches_are_taken_as_they_are(#[case] query: &str, #[case] expected: &str) {
        assert_eq!(search(query).as_deref(), Some(expected));
    }

    #[rstest]
    #[case("limit=0", "#limit")]
    #[case("limit=201", "#limit")]
    #[case("limit=-1", "#limit")]
    #[case("limit=1.5", "#limit")]
    #[case("limit=", "#limit")]
    #[case("limit=99999999999999999999", "#limit")]
    #[case("limit=5&limit=5", "#limit")]
    #[case("cursor=abc", "#cursor")]
    #[case("cursor=", "#cursor")]
    #[case("search=%FF", "#search")]
    #[case("search=%2", "#search")]
    #[case("search=%+1", "#search")]
    #[case("search=a&search=b", "#search")]
    fn wrong_parameters_are_named(#[case] query: &str, #[case] pointer: &str) {
        let errors = ListQuery::parse(query).unwrap_err();
        assert_eq!(errors.iter().map(|e| e.pointer.as_str()).collect::<Vec<_>>(), [pointer]);
    }

    #[test]
    fn length_counts_characters() {
        let query = format!("search={}", "%C3%A9".repeat(LONGEST_SEARCH));
        assert_eq!(search(&query).map(|s| s.chars().count()), Some(LONGEST_SEARCH));
        assert!(ListQuery::parse(&format!("{query}x")).is_err());
    }

    #[test]
    fn all_errors_come_at_once() {
        assert_eq!(ListQuery::parse("limit=0&cursor=x&search=%FF").unwrap_err().len(), 3);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(query in ".{0,60}") {
            let _ = ListQuery::parse(&query);
        }
    }
}
