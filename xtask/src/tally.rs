//! Counts of tests, read from what the test programs of each language print.

use std::ops::AddAssign;

use crate::failure::Result;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Known and not run, or not allowed to count: skipped, disabled, expected to fail.
    pub(crate) ignored: u64,
}

impl Tally {
    /// Reads `test result: ok. 5 passed; 0 failed; 1 ignored; …` of `cargo test`; any other line is `None`.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let count = |word: &str| {
            counts.split("; ").find_map(|part| part.strip_suffix(word)?.trim_end().parse::<u64>().ok())
        };
        Some(Self { passed: count("passed")?, failed: count("failed")?, ignored: count("ignored")? })
    }

    /// Reads the last line such as pytest's `1 failed, 12 passed, 1 skipped in 0.50s`, or plain `12 passed, 1 failed`.
    pub(crate) fn of_summary(text: &str) -> Self {
        text.lines().rev().find_map(summary).unwrap_or_default()
    }

    /// Reads the closing lines of `node --test`: `ℹ pass 3` in the form for people, `# pass 3` in TAP.
    pub(crate) fn of_node(text: &str) -> Self {
        let count =
            |word: &str| text.lines().rev().find_map(|line| closing_count(line, word)).unwrap_or_default();
        Self {
            passed: count("pass "),
            failed: count("fail ") + count("cancelled "),
            ignored: count("skipped ") + count("todo "),
        }
    }

    /// Reads JUnit 4's last line: `OK (3 tests)` or `Tests run: 3,  Failures: 1`. It says nothing of ignored tests.
    pub(crate) fn of_junit(text: &str) -> Self {
        text.lines().rev().find_map(junit_result).unwrap_or_default()
    }

    /// Reads what `swift test` prints of its two kinds of tests, XCTest and Swift Testing.
    pub(crate) fn of_swift(text: &str) -> Self {
        let mut tally = text.lines().rev().find_map(xctest_result).unwrap_or_default();
        tally += swift_testing_result(text);
        tally
    }

    pub(crate) fn ran(self) -> u64 {
        self.passed + self.failed
    }

    /// Counts a check that is one test by itself.
    pub(crate) fn count(&mut self, what: &str, outcome: Result) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(failure) => {
                eprintln!("{what}: {failure}");
                self.failed += 1;
            }
        }
    }

    /// A test program's exit says no more than the counts that it printed, unless they show no failure.
    pub(crate) fn with_exit(self, exit: Result) -> Result<Self> {
        if self.failed == 0 { exit.map(|()| self) } else { Ok(self) }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

/// `None` unless every part of the line is a count that is known here.
fn summary(line: &str) -> Option<Tally> {
    let line = line.trim_matches(['=', ' ']);
    let counts = line.rsplit_once(" in ").map_or(line, |(counts, _)| counts);
    let mut tally = Tally::default();
    for part in counts.split(", ") {
        let (count, word) = part.split_once(' ')?;
        let count: u64 = count.parse().ok()?;
        match word {
            "passed" => tally.passed += count,
            "failed" | "error" | "errors" => tally.failed += count,
            "skipped" | "xfailed" | "xpassed" | "deselected" => tally.ignored += count,
            "warning" | "warnings" => {}
            _ => return None,
        }
    }
    Some(tally)
}

fn closing_count(line: &str, word: &str) -> Option<u64> {
    let rest = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# "))?;
    rest.strip_prefix(word)?.parse().ok()
}

fn junit_result(line: &str) -> Option<Tally> {
    if let Some(rest) = line.strip_prefix("OK (") {
        return Some(Tally { passed: first_number(rest)?, ..Tally::default() });
    }
    let (ran, failures) = line.strip_prefix("Tests run: ")?.split_once(",  Failures: ")?;
    let (ran, failed): (u64, u64) = (ran.parse().ok()?, failures.trim().parse().ok()?);
    Some(Tally { passed: ran.saturating_sub(failed), failed, ignored: 0 })
}

/// `Executed 3 tests, with 1 test skipped and 1 failure (0 unexpected) in 0.002 (0.002) seconds`, which comes once for
/// each suite and last for all of them.
fn xctest_result(line: &str) -> Option<Tally> {
    let (ran, rest) = line.trim().strip_prefix("Executed ")?.split_once(", with ")?;
    let (counts, _) = rest.split_once(" (")?;
    let count = |word: &str| {
        counts.split(" and ").find(|part| part.contains(word)).and_then(first_number).unwrap_or_default()
    };
    let (failed, ignored) = (count("failure"), count("skipped"));
    Some(Tally { passed: first_number(ran)?.saturating_sub(failed + ignored), failed, ignored })
}

/// Its closing line counts tests and *issues*, of which one test may have many; so what failed is counted by its line.
fn swift_testing_result(text: &str) -> Tally {
    let closing =
        text.lines().rev().find_map(|line| line.split_once(" Test run with ").map(|(_, rest)| rest));
    let Some(closing) = closing else { return Tally::default() };
    let of_tests = || text.lines().filter(|line| line.contains(" Test ") && !line.contains("Test run with "));
    let failed = lines(of_tests().filter(|line| line.contains(" failed after ")));
    let ignored = lines(of_tests().filter(|line| line.contains(" skipped")));
    let failed = if closing.contains(" failed after ") { failed.max(1) } else { failed };
    let all = first_number(closing).unwrap_or_default();
    Tally { passed: all.saturating_sub(failed + ignored), failed, ignored }
}

fn lines<'a>(lines: impl Iterator<Item = &'a str>) -> u64 {
    lines.map(|_| 1).sum()
}

fn first_number(text: &str) -> Option<u64> {
    text.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    fn tally(passed: u64, failed: u64, ignored: u64) -> Tally {
        Tally { passed, failed, ignored }
    }

    #[test]
    fn a_result_line_gives_its_three_counts() {
        let line =
            "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 4 filtered out; finished in 0.10s";
        assert_eq!(Tally::from_line(line), Some(tally(12, 0, 3)));
        let line = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(Tally::from_line(line), Some(tally(1, 2, 0)));
    }

    #[test]
    fn other_lines_give_nothing() {
        for line in [
            "",
            "running 12 tests",
            "test tally::reads ... ok",
            " test result: ok. 1 passed",
            "test result: ok",
        ] {
            assert_eq!(Tally::from_line(line), None, "{line}");
        }
    }

    #[test]
    fn pytest_closes_with_its_counts_in_any_order() {
        let closing = "FAILED a.py::b - assert 1 in 2\n\
                       ==== 1 failed, 12 passed, 1 skipped, 1 xfailed, 1 xpassed, 3 warnings, 2 errors in 0.04s ====\n";
        assert_eq!(Tally::of_summary(closing), tally(12, 3, 3));
        assert_eq!(Tally::of_summary("12 passed in 61.20s (0:01:01)\n"), tally(12, 0, 0));
        assert_eq!(Tally::of_summary("==== no tests ran in 0.01s ====\n"), Tally::default());
    }

    #[test]
    fn a_plain_summary_counts_too() {
        assert_eq!(Tally::of_summary("parity\n12 passed, 1 failed\n"), tally(12, 1, 0));
        assert_eq!(Tally::of_summary("12 sheep passed\n"), Tally::default());
    }

    #[test]
    fn node_closes_with_one_count_a_line() {
        let closing = "ℹ tests 9\nℹ suites 0\nℹ pass 3\nℹ fail 1\nℹ cancelled 1\nℹ skipped 2\nℹ todo 2\n";
        assert_eq!(Tally::of_node(closing), tally(3, 2, 4));
        assert_eq!(Tally::of_node(&closing.replace('ℹ', "#")), tally(3, 2, 4));
        assert_eq!(Tally::of_node("pass 3\n# passage 4\n"), Tally::default());
    }

    #[test]
    fn junit_closes_with_ok_or_with_its_failures() {
        assert_eq!(Tally::of_junit("...\nTime: 0.04\n\nOK (3 tests)\n\n"), tally(3, 0, 0));
        assert_eq!(Tally::of_junit("OK (1 test)"), tally(1, 0, 0));
        assert_eq!(Tally::of_junit("FAILURES!!!\nTests run: 3,  Failures: 1\n"), tally(2, 1, 0));
    }

    const XCTEST: &str = "Test Case 'A.testB' skipped (0.0 seconds)
Test Suite 'A' failed at 2026-01-01 00:00:00.000
\t Executed 4 tests, with 1 test skipped and 1 failure (0 unexpected) in 0.002 (0.002) seconds
Test Suite 'All tests' failed at 2026-01-01 00:00:00.000
\t Executed 4 tests, with 1 test skipped and 1 failure (0 unexpected) in 0.002 (0.002) seconds
";

    const SWIFT_TESTING: &str = "◇ Test run started.
◇ Test bad() started.
✘ Test off() skipped.
✘ Test bad() recorded an issue at B.swift:5:20: Expectation failed: (3) == 4
✘ Test bad() failed after 0.001 seconds with 2 issues.
✔ Test adds() passed after 0.001 seconds.
✘ Test run with 3 tests failed after 0.002 seconds with 2 issues.
";

    #[test]
    fn xctest_counts_all_suites_once() {
        assert_eq!(Tally::of_swift(XCTEST), tally(2, 1, 1));
        let fine = "\t Executed 1 test, with 0 failures (0 unexpected) in 0.0 (0.0) seconds\n";
        assert_eq!(Tally::of_swift(fine), tally(1, 0, 0));
    }

    #[test]
    fn swift_testing_counts_tests_and_not_issues() {
        assert_eq!(Tally::of_swift(SWIFT_TESTING), tally(1, 1, 1));
        let fine = "✔ Test run with 5 tests passed after 0.1 seconds.\n";
        assert_eq!(Tally::of_swift(fine), tally(5, 0, 0));
        let odd = "✘ Test run with 5 tests failed after 0.1 seconds with 1 issue.\n";
        assert_eq!(Tally::of_swift(odd), tally(4, 1, 0));
    }

    #[test]
    fn both_kinds_of_swift_tests_add_up() {
        assert_eq!(Tally::of_swift(&format!("{XCTEST}{SWIFT_TESTING}")), tally(3, 2, 2));
    }

    #[test]
    fn an_exit_decides_only_where_the_counts_show_no_failure() {
        let exit = || Err(Failure::new("exit status: 1"));
        assert_eq!(tally(1, 1, 0).with_exit(exit()), Ok(tally(1, 1, 0)));
        assert!(tally(1, 0, 0).with_exit(exit()).is_err());
        assert_eq!(tally(1, 0, 0).with_exit(Ok(())), Ok(tally(1, 0, 0)));
    }
}
