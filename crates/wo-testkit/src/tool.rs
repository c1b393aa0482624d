//! A built binary, about to run.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use crate::Run;
use crate::terminal::Terminal;

/// A binary with its arguments and input. A step that the test itself cannot do panics.
#[derive(Debug)]
pub struct Tool {
    command: Command,
    stdin: Vec<u8>,
}

impl Tool {
    /// The binary at `path`: `Tool::new(env!("CARGO_BIN_EXE_wo-describe"))`. Its input is empty unless told otherwise.
    pub fn new(path: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(path);
        // Help is wrapped to the terminal; without a width of its own each machine gets the same text.
        command.env_remove("COLUMNS").env_remove("RUST_BACKTRACE");
        // No test asks the real Hub, whatever the machine is set to.
        command.env("HF_HUB_OFFLINE", "1").env_remove("WO_INIT");
        Self {
            command,
            stdin: Vec::new(),
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Lets the tool ask this Hub, and no other. Its cache is the folder `cache`.
    #[must_use]
    pub fn hub(self, hub: &crate::hub::Server, cache: impl AsRef<OsStr>) -> Self {
        self.env("HF_HUB_OFFLINE", "0")
            .env("HF_ENDPOINT", hub.address())
            .env("HF_HUB_CACHE", cache)
    }

    /// Sets the working directory.
    #[must_use]
    pub fn current_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Sets what the tool reads on standard input.
    #[must_use]
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.stdin = input.into();
        self
    }

    /// Runs the tool to its end.
    pub fn run(self) -> Run {
        let (child, feeder) = self.spawn(Stdio::piped());
        let output = child.wait_with_output().expect("wait for the tool");
        feeder.join().expect("the feeder does not panic");
        Run::of(output.status, output.stdout, output.stderr)
    }

    /// Runs the tool with an output that takes nothing: each write fails for want of space.
    pub fn into_dev_full(self) -> Run {
        let full = File::options()
            .write(true)
            .open("/dev/full")
            .expect("open /dev/full");
        let (child, feeder) = self.spawn(full.into());
        let output = child.wait_with_output().expect("wait for the tool");
        feeder.join().expect("the feeder does not panic");
        Run::of(output.status, Vec::new(), output.stderr)
    }

    /// Runs the tool with its output on a terminal.
    pub fn into_terminal(self) -> Run {
        let (terminal, side) = Terminal::open();
        let (child, feeder) = self.spawn(side.into());
        let output = child.wait_with_output().expect("wait for the tool");
        feeder.join().expect("the feeder does not panic");
        Run::of(output.status, terminal.written(), output.stderr)
    }

    /// Runs the tool as `tool | head -1` does: the reader takes one line and goes away. Give it more input than a pipe
    /// and the tool's buffer hold (twice 64 KiB), else the tool may be through before the reader is gone.
    pub fn into_closed_pipe(self) -> Run {
        let (mut child, feeder) = self.spawn(Stdio::piped());
        let mut line = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::with_capacity(1, stdout)
            .read_line(&mut line)
            .expect("read one line");
        let mut stderr = Vec::new();
        child
            .stderr
            .take()
            .expect("stderr is piped")
            .read_to_end(&mut stderr)
            .expect("read stderr");
        let status = child.wait().expect("wait for the tool");
        feeder.join().expect("the feeder does not panic");
        Run::of(status, line.into_bytes(), stderr)
    }

    fn spawn(mut self, stdout: Stdio) -> (Child, JoinHandle<()>) {
        self.command
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(Stdio::piped());
        let mut child = self
            .command
            .spawn()
            .unwrap_or_else(|e| panic!("start {:?}: {e}", self.command));
        let mut pipe = child.stdin.take().expect("stdin is piped");
        // On a thread of its own: a tool that writes while it reads would wait for us while we wait for it.
        let feeder = thread::spawn(move || {
            // A tool need not read its input to the end; what it says of that is what the test looks at.
            let _ = pipe.write_all(&self.stdin);
        });
        (child, feeder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Tool {
        Tool::new("/bin/sh").args(["-c", script])
    }

    #[test]
    fn all_three_are_seen() {
        assert_eq!(
            shell("cat; echo oh >&2; exit 3").stdin("in\n").run(),
            Run::new(3, "in\n", "oh\n")
        );
        assert_eq!(shell("kill -9 $$").run(), Run::new(-9, "", ""));
    }

    #[test]
    fn megabytes_pass_in_both_directions() {
        let input = "0123456789abcde\n".repeat(1 << 18);
        assert_eq!(
            Tool::new("/bin/cat").stdin(input.as_str()).run(),
            Run::new(0, &input, "")
        );
    }

    #[test]
    fn the_reader_of_a_closed_pipe_is_gone_after_a_line() {
        assert_eq!(
            shell("trap '' PIPE; yes 2>&1 || echo gone >&2")
                .into_closed_pipe()
                .stdout,
            "y\n"
        );
    }

    #[test]
    fn a_terminal_is_one_to_the_tool() {
        let tool = shell("test -t 1 && echo yes; echo oh >&2; exit 3");
        assert_eq!(tool.into_terminal(), Run::new(3, "yes\n", "oh\n"));
        assert_eq!(shell("test -t 1 || echo no").run().stdout, "no\n");
    }

    #[test]
    fn a_full_device_fails_the_write() {
        let run = shell("echo lost || exit 5").into_dev_full();
        assert_eq!((run.status, run.stdout.as_str()), (5, ""));
    }
}
