//! The records that a run writes, with its failures and counts.

use std::io::Write;

use wo_clip::Precision;
use wo_record::{Begin, Failure, Producer, Record, RecordPath, Writer};

use crate::input::source::Upstream;
use crate::judge::video_name::named;
use crate::score::tally::Tally;

/// What a run has written and counted so far.
#[derive(Debug)]
pub(crate) struct Log<'a> {
    pub(crate) writer: Writer<'a>,
    pub(crate) tally: Tally,
    /// What failed, in the tools before and here.
    pub(crate) failures: Vec<Failure>,
}

/// Begins a stream with the failures of those who made the input. `precision` is that of the model, where there is one.
pub(crate) fn begin<'a>(
    records: &'a mut dyn Write,
    upstream: &[Producer],
    precision: Precision,
    failures: &[Failure],
) -> anyhow::Result<Writer<'a>> {
    let mut writer = Writer::begin_with(records, begin_record(upstream, precision))?;
    for failure in failures {
        writer.failure(failure.clone())?;
    }
    Ok(writer)
}

fn begin_record(upstream: &[Producer], precision: Precision) -> Begin {
    let (tool, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    Begin {
        precision: precision.record(),
        ..Begin::of(tool, version, upstream)
    }
}

impl<'a> Log<'a> {
    /// Begins the output.
    pub(crate) fn begin(
        records: &'a mut dyn Write,
        upstream: Upstream<'_>,
        precision: Precision,
        tally: Tally,
    ) -> anyhow::Result<Self> {
        let begin = Begin {
            shard: upstream.shard.cloned(),
            ..begin_record(upstream.producers, precision)
        };
        Ok(Self {
            writer: Writer::begin_with(records, begin)?,
            tally,
            failures: Vec::new(),
        })
    }

    /// Writes a record.
    pub(crate) fn record(&mut self, record: &Record) -> anyhow::Result<()> {
        Ok(self.writer.record(record)?)
    }

    /// Reports a failed input, and goes on.
    pub(crate) fn fail(&mut self, failure: Failure) -> anyhow::Result<()> {
        let name = failure.path.as_ref();
        let id = failure.video_id.as_deref().unwrap_or_default();
        wo_cli::warn!("{}: {}", named(name, id), failure.what);
        self.failures.push(failure.clone());
        Ok(self.writer.failure(failure)?)
    }

    /// Reports why a video is not scored.
    pub(crate) fn reject(
        &mut self,
        path: Option<RecordPath>,
        video_id: String,
        code: &str,
        what: String,
    ) -> anyhow::Result<()> {
        self.tally.n_rejected += 1;
        wo_cli::warn!("{}: {what}", named(path.as_ref(), &video_id));
        Ok(self.writer.failure(Failure {
            code: code.to_owned(),
            what,
            tool: env!("CARGO_PKG_NAME").to_owned(),
            path,
            video_id: Some(video_id),
        })?)
    }
}
