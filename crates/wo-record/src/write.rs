//! Writes records as lines.

use std::io::{self, Write};

use crate::{Begin, End, Failure, Line, Producer, Record};

/// Why a record could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The output failed; a reader that went away is here too.
    #[error("write the output")]
    Io(#[from] io::Error),
    /// The record cannot be written as JSON: a float is not finite.
    #[error("a record of our own making is not valid: {0}")]
    Record(String),
}

/// Writes one stream and counts records for its `end`.
pub struct Writer<'a> {
    output: &'a mut dyn Write,
    counts: End,
    /// A line before it is written: one that cannot be leaves no trace.
    buffer: Vec<u8>,
    caution: Option<String>,
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
            buffer: Vec::new(),
            caution: None,
        };
        writer.record(&Record::Begin(begin))?;
        writer.flush()?;
        Ok(writer)
    }

    /// Counts a dropped frame for the `end` record.
    pub fn count_dropped(&mut self, reason: &str) {
        *self.counts.n_dropped.entry(reason.to_owned()).or_default() += 1;
    }

    /// Marks all metrics, scores, verdicts and comparisons from here on with a caution, such as [`crate::DRAWN_BASE`].
    pub fn caution(&mut self, code: Option<&str>) {
        self.caution = code.map(str::to_owned);
    }

    /// Writes one record.
    pub fn record(&mut self, record: &Record) -> Result<(), WriteError> {
        let marked = self.caution.as_deref().and_then(|it| record.cautioned(it));
        let record = marked.as_ref().unwrap_or(record);
        self.buffer.clear();
        serde_json::to_writer(&mut self.buffer, record).map_err(invalid)?;
        self.buffered(record)
    }

    /// Writes a line unchanged.
    pub fn line(&mut self, line: &Line) -> Result<(), WriteError> {
        self.output.write_all(line.text.as_bytes())?;
        self.output.write_all(b"\n")?;
        self.count(line.record.as_ref().ok());
        Ok(())
    }

    /// Writes `record` instead of its line, with the unknown fields of the line.
    pub fn rewritten(&mut self, line: &Line, record: &Record) -> Result<(), WriteError> {
        self.buffer.clear();
        line.rewrite(record, &mut self.buffer).map_err(invalid)?;
        self.buffered(record)
    }

    /// Writes an `error` record.
    pub fn failure(&mut self, failure: Failure) -> Result<(), WriteError> {
        self.record(&Record::Error(failure))
    }

    /// Flushes the output. Call it after each slow unit: a video, an epoch.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        Ok(self.output.flush()?)
    }

    /// Writes the `end` record and the `begin` of a stream that follows.
    pub fn next_stream(&mut self, begin: Begin) -> Result<(), WriteError> {
        let counts = std::mem::take(&mut self.counts);
        self.record(&Record::End(counts))?;
        self.record(&Record::Begin(begin))?;
        self.counts = End::default();
        self.flush()
    }

    /// Writes the `end` record. A stream without it counts as truncated, so call it only when all is done.
    pub fn end(mut self) -> Result<End, WriteError> {
        self.record(&Record::End(self.counts.clone()))?;
        self.flush()?;
        Ok(self.counts)
    }

    fn buffered(&mut self, record: &Record) -> Result<(), WriteError> {
        self.buffer.push(b'\n');
        self.output.write_all(&self.buffer)?;
        self.count(Some(record));
        Ok(())
    }

    fn count(&mut self, record: Option<&Record>) {
        match record {
            Some(Record::Video(_)) => self.counts.n_videos += 1,
            Some(Record::Frame(_)) => self.counts.n_frames += 1,
            Some(Record::Error(_)) => self.counts.n_errors += 1,
            _ => {}
        }
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that map_err calls"
)]
fn invalid(error: serde_json::Error) -> WriteError {
    WriteError::Record(error.to_string())
}
