//! Records to lines.

use std::io::{self, Write};

use crate::{Begin, End, Failure, Line, Producer, Record};

/// Why a record could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The output failed; a reader that went away is here too.
    #[error("write the output")]
    Io(#[from] io::Error),
    /// The record cannot be put as JSON: a float is not finite.
    #[error("a record of our own making is not valid: {0}")]
    Record(String),
}

/// Writes one stream and counts what its `end` record will say.
pub struct Writer<'a> {
    output: &'a mut dyn Write,
    counts: End,
}

impl std::fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

impl<'a> Writer<'a> {
    /// Writes the `begin` record of `tool` and returns the writer of what follows.
    pub fn begin(
        output: &'a mut dyn Write,
        tool: &str,
        version: &str,
        upstream: &[Producer],
    ) -> Result<Self, WriteError> {
        Self::begin_with(output, Begin::of(tool, version, upstream))
    }

    /// Writes this `begin` record and returns the writer of what follows.
    pub fn begin_with(output: &'a mut dyn Write, begin: Begin) -> Result<Self, WriteError> {
        let mut writer = Self {
            output,
            counts: End::default(),
        };
        writer.record(&Record::Begin(begin))?;
        writer.flush()?;
        Ok(writer)
    }

    /// Counts a frame that was left out, for the `end` record.
    pub fn count_dropped(&mut self, reason: &str) {
        *self.counts.n_dropped.entry(reason.to_owned()).or_default() += 1;
    }

    /// Writes one record.
    pub fn record(&mut self, record: &Record) -> Result<(), WriteError> {
        let text = serde_json::to_string(record).map_err(|e| WriteError::Record(e.to_string()))?;
        self.text(&text, Some(record))
    }

    /// Writes a line that was read, unchanged.
    pub fn line(&mut self, line: &Line) -> Result<(), WriteError> {
        self.text(&line.text, line.record.as_ref().ok())
    }

    /// Writes `record` in the place of the line that it was read from, with the fields that the contract does not know.
    pub fn rewritten(&mut self, line: &Line, record: &Record) -> Result<(), WriteError> {
        let text = line
            .rewritten(record)
            .map_err(|e| WriteError::Record(e.to_string()))?;
        self.text(&text, Some(record))
    }

    /// Writes an `error` record.
    pub fn failure(&mut self, failure: Failure) -> Result<(), WriteError> {
        self.record(&Record::Error(failure))
    }

    /// Hands what was written on to the reader. Call it after each slow unit: a video, an epoch.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        Ok(self.output.flush()?)
    }

    /// Writes the `end` record. Without it the stream counts as cut, so call it only when all is done.
    pub fn end(mut self) -> Result<End, WriteError> {
        self.record(&Record::End(self.counts.clone()))?;
        self.flush()?;
        Ok(self.counts)
    }

    fn text(&mut self, text: &str, record: Option<&Record>) -> Result<(), WriteError> {
        self.output.write_all(text.as_bytes())?;
        self.output.write_all(b"\n")?;
        match record {
            Some(Record::Video(_)) => self.counts.n_videos += 1,
            Some(Record::Frame(_)) => self.counts.n_frames += 1,
            Some(Record::Error(_)) => self.counts.n_errors += 1,
            _ => {}
        }
        Ok(())
    }
}
