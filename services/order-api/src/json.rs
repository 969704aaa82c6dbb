//! A JSON document that borrows its texts from the request and keeps fields given twice, which
//! `serde_json::Value` silently drops. Validation walks it, so that one answer can name every wrong field.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// One JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction or exponent that fits.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// An object's fields, in the order they came.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// The bytes are not one JSON document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed JSON at line {line}, column {column}")]
pub struct Malformed {
    /// From 1.
    pub line: usize,
    /// From 1; 0 at a line's start.
    pub column: usize,
}

/// Parses a body. The error tells the place only: serde's own messages quote what they met.
pub fn parse(body: &[u8]) -> Result<Json<'_>, Malformed> {
    serde_json::from_slice(body).map_err(|error| Malformed { line: error.line(), column: error.column() })
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

/// An object's key: `Cow<str>` alone would always copy.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(JsonVisitor)? {
            Json::Text(text) => Ok(Self(text)),
            _ => Err(serde::de::Error::custom("a key is a text")),
        }
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Json::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Json::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Json::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((Text(name), value)) = access.next_entry()? {
            fields.push((name, value));
        }
        Ok(Json::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_borrowed_and_fields_given_twice_are_kept() {
        let json = parse(br#"{"a":1,"a":"two","b":[null,true,1.5,-3]}"#).unwrap();
        let Json::Object(fields) = json else { panic!("an object") };
        assert!(matches!(&fields[0], (Cow::Borrowed("a"), Json::Integer(1))));
        assert!(matches!(&fields[1], (Cow::Borrowed("a"), Json::Text(Cow::Borrowed("two")))));
        let list = vec![Json::Null, Json::Bool(true), Json::Float(1.5), Json::Integer(-3)];
        assert_eq!(fields[2].1, Json::List(list));
    }

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(parse(br#""a\u00e9\n""#).unwrap(), Json::Text("a\u{e9}\n".into()));
    }

    #[test]
    fn the_error_tells_the_place_alone() {
        let error = parse(br#"{"secret": 4111111111111111 "x"}"#).unwrap_err();
        assert_eq!(error.to_string(), "malformed JSON at line 1, column 29");
    }

    #[test]
    fn depth_is_bounded() {
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }
    }
}
