//! Tells whether a text holds something shaped like a payment card's number, so that it can be refused before it
//! reaches Kafka, a table or a log line.
//!
//! The shape: 13 to 19 digits (ISO/IEC 7812-1), possibly in groups with spaces, hyphens, dots or the like between
//! them, whose last digit is right by Luhn's formula. One in ten random numbers of that length passes, so a text
//! that is a UUID as a whole (the usual form of keys and tokens) is let through.

use uuid::Uuid;

const MIN_DIGITS: usize = 13;
const MAX_DIGITS: usize = 19;
/// As in `4111 - 1111`; digits further apart are not read as one number.
const MAX_SEPARATORS: usize = 3;

/// Whether any part of `text` is shaped like a card number.
pub fn is_in_text(text: &str) -> bool {
    let digits = text.chars().filter_map(digit).count();
    digits >= MIN_DIGITS && Uuid::try_parse(text).is_err() && scan(text)
}

/// Whether the number itself is shaped like one.
pub fn is_integer(value: u64) -> bool {
    value >= 10_u64.pow(MIN_DIGITS as u32 - 1) && is_in_text(&value.to_string())
}

/// Reads chains of digit groups; at each end of a chain looks at it.
fn scan(text: &str) -> bool {
    let mut chain = Chain::default();
    let mut separators = 0;
    for c in text.chars() {
        if let Some(digit) = digit(c) {
            if separators > 0 || chain.digits.is_empty() {
                chain.starts.push(chain.digits.len());
            }
            separators = 0;
            chain.digits.push(digit);
        } else if is_separator(c) && separators < MAX_SEPARATORS && !chain.digits.is_empty() {
            separators += 1;
        } else {
            if chain.holds_card_number() {
                return true;
            }
            chain = Chain::default();
            separators = 0;
        }
    }
    chain.holds_card_number()
}

/// Digits of one chain, and where its groups start.
#[derive(Default)]
struct Chain {
    digits: Vec<u8>,
    starts: Vec<usize>,
}

impl Chain {
    /// A card number may have a house number before it: every run of whole groups is looked at.
    fn holds_card_number(&self) -> bool {
        let ends = || self.starts.iter().skip(1).copied().chain([self.digits.len()]);
        self.starts.iter().any(|&start| {
            ends()
                .skip_while(|&end| end < start + MIN_DIGITS)
                .take_while(|&end| end <= start + MAX_DIGITS)
                .any(|end| passes_luhn(&self.digits[start..end]))
        })
    }
}

/// ISO/IEC 7812-1, annex B.
fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, u32::from(digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => 2 * digit - 9,
            (_, digit) => 2 * digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// ASCII digits and their full-width forms, which some keyboards type.
fn digit(c: char) -> Option<u8> {
    match c {
        '0'..='9' => Some(c as u8 - b'0'),
        '\u{ff10}'..='\u{ff19}' => Some((c as u32 - 0xff10) as u8),
        _ => None,
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '.' | '_' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200b}'..='\u{200d}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[rstest::rstest]
    #[case::visa("4111111111111111", true)]
    #[case::spaces("4111 1111 1111 1111", true)]
    #[case::hyphens("4111-1111-1111-1111", true)]
    #[case::dots("4111.1111.1111.1111", true)]
    #[case::amex("3782 822463 10005", true)]
    #[case::thirteen_digits("4222222222222", true)]
    #[case::nineteen_digits("6304000000000000000", true)]
    #[case::in_a_sentence("my card is 4111 1111 1111 1111, thanks", true)]
    #[case::after_a_house_number("Street 12 4111 1111 1111 1111", true)]
    #[case::before_a_date("4111111111111111 12/29", true)]
    #[case::glued_to_letters("tok4111111111111111x", true)]
    #[case::full_width("４１１１１１１１１１１１１１１１", true)]
    #[case::no_break_spaces("4111\u{a0}1111\u{a0}1111\u{a0}1111", true)]
    #[case::wrong_check_digit("4111111111111112", false)]
    #[case::twelve_digits("411111111111", false)]
    #[case::twenty_digits("41111111111111111114", false)]
    #[case::letters_between("4111a1111b1111c1111", false)]
    #[case::address("Flat 12, 1204 Street 7, 10115 Berlin", false)]
    #[case::phone("+49 30 12345678", false)]
    #[case::uuid("6ba7b810-9dad-11d1-8011-411111111111", false)]
    #[case::empty("", false)]
    fn the_shape(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_in_text(text), expected);
    }

    #[test]
    fn integers() {
        assert!(is_integer(4_111_111_111_111_111));
        assert!(!is_integer(17));
        assert!(!is_integer(u64::MAX));
    }

    /// Digits with a right check digit.
    fn card_number() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0_u8..10, 12..=18).prop_map(|mut digits| {
            let check = (0..10).find(|&check| {
                digits.push(check);
                let right = passes_luhn(&digits);
                digits.pop();
                right
            });
            digits.push(check.expect("one of ten digits is right"));
            digits
        })
    }

    proptest! {
        #[test]
        fn found_with_any_separators(
            digits in card_number(),
            separators in prop::collection::vec("[ .-]{0,3}", 19),
            before in "[a-z]{0,5}",
            after in "[a-z]{0,5}",
        ) {
            let number: String =
                digits.iter().zip(&separators).map(|(digit, separator)| format!("{digit}{separator}")).collect();
            let text = format!("{before}{number}{after}");
            prop_assert!(is_in_text(&text));
        }

        #[test]
        fn any_text_is_read(text in "\\PC*") {
            is_in_text(&text);
        }
    }
}
