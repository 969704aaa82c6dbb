//! Statements with their values in them.
//!
//! A batch writes hundreds of rows in a handful of statements, each of another size: as prepared statements every one of them
//! would be parsed for one use and cost a round trip of its own. So they go out as one text. Values enter it only through
//! [`Sql`]'s methods, which write digits, hexadecimal and texts from this program's own constants: nothing from outside can
//! be read as SQL, whatever it holds.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use order_events::OrderNumber;
use service_runtime::trace_context::TraceContext;

/// One or several statements.
#[derive(Debug, Default)]
pub(super) struct Sql {
    text: String,
    statements: usize,
}

impl Sql {
    /// Starts a statement, after a `;` if there is one already.
    pub(super) fn statement(&mut self, sql: &'static str) -> &mut Self {
        if self.statements > 0 {
            self.text.push_str(";\n");
        }
        self.statements += 1;
        self.raw(sql)
    }

    /// Our own words.
    pub(super) fn raw(&mut self, sql: &'static str) -> &mut Self {
        self.text.push_str(sql);
        self
    }

    /// A number.
    pub(super) fn int(&mut self, value: impl Into<i128>) -> &mut Self {
        let value: i128 = value.into();
        write!(self.text, "{value}").expect("a String takes all");
        self
    }

    /// Bytes, as a hexadecimal literal.
    pub(super) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.text.reserve(2 * value.len() + 3);
        self.text.push_str("X'");
        for byte in value {
            self.text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            self.text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        self.text.push('\'');
        self
    }

    /// Text, as a hexadecimal literal of utf8mb4.
    pub(super) fn text(&mut self, value: &str) -> &mut Self {
        self.raw("_utf8mb4 ").bytes(value.as_bytes())
    }

    /// One of our own names, quoted.
    pub(super) fn name(&mut self, value: &'static str) -> &mut Self {
        debug_assert!(value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{value}");
        self.raw("'").raw(value).raw("'")
    }

    /// An order number, quoted.
    pub(super) fn number(&mut self, value: OrderNumber) -> &mut Self {
        write!(self.text, "'{value}'").expect("a String takes all");
        self
    }

    /// A trace context, quoted.
    pub(super) fn trace(&mut self, value: TraceContext) -> &mut Self {
        write!(self.text, "'{value}'").expect("a String takes all");
        self
    }

    /// A point in time, in UTC (sqlx sets the session's time zone to it).
    pub(super) fn time(&mut self, value: Timestamp) -> &mut Self {
        let at = value.to_zoned(TimeZone::UTC);
        let micros = at.subsec_nanosecond() / 1000;
        let (date, time) = (at.date(), at.time());
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        write!(self.text, "'{date} {hour:02}:{minute:02}:{second:02}.{micros:06}'").expect("a String takes all");
        self
    }

    /// NULL or what `write` writes.
    pub(super) fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T) -> &mut Self) -> &mut Self {
        match value {
            Some(value) => write(self, value),
            None => self.raw("NULL"),
        }
    }

    /// The items, separated by commas.
    pub(super) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.raw(",");
            }
            write(self, item);
        }
        self
    }

    pub(super) fn statements(&self) -> usize {
        self.statements
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_digits_hexadecimal_or_our_own_words() {
        let mut sql = Sql::default();
        sql.statement("SELECT ").text("'; DROP TABLE orders; -- \\").raw(",").int(-5).raw(",").bytes(&[]);
        assert_eq!(sql.into_text(), "SELECT _utf8mb4 X'273b2044524f50205441424c45206f72646572733b202d2d205c',-5,X''");
    }

    #[test]
    fn times_have_microseconds() {
        let mut sql = Sql::default();
        sql.time("2026-11-22T18:48:15.0012345Z".parse().unwrap());
        assert_eq!(sql.into_text(), "'2026-11-22 18:48:15.001234'");
    }

    proptest! {
        #[test]
        fn no_text_ends_its_literal(value in "\\PC*") {
            let mut sql = Sql::default();
            sql.text(&value);
            let text = sql.into_text();
            prop_assert!(text.strip_prefix("_utf8mb4 X'").and_then(|t| t.strip_suffix('\'')).unwrap().bytes().all(|b| b.is_ascii_hexdigit()));
        }
    }
}
