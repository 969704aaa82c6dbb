//! Bodies of the dead-letter API, read as strictly as an order. Nothing that was sent is repeated in an error.

use service_runtime::problem::FieldError;

use super::filter::Read;
use super::plan::Numbering;
use crate::error::ApiError;
use crate::json::{self, Json};
use crate::orders::validation::object::{integer, object};
use crate::orders::validation::text;
use crate::orders::validation::violations::{At, Violations};
use crate::store::{LetterFilter, LetterStatus};

const MAX_NOTE: usize = 500;
const DEFAULT_MANY: u32 = 100;
const MAX_MANY: u32 = 500;

/// `POST …/{id}/replay`.
#[derive(Debug, Default)]
pub(super) struct ReplayOne<'a> {
    pub(super) body: Option<Json<'a>>,
    pub(super) numbering: Numbering,
    pub(super) replay_count: Option<u32>,
    pub(super) again: bool,
}

/// `POST /api/dead-letters:replay`.
#[derive(Debug)]
pub(super) struct ReplayMany {
    /// Open ones only.
    pub(super) filter: LetterFilter,
    pub(super) dry_run: bool,
    pub(super) limit: u32,
    /// Above this id.
    pub(super) after: Option<u64>,
}

/// `POST …/{id}/discard`.
#[derive(Debug)]
pub(super) struct Discard {
    pub(super) note: String,
    pub(super) replay_count: Option<u32>,
}

/// No body at all is a replay as it is.
pub(super) fn replay_one(bytes: &[u8]) -> Result<ReplayOne<'_>, ApiError> {
    if bytes.is_empty() {
        return Ok(ReplayOne::default());
    }
    let json = json::parse(bytes).map_err(ApiError::Malformed)?;
    let mut v = Violations::default();
    let mut found = ReplayOne::default();
    if let Some(mut fields) = object(&json, &["body", "orderNumber", "replayCount", "again"], At::Root, &mut v) {
        found.body = fields.optional("body", &mut v, |json, _, _| Some(json.clone()));
        found.numbering = fields.optional("orderNumber", &mut v, numbering).unwrap_or_default();
        found.replay_count = fields.optional("replayCount", &mut v, count);
        found.again = fields.optional("again", &mut v, boolean).unwrap_or_default();
    }
    done(found, v, Vec::new())
}

pub(super) fn replay_many(bytes: &[u8]) -> Result<ReplayMany, ApiError> {
    let json = json::parse(bytes).map_err(ApiError::Malformed)?;
    let mut v = Violations::default();
    let mut read = Read { prefix: "/", wrong: Vec::new() };
    let mut found = ReplayMany { filter: open(), dry_run: false, limit: DEFAULT_MANY, after: None };
    if let Some(mut fields) = object(&json, &["filter", "dryRun", "limit", "cursor"], At::Root, &mut v) {
        found.filter = fields.required("filter", &mut v, filter).unwrap_or_default();
        found.dry_run = fields.optional("dryRun", &mut v, boolean).unwrap_or_default();
        let limit = fields.optional("limit", &mut v, |json, at, v| integer(json, 1..=MAX_MANY.into(), at, v));
        found.limit = limit.unwrap_or(DEFAULT_MANY);
        let cursor = fields.optional("cursor", &mut v, text::any);
        found.after = cursor.and_then(|text| read.cursor(text));
    }
    done(found, v, read.wrong)
}

pub(super) fn discard(bytes: &[u8]) -> Result<Discard, ApiError> {
    let json = json::parse(bytes).map_err(ApiError::Malformed)?;
    let mut v = Violations::default();
    let mut found = Discard { note: String::new(), replay_count: None };
    if let Some(mut fields) = object(&json, &["reason", "replayCount"], At::Root, &mut v) {
        let note = fields.required("reason", &mut v, |json, at, v| text::line(json, MAX_NOTE, at, v));
        found.note = note.unwrap_or_default();
        found.replay_count = fields.optional("replayCount", &mut v, count);
    }
    done(found, v, Vec::new())
}

fn open() -> LetterFilter {
    LetterFilter { status: Some(LetterStatus::Open), ..LetterFilter::default() }
}

fn filter(json: &Json<'_>, at: At<'_>, v: &mut Violations) -> Option<LetterFilter> {
    let mut fields = object(json, &["reason", "from", "to", "orderNumber"], at, v)?;
    let mut read = Read { prefix: "", wrong: Vec::new() };
    let reason = fields.optional("reason", v, text::any).and_then(|text| read.reason(text));
    let from = fields.optional("from", v, text::any).and_then(|text| read.time("from", text));
    let to = fields.optional("to", v, text::any).and_then(|text| read.time("to", text));
    let order_number = fields.optional("orderNumber", v, text::any).and_then(|text| read.number(text));
    for FieldError { pointer, detail } in read.wrong {
        v.add(At::Field(&at, &pointer), detail);
    }
    Some(LetterFilter { reason, from, to, order_number, ..open() })
}

fn numbering(json: &Json<'_>, at: At<'_>, v: &mut Violations) -> Option<Numbering> {
    let found = match json {
        Json::Text(text) if text == "new" => Some(Numbering::New),
        Json::Text(text) => text.parse().ok().map(Numbering::Given),
        _ => None,
    };
    if found.is_none() {
        v.add(at, "must be \"new\" or a UUID in lower case");
    }
    found
}

fn count(json: &Json<'_>, at: At<'_>, v: &mut Violations) -> Option<u32> {
    integer(json, 0..=u32::MAX.into(), at, v)
}

fn boolean(json: &Json<'_>, at: At<'_>, v: &mut Violations) -> Option<bool> {
    match json {
        Json::Bool(value) => Some(*value),
        _ => {
            v.add(at, "must be true or false");
            None
        }
    }
}

fn done<T>(found: T, violations: Violations, more: Vec<FieldError>) -> Result<T, ApiError> {
    let fields = violations.into_list().into_iter();
    let mut wrong: Vec<FieldError> =
        fields.map(|one| FieldError { pointer: one.pointer, detail: one.detail.into_owned() }).collect();
    wrong.extend(more);
    if wrong.is_empty() { Ok(found) } else { Err(ApiError::Invalid(wrong)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers<T>(result: Result<T, ApiError>) -> Vec<String> {
        match result {
            Err(ApiError::Invalid(fields)) => fields.into_iter().map(|field| field.pointer).collect(),
            Err(other) => panic!("{other:?}"),
            Ok(_) => Vec::new(),
        }
    }

    #[rstest::rstest]
    #[case("", &[])]
    #[case("{}", &[])]
    #[case(r#"{"orderNumber":"new","replayCount":0,"again":true,"body":{}}"#, &[])]
    #[case(r#"{"orderNumber":"56ae6aa8-3d28-5fe2-b643-6e2ee29e004f"}"#, &[])]
    #[case(r#"{"orderNumber":"4711","replayCount":-1,"again":1}"#, &["/orderNumber", "/replayCount", "/again"])]
    #[case(r#"{"boddy":{}}"#, &["/boddy"])]
    #[case("[]", &[""])]
    fn one(#[case] body: &str, #[case] expected: &[&str]) {
        assert_eq!(pointers(replay_one(body.as_bytes())), expected);
    }

    #[rstest::rstest]
    #[case(r#"{"filter":{}}"#, &[])]
    #[case(r#"{"filter":{"reason":"UNDECODABLE","from":"2026-11-22T18:00:00Z"},"dryRun":true,"limit":500,"cursor":"1.3"}"#, &[])]
    #[case("{}", &["/filter"])]
    #[case(r#"{"filter":{"reason":"x","to":"x","status":"OPEN"},"limit":501,"cursor":"x"}"#,
        &["/filter/status", "/filter/reason", "/filter/to", "/limit", "/cursor"])]
    fn many(#[case] body: &str, #[case] expected: &[&str]) {
        assert_eq!(pointers(replay_many(body.as_bytes())), expected);
    }

    #[test]
    fn only_open_ones_are_replayed_by_filter() {
        let found = replay_many(br#"{"filter":{"reason":"UNDECODABLE"}}"#).unwrap();
        assert_eq!((found.filter.status, found.dry_run, found.limit), (Some(LetterStatus::Open), false, 100));
    }

    #[rstest::rstest]
    #[case(r#"{"reason":"a partner's test"}"#, &[])]
    #[case("{}", &["/reason"])]
    #[case(r#"{"reason":" "}"#, &["/reason"])]
    #[case(r#"{"reason":"card 4111111111111111"}"#, &["/reason"])]
    fn why_discarded(#[case] body: &str, #[case] expected: &[&str]) {
        assert_eq!(pointers(discard(body.as_bytes())), expected);
    }

    #[test]
    fn no_json() {
        assert!(matches!(discard(b""), Err(ApiError::Malformed(_))));
        assert!(matches!(replay_one(b"{"), Err(ApiError::Malformed(_))));
    }
}
