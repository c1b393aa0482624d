//! Where a tool reads from.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, StdinLock};
use std::path::Path;

use anyhow::Context;

use crate::{Exit, ExitWith};

/// What the message calls standard input.
const STDIN_NAME: &str = "<stdin>";

/// Opens `path`, or takes `stdin` for `-` and for no path. Gives the name to use in messages too.
pub fn open_input<'a>(
    path: Option<&Path>,
    stdin: &'a mut dyn BufRead,
) -> anyhow::Result<(String, Box<dyn BufRead + 'a>)> {
    match path {
        Some(path) if path != Path::new("-") => {
            let file = File::open(path)
                .with_context(|| format!("open {}", path.display()))
                .exit_with(Exit::Io)?;
            Ok((path.display().to_string(), Box::new(BufReader::new(file))))
        }
        _ => Ok((STDIN_NAME.to_owned(), Box::new(stdin))),
    }
}

/// Standard input that refuses to sit on a terminal in silence: the first read says what is missing.
pub(crate) struct Stdin {
    lock: StdinLock<'static>,
}

impl Stdin {
    pub(crate) fn new() -> Self {
        Self {
            lock: io::stdin().lock(),
        }
    }

    fn refuse_terminal(&self) -> io::Result<()> {
        if self.lock.is_terminal() {
            Err(io::Error::other(NoInput))
        } else {
            Ok(())
        }
    }
}

impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.refuse_terminal()?;
        self.lock.read(buffer)
    }
}

impl BufRead for Stdin {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.refuse_terminal()?;
        self.lock.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.lock.consume(n);
    }
}

/// Nothing is piped in.
#[derive(Debug)]
pub(crate) struct NoInput;

impl std::fmt::Display for NoInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no input: stdin is a terminal\nhint: pipe records in, such as `wo-extract DIR | …`, or name a file; see --help")
    }
}

impl std::error::Error for NoInput {}
/// Reads a file that a flag names, whole: that it cannot be read is an I/O error, and that it does not parse one of usage.
pub fn read_file<T, E: Into<anyhow::Error>>(
    path: &Path,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> anyhow::Result<T> {
    let read = || format!("read {}", path.display());
    let text = std::fs::read_to_string(path)
        .with_context(read)
        .exit_with(Exit::Io)?;
    parse(&text)
        .map_err(Into::into)
        .with_context(read)
        .exit_with(Exit::Usage)
}
