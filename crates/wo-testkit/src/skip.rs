//! Tests that cannot run on this machine: each says why, and `scripts/test` lists them in its last lines.
//!
//! A test calls one of these functions and returns. What `scripts/setup` installs has no excuse where `CI` is set: there
//! the test fails.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

/// Names the file that gathers skipped tests, one a line.
const LIST: &str = "WO_SKIPPED";

/// Skips the calling test for want of `what`, which `scripts/setup` installs. Panics where `CI` is set.
pub fn not_installed(what: &str) {
    let ci = std::env::var("CI").unwrap_or_default();
    assert!(
        !is_on(&ci),
        "{what} is not installed, and CI is set; scripts/setup brings it"
    );
    note(&format!(
        "{what} is not installed (scripts/setup brings it)"
    ));
}

/// Skips the calling test for want of `what`, which no script can give to a machine: a right, a device, private data.
pub fn not_available(what: &str) {
    note(&format!("{what} is not available here"));
}

fn is_on(variable: &str) -> bool {
    !matches!(variable, "" | "0" | "false")
}

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn note(why: &str) {
    println!("skipped: {why}");
    let Some(list) = std::env::var_os(LIST).map(PathBuf::from) else {
        return;
    };
    let line = format!("{}: {why}\n", test_name());
    // One write for a line: tests that run side by side do not mix theirs.
    File::options()
        .append(true)
        .create(true)
        .open(&list)
        .and_then(|mut file| file.write_all(line.as_bytes()))
        .unwrap_or_else(|error| panic!("{}: {error}", list.display()));
}

/// The name of the running test, as its runner calls it.
fn test_name() -> String {
    std::env::var("NEXTEST_TEST_NAME")
        .ok()
        .or_else(|| std::thread::current().name().map(str::to_owned))
        .unwrap_or_else(|| "a test".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_is_on_unless_it_is_empty_or_says_no() {
        assert!(is_on("1") && is_on("true"));
        assert!(!is_on("") && !is_on("0") && !is_on("false"));
    }

    #[test]
    fn a_test_knows_its_name() {
        assert!(
            test_name().ends_with("a_test_knows_its_name"),
            "{}",
            test_name()
        );
    }
}
