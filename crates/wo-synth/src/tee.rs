//! One stream to two places.

use std::io::{self, Write};

/// Writes everything twice.
pub(crate) struct Tee<'a> {
    first: &'a mut dyn Write,
    second: &'a mut dyn Write,
}

impl<'a> Tee<'a> {
    pub(crate) fn new(first: &'a mut dyn Write, second: &'a mut dyn Write) -> Self {
        Self { first, second }
    }
}

impl Write for Tee<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n_written = self.first.write(bytes)?;
        self.second.write_all(&bytes[..n_written])?;
        Ok(n_written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.first.flush()?;
        self.second.flush()
    }
}
