//! What came of running a tool.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// All that a run left to compare: `assert_eq!(tool.run(), Run::new(0, "out\n", ""))`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The exit code; minus the signal's number where a signal ended the tool.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Run {
    /// A run to compare with.
    pub fn new(status: i32, stdout: &str, stderr: &str) -> Self {
        Self {
            status,
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        }
    }

    /// The lines of standard output.
    pub fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }

    /// The lines of standard output but `begin` and `end`, sorted.
    pub fn sorted_records(&self) -> Vec<String> {
        let is_frame_of_stream =
            |line: &str| line.contains(r#""type":"begin""#) || line.contains(r#""type":"end""#);
        let lines = self.stdout.lines();
        let mut records: Vec<String> = lines
            .filter(|line| !is_frame_of_stream(line))
            .map(str::to_owned)
            .collect();
        records.sort();
        records
    }

    pub(crate) fn of(status: ExitStatus, stdout: Vec<u8>, stderr: Vec<u8>) -> Self {
        let code = status
            .code()
            .or_else(|| status.signal().map(|signal| -signal));
        Self {
            status: code.expect("a process ends by itself or by a signal"),
            stdout: String::from_utf8(stdout).expect("the tools write UTF-8 only"),
            stderr: String::from_utf8(stderr).expect("the tools write UTF-8 only"),
        }
    }
}
