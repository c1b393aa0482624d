//! The output: a stream of records, a table, or shards.

use std::io::Write;

use anyhow::Context;
use wo_cli::{Exit, bail};
use wo_folder::{Row, TableWriter};
use wo_record::{Begin, Failure, Frame, Image, Line, Producer, Record, Writer};

use crate::shard_sink::ShardSink;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Records.
    Ndjson,
    /// The table frame_path,label,description.
    Csv,
}

/// Where the output goes.
pub(crate) enum Target<'a> {
    /// One stream of bytes.
    Stream(&'a mut dyn Write, Format),
    /// Tar files.
    Shards(Box<ShardSink>),
}

/// The output.
pub(crate) enum Sink<'a> {
    Records(Writer<'a>),
    // Boxed: they are ten times the size of the other.
    Table(Box<TableWriter<&'a mut dyn Write>>),
    Shards(Box<ShardSink>),
}

impl<'a> Sink<'a> {
    /// Starts the output.
    pub(crate) fn begin(target: Target<'a>, begin: Begin) -> anyhow::Result<Self> {
        match target {
            Target::Shards(mut shards) => {
                shards.begin(&begin);
                Ok(Self::Shards(shards))
            }
            Target::Stream(output, Format::Ndjson) => {
                Ok(Self::Records(Writer::begin_with(output, begin)?))
            }
            Target::Stream(output, Format::Csv) => {
                Ok(Self::Table(Box::new(TableWriter::new(output)?)))
            }
        }
    }

    /// Ends the stream and begins the next one. A table has no streams, and tar files are one collection.
    pub(crate) fn next_stream(&mut self, begin: Begin) -> anyhow::Result<()> {
        match self {
            Self::Records(writer) => Ok(writer.next_stream(begin)?),
            Self::Table(_) => Ok(()),
            Self::Shards(shards) => {
                shards.begin(&begin);
                Ok(())
            }
        }
    }

    /// Writes a line unchanged. A table skips it, and shards keep what belongs to their frames.
    pub(crate) fn pass(&mut self, line: &Line) -> anyhow::Result<()> {
        match self {
            Self::Records(writer) => Ok(writer.line(line)?),
            Self::Table(_) => Ok(()),
            Self::Shards(shards) => line.record.as_ref().map_or(Ok(()), |it| shards.record(it)),
        }
    }

    /// Writes a changed record with the unknown fields of its line.
    pub(crate) fn frame(&mut self, line: &Line, record: &Record) -> anyhow::Result<()> {
        match (self, record) {
            (Self::Records(writer), _) => Ok(writer.rewritten(line, record)?),
            (Self::Table(table), Record::Frame(frame)) => Ok(table.row(&row_of(frame)?)?),
            (Self::Table(_), _) => Ok(()),
            (Self::Shards(shards), _) => shards.record(record),
        }
    }

    /// Writes an `error` record. A table skips it, and stderr has it.
    pub(crate) fn failure(&mut self, failure: Failure) -> anyhow::Result<()> {
        match self {
            Self::Records(writer) => Ok(writer.failure(failure)?),
            Self::Table(_) => Ok(()),
            Self::Shards(shards) => shards.record(&Record::Error(failure)),
        }
    }

    /// Flushes the output.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Records(writer) => Ok(writer.flush()?),
            Self::Table(table) => table.flush().context("write the output"),
            // A shard appears when it is whole.
            Self::Shards(_) => Ok(()),
        }
    }

    /// Ends the output. `upstream` are the tools of the whole input. Returns how many images could not be written.
    pub(crate) fn end(mut self, upstream: &[Producer]) -> anyhow::Result<u64> {
        self.flush()?;
        match self {
            Self::Records(writer) => {
                writer.end()?;
                Ok(0)
            }
            Self::Table(_) => Ok(0),
            Self::Shards(mut shards) => {
                shards.set_upstream(upstream);
                shards.end()
            }
        }
    }
}

fn row_of(frame: &Frame) -> anyhow::Result<Row> {
    let Image::File { path, .. } = &frame.image else {
        bail!(
            Exit::Integrity,
            "frame {} of video {} has its image inside the record, which a CSV cannot hold",
            frame.index,
            frame.video_id;
            "use `wo-extract --out DIR`, which writes images to files"
        );
    };
    let Some(path) = path.as_path().to_str() else {
        bail!(
            Exit::Integrity,
            "the path {path} is not UTF-8, which a CSV cannot hold"
        );
    };
    Ok(Row {
        frame_path: path.to_owned(),
        label: frame.label.clone(),
        faults: Vec::new(),
        description: frame.description.clone(),
    })
}
