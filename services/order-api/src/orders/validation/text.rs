//! Texts, read strictly.

use super::violations::{At, Violations};
use crate::card_number;
use crate::json::Json;

pub(crate) const CARD_NUMBER: &str =
    "looks like a payment card's number; send the payment provider's token instead, and never the card";

/// Any text but one with a card number in it.
pub(crate) fn any<'j>(json: &'j Json<'_>, at: At<'_>, violations: &mut Violations) -> Option<&'j str> {
    let Json::Text(text) = json else {
        violations.add(at, "must be a text");
        return None;
    };
    if card_number::is_in_text(text) {
        violations.add(at, CARD_NUMBER);
        return None;
    }
    Some(text)
}

/// One line, 1 to `max` characters, not blank. Control characters would break mails and logs.
pub(crate) fn line(json: &Json<'_>, max: usize, at: At<'_>, violations: &mut Violations) -> Option<String> {
    bounded(json, max, |c| !c.is_control(), "must not have control characters", at, violations)
}

/// Like [`line`], but lines may be broken.
pub(crate) fn lines(json: &Json<'_>, max: usize, at: At<'_>, violations: &mut Violations) -> Option<String> {
    let allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    bounded(json, max, allowed, "must not have control characters but line breaks and tabs", at, violations)
}

/// 1 to `max` characters from `!` to `~`: names of methods and providers' tokens.
pub(crate) fn visible_ascii(json: &Json<'_>, max: usize, at: At<'_>, violations: &mut Violations) -> Option<String> {
    bounded(json, max, |c| c.is_ascii_graphic(), "must be visible ASCII characters", at, violations)
}

fn bounded(
    json: &Json<'_>,
    max: usize,
    allowed: impl Fn(char) -> bool,
    otherwise: &'static str,
    at: At<'_>,
    violations: &mut Violations,
) -> Option<String> {
    let text = any(json, at, violations)?;
    // The length in bytes answers at once for most texts.
    let too_long = text.len() > max && text.chars().nth(max).is_some();
    if too_long {
        violations.add(at, format!("must be 1 to {max} characters"));
    } else if text.trim().is_empty() {
        violations.add(at, "must not be empty");
    } else if !text.chars().all(allowed) {
        violations.add(at, otherwise);
    } else {
        return Some(text.to_owned());
    }
    None
}
