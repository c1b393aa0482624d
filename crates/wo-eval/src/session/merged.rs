//! One evaluation from what runs over shards left.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use wo_cli::{Exit, ExitWith, Reading, open_input, open_named};
use wo_clip::{Manifest, Precision};
use wo_input::stream_error;
use wo_record::{Failure, Line, Part, Producer, Reader, Record, Shard, Writer, code};

use crate::cli::config::{EvaluateConfig, MergeConfig};
use crate::findings::{Findings, Model};
use crate::judge::label_space::LabelSpace;
use crate::judge::load::load_manifest;
use crate::judge::prediction::Prediction;
use crate::render::contact_sheet::ContactSheet;
use crate::render::sentences::excluded;
use crate::render::text::report;
use crate::render::worst::Worst;
use crate::score::tally::Tally;
use crate::session::finished::{Finished, nothing_left, warn_of_limits};
use crate::session::log::{Log, begin};
use crate::session::parts::{HowJudged, ShardState, model_id, state_of};
use crate::session::settled::settle;

/// What to do about files that are no parts.
const HINT: &str = "wo-eval --shard I/N --output FILE writes the files to merge";

/// What the parts say together.
#[derive(Debug, Default)]
struct Merged {
    /// The shard that is read.
    shard: Option<Shard>,
    /// Whether it has said how it was judged.
    has_state: bool,
    /// The first one, and how its videos were judged.
    first: Option<(Shard, HowJudged)>,
    upstream: Vec<Producer>,
    precision: Option<String>,
    tally: Tally,
    predictions: Vec<Prediction>,
    /// The shard in which a video came.
    shard_of: HashMap<String, u32>,
    suspects: Vec<wo_record::Suspect>,
    failures: Vec<Failure>,
    verdicts: Vec<Line>,
    n_skipped: u64,
}

/// Scores what the parts hold together, and writes what one run over all would have written.
pub(crate) fn merge(
    config: &EvaluateConfig,
    of_merge: &MergeConfig,
    input: &mut dyn BufRead,
    records: &mut dyn Write,
) -> anyhow::Result<Finished> {
    let manifest = load_manifest(
        &of_merge.model,
        "give --model the one that judged the shards",
    )?;
    let merged = Merged::read(&of_merge.files, input, &config.reading)?;
    let space = LabelSpace::new(&manifest.classes);
    if let Some((_, judged)) = &merged.first {
        check(judged, &manifest, config, of_merge)?;
    }
    if let Some(terms) = &config.analysis.fail_under {
        terms.check_classes(&space)?;
    }
    let writer = merged.begin(records, &manifest)?;
    let mut log = Log {
        writer,
        tally: merged.tally,
        failures: merged
            .failures
            .iter()
            .filter(|it| !is_rejection(it))
            .cloned()
            .collect(),
    };
    for verdict in &merged.verdicts {
        log.writer.line(verdict)?;
    }
    let scored = settle(&mut log, merged.predictions, &space)?;
    finish(
        config,
        of_merge,
        (log, scored),
        (manifest, &space),
        (merged.suspects, merged.n_skipped),
    )
}

/// Whether it tells that a video is not scored, which is no failed input.
fn is_rejection(failure: &Failure) -> bool {
    failure.tool == env!("CARGO_PKG_NAME")
        && [code::SEEN_GROUP, code::NEAR_DUPLICATE].contains(&failure.code.as_str())
}

/// Scores, and ends the output.
fn finish(
    config: &EvaluateConfig,
    of_merge: &MergeConfig,
    (mut log, scored): (Log<'_>, Vec<Prediction>),
    (manifest, space): (Manifest, &LabelSpace),
    (suspects, n_skipped): (Vec<wo_record::Suspect>, u64),
) -> anyhow::Result<Finished> {
    for warning in excluded::warnings(&log.tally) {
        wo_cli::warn!("{warning}");
    }
    if log.tally.n_excluded_as_seen > 0 && log.tally.n_judged() == 0 {
        nothing_left()?;
    }
    let model = Model {
        space,
        trust: manifest.trust.as_ref(),
        learning_curve: manifest.learning_curve.as_ref(),
        videos: &manifest.videos,
        for_baselines: &manifest.videos,
    };
    let mut findings = Findings::of(&scored, model, &config.analysis);
    findings.caution = manifest.caution().map(str::to_owned);
    findings.suspects.splice(0..0, suspects);
    warn_of_limits(&findings.independence);
    findings.warn_of_missing();
    findings.write(&mut log.writer)?;
    log.writer.end()?;
    let name = of_merge.model.display().to_string();
    let table = report(&name, &findings, &space.exercises, &log.tally);
    Ok(Finished {
        table,
        sheet: ContactSheet::new(0, config.analysis.seed),
        findings,
        worst: Worst::default(),
        tally: log.tally,
        manifest: Some(manifest),
        failures: log.failures,
        n_skipped,
    })
}

impl Merged {
    fn read(files: &[PathBuf], stdin: &mut dyn BufRead, reading: &Reading) -> anyhow::Result<Self> {
        let name = wo_cli::named(files.iter().map(|file| file.display()));
        let mut stdin = Some(stdin);
        let mut input: Box<dyn BufRead + '_> = Box::new(io::empty());
        for file in files {
            let is_stdin = file.as_os_str() == "-";
            let opened: Box<dyn BufRead + '_> = match stdin.take_if(|_| is_stdin) {
                Some(stdin) => open_input(None, stdin)?.1,
                None => Box::new(open_named(file)?.1),
            };
            // A file whose last line has no end does not run into the next one.
            input = Box::new(io::Read::chain(io::Read::chain(input, &b"\n"[..]), opened));
        }
        let mut reader = Reader::new(&mut *input, reading.max_line);
        let mut merged = Self::default();
        while let Some(line) = reader
            .next_line()
            .map_err(stream_error)
            .with_context(|| name.clone())?
        {
            let number = line.number;
            let taken = merged.take(line);
            taken
                .with_context(|| format!("line {number}"))
                .with_context(|| name.clone())
                .exit_or(Exit::Integrity)?;
        }
        if let Some(missing) = reader.missing_shards() {
            wo_cli::bail!(Exit::Integrity, "{name}: {missing}"; "{HINT}");
        }
        merged.upstream = reader.producers().to_vec();
        Ok(merged)
    }

    fn take(&mut self, line: Line) -> anyhow::Result<()> {
        match line.record {
            Ok(Record::Begin(begin)) => {
                let shard = begin.shard.filter(|_| begin.tool == env!("CARGO_PKG_NAME"));
                wo_cli::ensure!(
                    shard.is_some(),
                    Exit::Usage,
                    "a stream of {} that is no part of an evaluation", begin.tool;
                    "{HINT}"
                );
                self.shard = shard;
                self.has_state = false;
                self.precision = begin.precision;
            }
            Ok(Record::End(_)) => {
                let shard = self.shard.as_ref().map(Shard::to_string);
                wo_cli::ensure!(
                    self.has_state,
                    Exit::Usage,
                    "shard {} was judged without --shard, so there is nothing to merge it by", shard.unwrap_or_default();
                    "{HINT}"
                );
            }
            Ok(Record::Part(part)) => self.take_part(part)?,
            Ok(Record::Error(failure)) => self.failures.push(failure),
            Ok(Record::Verdict(_)) => self.verdicts.push(line),
            _ => {}
        }
        Ok(())
    }

    fn take_part(&mut self, part: Part) -> anyhow::Result<()> {
        if let Some(video) = &part.video_id {
            let shard = self.shard.as_ref().map_or(0, |it| it.index);
            let other = self.shard_of.insert(video.clone(), shard);
            ensure!(
                other.is_none_or(|other| other == shard),
                "the video {video} is in shard {} and in shard {shard}: it would count twice",
                other.unwrap_or_default()
            );
            self.predictions.push(state_of(part)?);
            return Ok(());
        }
        let state: ShardState = state_of(part)?;
        let shard = self.shard.clone().context("no `begin` record before it")?;
        if let Some((first, judged)) = &self.first {
            let difference = judged.difference(&state.judged);
            ensure!(
                difference.is_none(),
                "shard {shard} was judged {} than shard {first}",
                difference.unwrap_or_default()
            );
        } else {
            self.first = Some((shard, state.judged));
        }
        self.has_state = true;
        self.tally.add(state.tally);
        self.suspects.extend(state.suspects);
        self.n_skipped += state.n_skipped;
        Ok(())
    }

    fn begin<'a>(
        &self,
        records: &'a mut dyn Write,
        manifest: &Manifest,
    ) -> anyhow::Result<Writer<'a>> {
        let precision = [Precision::Tf32, Precision::Bf16]
            .into_iter()
            .find(|it| it.record() == self.precision);
        let precision = precision.unwrap_or(Precision::Fp32);
        let mut writer = begin(records, &self.upstream, precision, &self.failures)?;
        writer.caution(manifest.caution());
        Ok(writer)
    }
}

/// Fails unless the parts were made by this model, with all that is asked for now.
fn check(
    judged: &HowJudged,
    manifest: &Manifest,
    config: &EvaluateConfig,
    of_merge: &MergeConfig,
) -> anyhow::Result<()> {
    wo_cli::ensure!(
        judged.model == model_id(manifest)?,
        Exit::Integrity,
        "the shards were judged by another model than {}", of_merge.model.display();
        "give --model the one that judged them"
    );
    let (audit, suspects) = (&config.analysis.audit, &config.analysis.suspects);
    for (flag, is_asked) in [
        ("--audit", audit.is_explicit()),
        ("--suspects", suspects.is_explicit()),
    ] {
        wo_cli::ensure!(
            judged.regions || !is_asked,
            Exit::Usage,
            "{flag} needs features of image regions, and the shards were judged without";
            "give --audit to each run with --shard"
        );
    }
    Ok(())
}
