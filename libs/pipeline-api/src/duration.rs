//! Durations as people write them in a resource: `30s`, `2m`, `7d`.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A whole number and one unit: `ms`, `s`, `m`, `h` or `d`. Never zero.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(transparent)]
pub struct Duration(String);

/// The text is not a duration.
#[derive(Debug, PartialEq, Eq)]
pub struct DurationError(String);

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a duration such as 30s, 2m or 7d", self.0)
    }
}

impl std::error::Error for DurationError {}

impl Duration {
    /// Wraps a text as it stands; [`Duration::to_std`] judges it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The length of time this text means.
    ///
    /// # Errors
    /// When the text is not a number from 1 to 999,999 followed by one unit.
    pub fn to_std(&self) -> Result<std::time::Duration, DurationError> {
        let error = || DurationError(self.0.clone());
        let split = self.0.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
        let (number, unit) = self.0.split_at(split);
        let number: u64 = number.parse().ok().filter(|n| (1..=999_999).contains(n)).ok_or_else(error)?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(error()),
        };
        Ok(std::time::Duration::from_millis(number * millis))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Duration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": 8, "pattern": "^[1-9][0-9]{0,5}(ms|s|m|h|d)$"})
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("250ms", 250)]
    #[case("30s", 30_000)]
    #[case("2m", 120_000)]
    #[case("1h", 3_600_000)]
    #[case("7d", 604_800_000)]
    fn reads(#[case] text: &str, #[case] millis: u64) {
        assert_eq!(Duration::new(text).to_std().unwrap().as_millis(), u128::from(millis));
    }

    #[rstest]
    fn refuses(
        #[values("", "30", "0s", "-1s", "1w", "s", "1.5h", "1000000s", "1h30m", "99999999999999999999s")] text: &str,
    ) {
        assert!(Duration::new(text).to_std().is_err());
    }
}
