//! Input: files that the command line names, and stdin.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal, Read, StdinLock};
use std::os::fd::AsFd;
use std::path::Path;

use anyhow::Context;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::open_file::is_not_a_file;
use crate::{Exit, ExitWith, Hint, Message, bail, error, message, read_text};

/// How many bytes of an input are read at once: some hundred records.
const INPUT_BUFFER: usize = 256 * 1024;
/// The name of stdin in messages.
const STDIN_NAME: &str = "<stdin>";

/// Opens `path`, or returns `stdin` for `-` and for no path. Also returns the name for messages. The path may be a FIFO, as
/// `<(command)` of a shell is: a stream is what is read here.
pub fn open_input<'a>(
    path: Option<&Path>,
    stdin: &'a mut dyn BufRead,
) -> anyhow::Result<(String, Box<dyn BufRead + 'a>)> {
    let (name, input) = open_stream(path, stdin)?;
    Ok((name, Box::new(input)))
}

/// Opens an input as [`open_input`] does, of which can be told whether a read would wait.
pub fn open_stream<'a>(
    path: Option<&Path>,
    stdin: &'a mut dyn BufRead,
) -> anyhow::Result<(String, Input<'a>)> {
    match path {
        Some(path) if path != Path::new("-") => open_named(path),
        _ => {
            let reader = BufReader::with_capacity(INPUT_BUFFER, Source::Stdin(stdin));
            Ok((STDIN_NAME.to_owned(), Input(reader)))
        }
    }
}

/// Opens a stream that has a name, and so is not stdin.
pub fn open_named<'a>(path: &Path) -> anyhow::Result<(String, Input<'a>)> {
    refuse_folder(path)?;
    let file = opened(File::open(path), || format!("open {}", path.display()))?;
    Ok((path.display().to_string(), Input::of_file(file)))
}

/// An opened input.
pub struct Input<'a>(BufReader<Source<'a>>);

enum Source<'a> {
    File(File),
    Stdin(&'a mut dyn BufRead),
}

impl Input<'_> {
    /// An input that is open already, from where it stands.
    pub fn of_file(file: File) -> Self {
        Self(BufReader::with_capacity(INPUT_BUFFER, Source::File(file)))
    }

    /// Whether the next read would wait for whoever writes the other end of a pipe. What is done should go out before.
    pub fn waits(&self) -> bool {
        if !self.0.buffer().is_empty() {
            return false;
        }
        let stdin = io::stdin();
        let source = match self.0.get_ref() {
            Source::File(file) => file.as_fd(),
            Source::Stdin(_) => stdin.as_fd(),
        };
        let mut polled = [PollFd::from_borrowed_fd(source, PollFlags::IN)];
        // Of what cannot be asked, a read says what is wrong.
        matches!(poll(&mut polled, Some(&Timespec::default())), Ok(0))
    }
}

impl std::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").finish_non_exhaustive()
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Stdin(stdin) => stdin.read(buffer),
        }
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.0.consume(n);
    }
}

/// Stdin that does not wait silently on a terminal: the first read fails with a hint.
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
        f.write_str("no input: stdin is a terminal")
    }
}

impl NoInput {
    /// What it says, and what to do.
    pub(crate) fn message(&self) -> Message {
        message!("{self}"; "pipe records in, such as `wo-extract DIR | …`, or name a file; see --help")
    }
}

impl std::error::Error for NoInput {}

/// Fixes the exit code of opening a file or folder that the command line names: usage if it does not exist or is neither,
/// else I/O.
pub fn opened<T>(result: io::Result<T>, doing: impl FnOnce() -> String) -> anyhow::Result<T> {
    let is_missing =
        |error: &io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    let exit = match &result {
        Err(error) if is_missing(error) || is_not_a_file(error) => Exit::Usage,
        _ => Exit::Io,
    };
    result.with_context(doing).exit_with(exit)
}

/// Fails unless a path of the command line is a folder.
pub fn check_folder(path: &Path) -> anyhow::Result<()> {
    let facts = opened(std::fs::metadata(path), || {
        format!("open the folder {}", path.display())
    })?;
    if facts.is_dir() {
        return Ok(());
    }
    bail!(Exit::Usage, "{} is a file, not a folder", path.display())
}

/// Fails unless a path of the command line is a file.
pub fn check_file(path: &Path) -> anyhow::Result<()> {
    refuse_folder(path)?;
    opened(std::fs::metadata(path), || {
        format!("open {}", path.display())
    })
    .map(drop)
}

/// Fails if the path is a folder.
fn refuse_folder(path: &Path) -> anyhow::Result<()> {
    if !path.is_dir() {
        return Ok(());
    }
    let records = path.join("records.ndjson");
    let hint = records
        .is_file()
        .then(|| format!("its records are in {}", records.display()));
    Err(error!(
        Exit::Usage,
        "{} is a folder, not a file",
        path.display()
    ))
    .hint_with(|| hint)
}

/// Reads and parses a file that a flag names. A missing or malformed file is a usage error, an unreadable one an I/O
/// error.
pub fn read_file<T, E: Into<anyhow::Error>>(
    path: &Path,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> anyhow::Result<T> {
    let read = || format!("read {}", path.display());
    refuse_folder(path)?;
    let text = opened(read_text(path), read)?;
    parse(&text)
        .map_err(Into::into)
        .with_context(read)
        .exit_with(Exit::Usage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::exit_of;

    #[test]
    fn a_missing_input_is_a_usage_error() {
        let folder = std::env::temp_dir();
        let missing = folder.join("there-is-no-such-file");
        let below_a_file = Path::new("/proc/version/x");
        let mut empty = io::empty();
        for path in [missing.as_path(), below_a_file, &folder] {
            let error = open_input(Some(path), &mut empty).err().expect("no file");
            assert_eq!(exit_of(&error), Exit::Usage, "{error:#}");
            assert_eq!(
                exit_of(&check_file(path).expect_err("no file")),
                Exit::Usage
            );
            let error = read_file(path, |text| Ok::<_, io::Error>(text.to_owned()));
            assert_eq!(exit_of(&error.expect_err("no file")), Exit::Usage);
        }
        let error = check_folder(&missing).expect_err("no folder");
        assert_eq!(exit_of(&error), Exit::Usage);
        let error = check_folder(Path::new("/proc/version")).expect_err("a file");
        assert_eq!(exit_of(&error), Exit::Usage);
        assert!(check_folder(&folder).is_ok());
        let denied = opened::<()>(Err(ErrorKind::PermissionDenied.into()), String::new);
        assert_eq!(exit_of(&denied.expect_err("denied")), Exit::Io);
    }
}
