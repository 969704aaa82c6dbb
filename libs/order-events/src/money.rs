//! Money is an integer of minor units with an ISO 4217 code, never a float.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in minor units (cents for EUR) of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; may be negative in a sum, never in a price.
    pub amount: i64,
    /// ISO 4217 alphabetic code.
    pub currency: Currency,
}

/// An ISO 4217 alphabetic code: three letters A to Z.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// The text is not three letters A to Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three letters A to Z, as in ISO 4217")]
pub struct CurrencyError;

impl Currency {
    /// Parses a code such as `EUR`. Lower case is refused: ISO 4217 writes capitals.
    pub fn new(code: &str) -> Result<Self, CurrencyError> {
        match code.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(CurrencyError),
        }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::new(&code)
    }
}

impl From<Currency> for String {
    fn from(code: Currency) -> Self {
        code.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("EUR", true)]
    #[case("eur", false)]
    #[case("EURO", false)]
    #[case("E1R", false)]
    #[case("", false)]
    #[case("É", false)]
    fn a_currency_is_three_capitals(#[case] code: &str, #[case] valid: bool) {
        assert_eq!(Currency::new(code).is_ok(), valid);
    }

    #[test]
    fn floats_are_not_money() {
        assert!(serde_json::from_str::<Money>(r#"{"amount":19.99,"currency":"EUR"}"#).is_err());
        assert!(serde_json::from_str::<Money>(r#"{"amount":"1999","currency":"EUR"}"#).is_err());
    }
}
