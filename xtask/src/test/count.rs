//! How many tests passed, by what libtest prints.

use std::ops::AddAssign;

/// Results of one part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Tests that ran and succeeded.
    pub passed: u64,
    /// Tests that failed, and steps that could not be done at all.
    pub failed: u64,
    /// Tests among the passed that failed at their first try.
    pub flaky: u64,
}

/// What one run of cargo printed of its tests.
#[derive(Debug, Default)]
pub struct Outcome {
    pub count: Count,
    /// Names of the failed tests.
    pub failed: Vec<String>,
    in_list: bool,
}

impl Outcome {
    /// Takes in one line of output. libtest ends a failed run with a list: `failures:`, then a name on each
    /// line behind four spaces.
    pub fn read(&mut self, line: &str) {
        if let Some(found) = Count::of_line(line) {
            self.count += found;
        }
        match line.strip_prefix("    ") {
            Some(name) if self.in_list && !name.contains(' ') => self.failed.push(name.to_owned()),
            _ => self.in_list = line == "failures:",
        }
    }
}

impl Count {
    /// One thing that is not a test, such as a check or a build.
    pub fn one(succeeded: bool) -> Self {
        Self { passed: u64::from(succeeded), failed: u64::from(!succeeded), flaky: 0 }
    }

    /// The numbers of a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`; None for others.
    pub fn of_line(line: &str) -> Option<Self> {
        let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let number = |word: &str| numbers.split("; ").find_map(|part| part.strip_suffix(word)?.trim().parse().ok());
        Some(Self { passed: number(" passed")?, failed: number(" failed")?, flaky: 0 })
    }

    /// This count after its failed tests ran again with the result `again`.
    pub fn with_second_try(self, again: Self) -> Self {
        let mended = again.passed.min(self.failed);
        Self { passed: self.passed + mended, failed: self.failed - mended, flaky: self.flaky + mended }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.flaky += other.flaky;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read() {
        let line = "test result: FAILED. 12 passed; 3 failed; 4 ignored; 0 measured; 5 filtered out; finished in 0.52s";
        assert_eq!(Count::of_line(line), Some(Count { passed: 12, failed: 3, flaky: 0 }));
        let line = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(Count::of_line(line), Some(Count::default()));
    }

    #[test]
    fn failed_tests_are_known_by_name() {
        let printed = "\
running 2 tests
test a::works ... ok
test a::fails ... FAILED

failures:

---- a::fails stdout ----
    indented output
failures:
    a::fails

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.52s";
        let mut outcome = Outcome::default();
        printed.lines().for_each(|line| outcome.read(line));
        assert_eq!(outcome.failed, ["a::fails"]);
        assert_eq!(outcome.count, Count { passed: 1, failed: 1, flaky: 0 });
    }

    #[test]
    fn a_second_try_mends_and_is_remembered() {
        let first = Count { passed: 10, failed: 2, flaky: 0 };
        let again = Count { passed: 1, failed: 1, flaky: 0 };
        assert_eq!(first.with_second_try(again), Count { passed: 11, failed: 1, flaky: 1 });
        assert_eq!(first.with_second_try(Count::one(false)), first);
    }

    #[test]
    fn other_lines_are_not() {
        for line in ["test a::b ... ok", "running 3 tests", "", "test result: ", "3 passed; 0 failed"] {
            assert_eq!(Count::of_line(line), None, "{line}");
        }
    }
}
