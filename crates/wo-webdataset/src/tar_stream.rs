//! The bytes of one shard, from a file or out of a command, and whether they came to their end.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::Context;
use wo_cli::{Exit, ExitWith, bail};

use crate::sources::ShardSource;

/// How much is read at once.
const BUFFER: usize = 1 << 20;
/// A tar file ends with two blocks of zeros.
const END: u64 = 1024;

/// What a shard is read from.
pub(crate) struct TarStream {
    bytes: Bytes,
    /// How many zeros were read last.
    n_zeros: u64,
    n_read: u64,
}

enum Bytes {
    File(BufReader<File>),
    Command(BufReader<std::process::ChildStdout>),
}

/// The command behind a stream.
pub(crate) struct Running(Option<Child>);

impl TarStream {
    /// Opens a file, or starts a command.
    pub(crate) fn open(source: &ShardSource) -> anyhow::Result<(Self, Running)> {
        let (bytes, child) = match source {
            ShardSource::File(path) => {
                let file = wo_cli::opened(wo_cli::open_file(path), || format!("open {source}"))?;
                (Bytes::File(BufReader::with_capacity(BUFFER, file)), None)
            }
            ShardSource::Pipe(command) => {
                let mut child = Command::new("sh")
                    .args(["-c", command])
                    .stdin(Stdio::null())
                    .stdout(Stdio::piped())
                    .spawn()
                    .with_context(|| format!("start {source}"))
                    .exit_with(Exit::Environment)?;
                let output = child.stdout.take().context("a piped output")?;
                let output = BufReader::with_capacity(BUFFER, output);
                (Bytes::Command(output), Some(child))
            }
        };
        let stream = Self {
            bytes,
            n_zeros: 0,
            n_read: 0,
        };
        Ok((stream, Running(child)))
    }

    /// Reads what follows the last member. Fails where that is not the end of a tar file, or where more follows it.
    pub(crate) fn end(&mut self) -> anyhow::Result<()> {
        let mut buffer = vec![0; BUFFER];
        loop {
            let n = self.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            if buffer[..n].iter().any(|byte| *byte != 0) {
                bail!(
                    Exit::Integrity,
                    "something follows the end of the tar file, such as another one";
                    "name each tar file by itself: a.tar::b.tar, or 'pipe:cat a.tar::pipe:cat b.tar'"
                );
            }
        }
        if self.n_zeros < END {
            bail!(
                Exit::Integrity,
                "the tar file is cut off after {} bytes", self.n_read;
                "copy or write it again"
            );
        }
        Ok(())
    }
}

impl Read for TarStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.bytes {
            Bytes::File(file) => file.read(buffer)?,
            Bytes::Command(output) => output.read(buffer)?,
        };
        let read = buffer.get(..n).unwrap_or_default();
        let n_zeros = read.iter().rev().take_while(|byte| **byte == 0).count();
        if n_zeros < n {
            self.n_zeros = 0;
        }
        self.n_zeros += n_zeros as u64;
        self.n_read += n as u64;
        Ok(n)
    }
}

impl Running {
    /// Waits for the end of a command whose output was `read`. A failing command is the error, whatever its output was.
    pub(crate) fn end(mut self, read: anyhow::Result<()>) -> anyhow::Result<()> {
        let Some(mut child) = self.0.take() else {
            return read;
        };
        let status = child.wait().context("wait for the command")?;
        // Who is no longer read from may end by that signal.
        let is_our_doing = read.is_err() && is_broken_pipe(status);
        if status.success() || is_our_doing {
            return read;
        }
        let how = match status.code() {
            Some(code) => format!("exit code {code}"),
            None => status.to_string(),
        };
        bail!(
            Exit::Io,
            "the command failed with {how}";
            "run it by itself, with `| tar t` behind it, to see why"
        );
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // The run ends with another error.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn is_broken_pipe(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    /// The number of the signal, and what a shell makes of a child that it ended.
    const SIGPIPE: i32 = 13;
    status.signal() == Some(SIGPIPE) || status.code() == Some(128 + SIGPIPE)
}
