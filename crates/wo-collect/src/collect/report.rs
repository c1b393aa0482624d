//! What a run says: a record for each source, a line for each that failed, and a line at the end.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Message, Outcome, count, escaped};
use wo_record::{Failure, Record, Source, SourceOutcome, Writer, code};

use crate::cli::config::Places;
use crate::collect::target::Target;
use crate::provenance::{Origin, StoredFile};
use crate::sources::BadRow;

/// What a run says, and what it has said so far.
pub(crate) struct Report<'a> {
    output: Output<'a>,
    table: PathBuf,
    videos: PathBuf,
    /// What became of sources, with how many of each.
    counts: Vec<(SourceOutcome, u64)>,
    n_failed: u64,
}

/// Where what became of sources is written.
enum Output<'a> {
    /// As records, for programs.
    Records(Writer<'a>),
    /// As lines, for a person at a terminal.
    Lines(&'a mut dyn Write),
}

impl<'a> Output<'a> {
    fn begin(stdout: &'a mut dyn Write) -> anyhow::Result<Self> {
        if io::stdout().is_terminal() {
            return Ok(Self::Lines(stdout));
        }
        let (tool, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Ok(Self::Records(Writer::begin(stdout, tool, version, &[])?))
    }

    fn source(&mut self, source: Source) -> anyhow::Result<()> {
        match self {
            Self::Records(writer) => {
                writer.record(&Record::Source(source))?;
                Ok(writer.flush()?)
            }
            // What would be fetched, and why a row is refused, was said.
            Self::Lines(_) if is_said(&source.outcome) => Ok(()),
            Self::Lines(output) => writeln!(output, "{}", line_of(&source))
                .context("write to the terminal")
                .exit_with(Exit::Io),
        }
    }

    fn failure(&mut self, failure: Failure) -> anyhow::Result<()> {
        match self {
            Self::Records(writer) => Ok(writer.failure(failure)?),
            Self::Lines(_) => Ok(()),
        }
    }

    fn end(self) -> anyhow::Result<()> {
        let ended = match self {
            Self::Records(writer) => writer.end().map(drop).context("end the stream"),
            Self::Lines(output) => output.flush().context("write to the terminal"),
        };
        ended.exit_or(Exit::Io)
    }
}

fn is_said(outcome: &SourceOutcome) -> bool {
    matches!(outcome, SourceOutcome::Planned | SourceOutcome::Refused)
}

/// `fetched    films/a.mp4  data/training_data/squat/good_form/0123456789abcdef.mp4`.
fn line_of(source: &Source) -> String {
    let path = source
        .path
        .as_ref()
        .map(|it| it.as_path().display().to_string());
    let rest = path.or_else(|| source.what.clone()).unwrap_or_default();
    let line = format!("{:<9}  {}  {rest}", source.outcome.to_string(), source.url);
    escaped(line.trim_end())
}

impl std::fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Report")
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

/// What became of a target, beside what its row says.
#[derive(Debug, Default)]
pub(crate) struct Became<'a> {
    pub(crate) file: Option<&'a StoredFile>,
    pub(crate) origin: Option<&'a Origin>,
    pub(crate) what: Option<String>,
    pub(crate) next_try: Option<String>,
}

impl<'a> Report<'a> {
    /// Begins the stream of records, and names the rows that cannot be used.
    pub(crate) fn begin(
        places: &Places,
        bad_rows: &[BadRow],
        stdout: &'a mut dyn Write,
    ) -> anyhow::Result<Self> {
        let mut report = Self {
            output: Output::begin(stdout)?,
            table: places.sources.clone(),
            videos: places.videos.clone(),
            counts: Vec::new(),
            n_failed: 0,
        };
        bad_rows.iter().try_for_each(|row| report.bad_row(row))?;
        Ok(report)
    }

    fn bad_row(&mut self, row: &BadRow) -> anyhow::Result<()> {
        self.say(row.line, row.why.clone());
        self.fail(code::BAD_ROW, &row.url, &row.why.text)?;
        let source = Source {
            url: row.url.clone(),
            line: Some(row.line),
            outcome: SourceOutcome::Refused,
            path: None,
            video_id: None,
            exercise: None,
            label: None,
            title: None,
            uploader: None,
            licence: None,
            what: Some(row.why.text.clone()),
            next_try: None,
        };
        self.count(SourceOutcome::Refused);
        self.output.source(source)
    }

    /// Says on stderr what a person is to know of a row.
    pub(crate) fn say(&self, line: u64, message: Message) {
        let place = format!("{}:{line}", self.table.display());
        wo_cli::warn_line(&message.about(place));
    }

    /// Says on stderr what a person is to know of the table as a whole.
    pub(crate) fn say_of_table(&self, message: Message) {
        wo_cli::warn_line(&message.about(self.table.display()));
    }

    /// Names a source that failed in this run, in a line and in an `error` record.
    pub(crate) fn failed(
        &mut self,
        target: &Target,
        code: &str,
        message: Message,
    ) -> anyhow::Result<()> {
        self.fail(code, target.address.text(), &message.text)?;
        let about = message.about(target.address.text());
        self.say(target.line, about);
        Ok(())
    }

    fn fail(&mut self, code: &str, url: &str, what: &str) -> anyhow::Result<()> {
        self.n_failed += 1;
        self.output.failure(Failure {
            code: code.to_owned(),
            what: what.to_owned(),
            tool: env!("CARGO_PKG_NAME").to_owned(),
            path: (!url.is_empty()).then(|| Path::new(url).into()),
            video_id: None,
        })
    }

    /// Writes the record of a target.
    pub(crate) fn source(
        &mut self,
        target: &Target,
        outcome: SourceOutcome,
        became: Became<'_>,
    ) -> anyhow::Result<()> {
        let origin = became.origin.cloned().unwrap_or_default();
        let said = &target.said;
        let source = Source {
            url: target.address.text().to_owned(),
            line: Some(target.line),
            outcome: outcome.clone(),
            path: became.file.map(|file| self.videos.join(&file.path).into()),
            video_id: became.file.map(|file| file.video_id().to_owned()),
            exercise: Some(said.exercise.clone()),
            label: Some(said.label.clone()),
            title: origin.title,
            uploader: origin.uploader,
            licence: said.licence.clone().or(origin.licence),
            what: became.what,
            next_try: became.next_try,
        };
        self.count(outcome);
        self.output.source(source)
    }

    fn count(&mut self, outcome: SourceOutcome) {
        match self.counts.iter_mut().find(|(it, _)| *it == outcome) {
            Some((_, n)) => *n += 1,
            None => self.counts.push((outcome, 1)),
        }
    }

    /// Ends the stream, and says in a line what became of all sources where there is something to say.
    pub(crate) fn end(self) -> anyhow::Result<Outcome> {
        use SourceOutcome::{Deleted, Gone, Known, Waiting};
        self.output.end()?;
        let is_quiet = |it: &SourceOutcome| [Known, Gone, Waiting, Deleted].contains(it);
        let words: Vec<String> = self
            .counts
            .iter()
            .map(|(outcome, n)| format!("{n} {outcome}"))
            .collect();
        let n_all: u64 = self.counts.iter().map(|(_, n)| n).sum();
        let line = format!("{}: {}", count(n_all, "source"), words.join(", "));
        if self.counts.iter().all(|(outcome, _)| is_quiet(outcome)) {
            wo_cli::info!("{line}");
        } else {
            wo_cli::warn!("{line}");
        }
        Ok(Outcome::from_failures(self.n_failed))
    }
}
