//! Objects and numbers, read strictly.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::violations::{At, Violations, is_printable_name};
use crate::card_number;
use crate::json::Json;

/// The fields of one object.
pub(crate) struct Fields<'j, 'd, 'a> {
    fields: &'j [(Cow<'d, str>, Json<'d>)],
    at: At<'a>,
}

/// The fields of the object at `at`; refuses what is no object, and fields that are unknown or given twice.
pub(crate) fn object<'j, 'd, 'a>(
    json: &'j Json<'d>,
    known: &[&str],
    at: At<'a>,
    violations: &mut Violations,
) -> Option<Fields<'j, 'd, 'a>> {
    let Json::Object(fields) = json else {
        violations.add(at, "must be an object");
        return None;
    };
    for (index, (name, _)) in fields.iter().enumerate() {
        if !known.contains(&name.as_ref()) {
            if is_printable_name(name) {
                violations.add(At::Field(&at, name), "is not a known field");
            } else {
                violations.add(at, "has a field that is not known");
            }
        } else if fields[..index].iter().any(|(earlier, _)| earlier == name) {
            violations.add(At::Field(&at, name), "is given more than once");
        }
    }
    Some(Fields { fields, at })
}

impl<'j, 'd> Fields<'j, 'd, '_> {
    /// Reads a field that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        violations: &mut Violations,
        read: impl FnOnce(&'j Json<'d>, At<'_>, &mut Violations) -> Option<T>,
    ) -> Option<T> {
        let at = At::Field(&self.at, name);
        match self.find(name) {
            None | Some(Json::Null) => {
                violations.add(at, "is required");
                None
            }
            Some(json) => read(json, at, violations),
        }
    }

    /// Reads a field that may be missing or null.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        violations: &mut Violations,
        read: impl FnOnce(&'j Json<'d>, At<'_>, &mut Violations) -> Option<T>,
    ) -> Option<T> {
        match self.find(name) {
            None | Some(Json::Null) => None,
            Some(json) => read(json, At::Field(&self.at, name), violations),
        }
    }

    fn find(&self, name: &str) -> Option<&'j Json<'d>> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, json)| json)
    }
}

/// A whole number within the range. One shaped like a card number is refused: somebody typed it into the wrong field.
pub(crate) fn integer<T: TryFrom<i128>>(
    json: &Json<'_>,
    range: RangeInclusive<i128>,
    at: At<'_>,
    violations: &mut Violations,
) -> Option<T> {
    let Json::Integer(value) = *json else {
        violations.add(at, "must be a whole number");
        return None;
    };
    if !range.contains(&value) {
        let (least, most) = (range.start(), range.end());
        violations.add(at, format!("must be {least} to {most}"));
        return None;
    }
    if u64::try_from(value).is_ok_and(card_number::is_integer) {
        violations.add(at, super::text::CARD_NUMBER);
        return None;
    }
    T::try_from(value).ok()
}
