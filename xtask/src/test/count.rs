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
    /// A test program has begun and not told its result yet.
    running: bool,
    /// Test programs that ended without a result: a test aborted or killed the process.
    broken_off: u64,
}

impl Outcome {
    /// Takes in one line of output. libtest begins with `running 3 tests` and ends a failed run with a list:
    /// `failures:`, then a name on each line behind four spaces.
    pub fn read(&mut self, line: &str) {
        if let Some(found) = Count::of_line(line) {
            self.count += found;
            self.running = false;
        } else if is_begin(line) {
            self.broken_off += u64::from(self.running);
            self.running = true;
        }
        match line.strip_prefix("    ") {
            Some(name) if self.in_list && !name.contains(' ') => self.failed.push(name.to_owned()),
            _ => self.in_list = line == "failures:",
        }
    }

    /// The end of the run. One that failed counts a failure for each program without a result, and at least one:
    /// what does not compile runs no test.
    pub fn end(&mut self, succeeded: bool) {
        if succeeded {
            return;
        }
        self.count.failed += self.broken_off + u64::from(self.running);
        self.count.failed = self.count.failed.max(1);
    }

    /// True when every failure is a test whose name is known.
    pub fn is_known(&self) -> bool {
        u64::try_from(self.failed.len()) == Ok(self.count.failed)
    }
}

fn is_begin(line: &str) -> bool {
    let number = line.strip_prefix("running ").and_then(|rest| rest.split_once(" test"));
    number.is_some_and(|(number, rest)| number.parse::<u64>().is_ok() && ["", "s"].contains(&rest))
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

    /// This count after its failed tests ran again with the result `again`. A test of the same name in another package
    /// runs along: what failed again is never outweighed by what passed.
    pub fn with_second_try(self, again: Self) -> Self {
        let mended = again.passed.min(self.failed.saturating_sub(again.failed));
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

    fn outcome(printed: &str, succeeded: bool) -> Outcome {
        let mut outcome = Outcome::default();
        printed.lines().for_each(|line| outcome.read(line));
        outcome.end(succeeded);
        outcome
    }

    #[test]
    fn a_program_without_a_result_is_a_failure_beside_failed_tests() {
        let failed = "\nrunning 1 test\ntest a ... FAILED\n\nfailures:\n    a\n\n\
                      test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.52s\n";
        let aborted = "\nrunning 2 tests\ntest b ... ok\n";
        for printed in [format!("{aborted}{failed}"), format!("{failed}{aborted}")] {
            let outcome = outcome(&printed, false);
            assert_eq!(outcome.count.failed, 2, "{printed}");
            assert!(!outcome.is_known(), "{printed}");
        }
        assert!(outcome(failed, false).is_known());
    }

    #[test]
    fn a_run_that_fails_without_a_test_is_one_failure() {
        assert_eq!(outcome("", false).count, Count::one(false));
        assert_eq!(outcome("\nrunning 1 test\n", false).count, Count::one(false));
        assert_eq!(outcome("", true).count, Count::default());
    }

    #[test]
    fn what_only_looks_like_a_beginning_is_none() {
        for line in ["running 3 pods", "running tests", "running 3 tests in all", " running 3 tests"] {
            assert!(!is_begin(line), "{line}");
        }
        assert!(is_begin("running 1 test") && is_begin("running 0 tests"));
    }

    #[test]
    fn a_namesake_that_passes_mends_nothing() {
        let first = Count { passed: 10, failed: 1, flaky: 0 };
        assert_eq!(first.with_second_try(Count { passed: 1, failed: 1, flaky: 0 }), first);
        let both = Count { passed: 2, failed: 0, flaky: 0 };
        assert_eq!(first.with_second_try(both), Count { passed: 11, failed: 0, flaky: 1 });
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
