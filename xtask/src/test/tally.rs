//! The parts that ran, with their counts and times.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::count::Count;
use crate::step::seconds;

/// One line for each part.
#[derive(Debug, Default)]
pub struct Tally {
    parts: Vec<(&'static str, Count, Duration)>,
}

impl Tally {
    /// Runs a part. One that breaks off counts as one failure; the parts after it run all the same.
    pub fn add(&mut self, name: &'static str, part: impl FnOnce() -> Result<Count>) {
        eprintln!("\n== {name}");
        let started = Instant::now();
        let count = part().unwrap_or_else(|error| {
            eprintln!("error: {name}: {error:#}");
            Count::one(false)
        });
        self.parts.push((name, count, started.elapsed()));
    }

    /// Passed and failed over all parts.
    pub fn sum(&self) -> (u64, u64) {
        self.parts.iter().fold((0, 0), |(passed, failed), (_, count, _)| (passed + count.passed, failed + count.failed))
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count, time) in &self.parts {
            let result = match (count.passed, count.failed) {
                (0, 0) => "no tests".to_owned(),
                (passed, 0) => format!("{passed} ok"),
                (passed, failed) => format!("{passed} ok, {failed} FAILED"),
            };
            let flaky = if count.flaky > 0 {
                format!(", {} of them FLAKY: ok at the second try only", count.flaky)
            } else {
                String::new()
            };
            writeln!(f, "{name}: {result}{flaky} ({})", seconds(*time))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_breaks_off_is_a_failure_and_the_rest_goes_on() {
        let mut tally = Tally::default();
        tally.add("broken", || anyhow::bail!("no server"));
        tally.add("good", || Ok(Count { passed: 3, ..Count::default() }));
        assert_eq!(tally.sum(), (3, 1));
    }

    #[test]
    fn a_part_without_tests_is_not_called_ok() {
        let mut tally = Tally::default();
        tally.add("empty", || Ok(Count::default()));
        assert!(tally.to_string().starts_with("empty: no tests ("), "{tally}");
    }
}
