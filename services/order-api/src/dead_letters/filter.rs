//! Conditions and cursors, read strictly from query parameters.

use std::collections::HashMap;

use jiff::Timestamp;
use service_runtime::problem::FieldError;

use crate::error::ApiError;
use crate::store::{LetterFilter, LetterStatus};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// What the list's query says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) filter: LetterFilter,
    pub(super) limit: u32,
    /// Below this id.
    pub(super) before: Option<u64>,
}

/// All parameters, or everything that is wrong with them.
pub(super) fn page(parameters: Vec<(String, String)>) -> Result<Page, ApiError> {
    let mut wrong = Vec::new();
    let mut given = HashMap::new();
    for (name, value) in parameters {
        let known = ["reason", "status", "from", "to", "orderNumber", "limit", "cursor"].contains(&name.as_str());
        if !known {
            wrong.push(error("#query", "has a parameter that is not known"));
        } else if given.insert(name.clone(), value).is_some() {
            wrong.push(error(&format!("#{name}"), "is given more than once"));
        }
    }
    let mut read = Read { prefix: "#", wrong };
    let mut take = |name: &str| given.remove(name);
    let filter = LetterFilter {
        status: take("status").and_then(|text| read.status(&text)),
        reason: take("reason").and_then(|text| read.reason(&text)),
        from: take("from").and_then(|text| read.time("from", &text)),
        to: take("to").and_then(|text| read.time("to", &text)),
        order_number: take("orderNumber").and_then(|text| read.number(&text)),
    };
    let limit = take("limit").map_or(Some(DEFAULT_LIMIT), |text| {
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        read.expect("limit", limit, format!("must be 1 to {MAX_LIMIT}"))
    });
    let before = take("cursor").and_then(|text| read.cursor(&text));
    match limit {
        Some(limit) if read.wrong.is_empty() => Ok(Page { filter, limit, before }),
        _ => Err(ApiError::Invalid(read.wrong)),
    }
}

/// A cursor: the id of a page's last row. Versioned, so that an old one is refused and not misread.
pub(super) fn print_cursor(id: u64) -> String {
    format!("1.{id}")
}

/// Reads texts and notes what is wrong.
pub(super) struct Read {
    /// Before each name: `#` for parameters, a JSON pointer's beginning for a body.
    pub(super) prefix: &'static str,
    pub(super) wrong: Vec<FieldError>,
}

impl Read {
    pub(super) fn status(&mut self, text: &str) -> Option<LetterStatus> {
        self.expect("status", LetterStatus::parse(text), "must be OPEN, REPLAYED or DISCARDED")
    }

    pub(super) fn reason(&mut self, text: &str) -> Option<String> {
        let valid = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        self.expect("reason", valid.then(|| text.to_owned()), "must be a reason such as UNDECODABLE")
    }

    pub(super) fn time(&mut self, name: &str, text: &str) -> Option<Timestamp> {
        // MySQL's FROM_UNIXTIME knows no time before 1970.
        let time = text.parse().ok().filter(|time: &Timestamp| *time >= Timestamp::UNIX_EPOCH);
        self.expect(name, time, "must be a time of RFC 3339, from 1970 on")
    }

    pub(super) fn number(&mut self, text: &str) -> Option<order_events::OrderNumber> {
        self.expect("orderNumber", text.parse().ok(), "must be a UUID in lower case")
    }

    pub(super) fn cursor(&mut self, text: &str) -> Option<u64> {
        let id = text.strip_prefix("1.").and_then(|id| id.parse().ok());
        self.expect("cursor", id, "must be the nextCursor of an answer")
    }

    pub(super) fn expect<T>(&mut self, name: &str, found: Option<T>, otherwise: impl Into<String>) -> Option<T> {
        if found.is_none() {
            self.wrong.push(error(&format!("{}{name}", self.prefix), otherwise));
        }
        found
    }
}

fn error(pointer: &str, detail: impl Into<String>) -> FieldError {
    FieldError { pointer: pointer.to_owned(), detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parameters: &[(&str, &str)]) -> Result<Page, Vec<String>> {
        let owned = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        page(owned).map_err(|error| match error {
            ApiError::Invalid(fields) => fields.into_iter().map(|field| field.pointer).collect(),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn nothing_given_is_everything() {
        assert_eq!(read(&[]), Ok(Page { filter: LetterFilter::default(), limit: 50, before: None }));
    }

    #[test]
    fn all_given() {
        let found = read(&[
            ("reason", "IDEMPOTENCY_CONFLICT"),
            ("status", "OPEN"),
            ("from", "2026-11-22T18:00:00Z"),
            ("to", "2026-11-22T19:00:00+01:00"),
            ("orderNumber", "56ae6aa8-3d28-5fe2-b643-6e2ee29e004f"),
            ("limit", "200"),
            ("cursor", "1.17"),
        ])
        .unwrap();
        assert_eq!((found.limit, found.before), (200, Some(17)));
        assert_eq!(found.filter.status, Some(LetterStatus::Open));
        assert_eq!(found.filter.from, found.filter.to);
        assert_eq!(print_cursor(17), "1.17");
    }

    #[rstest::rstest]
    #[case(&[("reason", "lower")], &["#reason"])]
    #[case(&[("reason", "")], &["#reason"])]
    #[case(&[("status", "open"), ("from", "yesterday")], &["#status", "#from"])]
    #[case(&[("from", "1969-12-31T00:00:00Z")], &["#from"])]
    #[case(&[("orderNumber", "4711"), ("limit", "0")], &["#orderNumber", "#limit"])]
    #[case(&[("limit", "201"), ("cursor", "17")], &["#limit", "#cursor"])]
    #[case(&[("status", "OPEN"), ("status", "OPEN")], &["#status"])]
    #[case(&[("stauts", "OPEN")], &["#query"])]
    fn everything_wrong_is_named(#[case] parameters: &[(&str, &str)], #[case] pointers: &[&str]) {
        assert_eq!(read(parameters).unwrap_err(), pointers);
    }
}
