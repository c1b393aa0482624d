//! Output whose reader may leave before the run ends.

use std::fmt;
use std::io::{self, ErrorKind, Write};

/// Writes until the reader closes the pipe, and drops everything after that. For runs whose result is a file, which
/// must not be lost when nobody reads the records.
pub struct IgnoreBrokenPipe<'a> {
    output: &'a mut dyn Write,
    is_read: bool,
}

impl fmt::Debug for IgnoreBrokenPipe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lasting")
            .field("is_read", &self.is_read)
            .finish_non_exhaustive()
    }
}

impl<'a> IgnoreBrokenPipe<'a> {
    /// Around `output`.
    pub fn new(output: &'a mut dyn Write) -> Self {
        Self {
            output,
            is_read: true,
        }
    }

    /// Around `output` where there is another result beside it, which must not be lost. Else `output` itself: who stops
    /// reading it ends the run.
    pub fn beside<T>(other: Option<&T>, output: &'a mut dyn Write) -> Box<dyn Write + 'a> {
        match other {
            Some(_) => Box::new(Self::new(output)),
            None => Box::new(output),
        }
    }

    fn unless_closed<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_read = false;
                Ok(instead)
            }
            other => other,
        }
    }
}

impl Write for IgnoreBrokenPipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_read {
            return Ok(bytes.len());
        }
        let written = self.output.write(bytes);
        self.unless_closed(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.is_read {
            return Ok(());
        }
        let flushed = self.output.flush();
        self.unless_closed(flushed, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn only_a_broken_pipe_is_ignored() {
        let mut closed = Failing(ErrorKind::BrokenPipe);
        let mut pipe = IgnoreBrokenPipe::new(&mut closed);
        assert!(pipe.write_all(b"a line").is_ok() && pipe.flush().is_ok());
        assert!(
            IgnoreBrokenPipe::beside(Some(&1), &mut Failing(ErrorKind::BrokenPipe))
                .flush()
                .is_ok()
        );
        assert!(
            IgnoreBrokenPipe::beside(None::<&u8>, &mut Failing(ErrorKind::BrokenPipe))
                .flush()
                .is_err()
        );
        let mut full = Failing(ErrorKind::StorageFull);
        let mut pipe = IgnoreBrokenPipe::new(&mut full);
        assert!(pipe.write_all(b"a line").is_err() && pipe.flush().is_err());
    }
}
