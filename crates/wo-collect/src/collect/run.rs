//! A run over all rows.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use wo_cli::{Exit, Message, Progress, ShowProgress, Stop, message};
use wo_record::{SourceOutcome, code};

use crate::back_off::next_try;
use crate::cli::config::CollectConfig;
use crate::collect::clock::now;
use crate::collect::decision::{Decision, Facts};
use crate::collect::fetched_file::{FetchedFile, PUT_THERE, copy};
use crate::collect::orphan::say_orphans;
use crate::collect::pauses::Pauses;
use crate::collect::report::{Became, Report};
use crate::collect::target::Target;
use crate::downloader::{Answer, Downloader, FetchError, Limits, Listed, Part, SourceError};
use crate::history::History;
use crate::provenance::{Entry, Failed, Origin};
use crate::sources::{Address, Row, SourcesTable};
use crate::store::Store;
use crate::video_files::VideoFiles;

/// A run, with all that it holds open.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(super) config: &'a CollectConfig,
    limits: Limits,
    pub(super) store: Store,
    pub(super) files: VideoFiles,
    /// None where no row asks for it.
    pub(super) downloader: Option<Downloader>,
    pauses: Pauses,
}

/// Says what a run would do, and does nothing.
pub(crate) fn plan(
    config: &CollectConfig,
    table: &SourcesTable,
    report: &mut Report<'_>,
) -> anyhow::Result<()> {
    let history = History::of(&wo_ledger::read(&config.places.ledger)?);
    let files = VideoFiles::of(&config.places.videos)?;
    let facts = Facts {
        history: &history,
        files: &files,
        config,
        now: Timestamp::now(),
    };
    for row in &table.rows {
        let target = Target::of_row(row);
        match facts.decide(&target)? {
            Decision::Fetch => {
                wo_cli::say!(
                    "would fetch {} into {}",
                    target.address.text(),
                    target.folder()
                );
                report.source(&target, SourceOutcome::Planned, Became::default())?;
            }
            decision => tell(&target, &decision, report)?,
        }
    }
    say_orphans(table, &history, &files, &config.places.videos, report);
    Ok(())
}

/// Writes the record of a source for which nothing is to be done.
fn tell(target: &Target, decision: &Decision, report: &mut Report<'_>) -> anyhow::Result<()> {
    let mut became = Became::default();
    let outcome = match decision {
        Decision::Fetch => SourceOutcome::Planned,
        Decision::Known(fetched, _) => {
            (became.file, became.origin) = (Some(&fetched.file), Some(&fetched.origin));
            SourceOutcome::Known
        }
        Decision::Duplicate(fetched, _) => {
            became.file = Some(&fetched.file);
            SourceOutcome::Known
        }
        Decision::Deleted(file) => {
            became.what = Some(format!("{} is not there any more", file.path));
            SourceOutcome::Deleted
        }
        Decision::Waiting(what, until) => {
            became.what = Some(what.clone());
            became.next_try = Some(until.to_string());
            SourceOutcome::Waiting
        }
        Decision::Gone(failed) => {
            became.what = Some(failed.what.clone());
            SourceOutcome::Gone
        }
        Decision::Forgotten => {
            became.what = Some(FORGOTTEN.to_owned());
            SourceOutcome::Refused
        }
    };
    report.source(target, outcome, became)
}

/// What is said of a source that was forgotten.
const FORGOTTEN: &str = "it was forgotten by request, and is not fetched again";

impl<'a> Run<'a> {
    /// Opens all that the rows ask for, and finishes what a killed run began.
    pub(crate) fn begin(
        config: &'a CollectConfig,
        stop: Stop,
        rows: &[Row],
    ) -> anyhow::Result<Self> {
        let mut run = Self {
            config,
            limits: Limits {
                settings: config.settings.clone(),
                stop,
            },
            store: Store::open(&config.places)?,
            files: VideoFiles::of(&config.places.videos)?,
            downloader: None,
            pauses: Pauses::new(config.settings.pause_s),
        };
        let targets = rows.iter().map(Target::of_row);
        let needs_program = |target: &Target| {
            let is_local = matches!(target.address, Address::File(..));
            !is_local || !target.section().is_whole()
        };
        let mut to_fetch = targets.filter(|it| matches!(run.decide(it), Ok(Decision::Fetch)));
        if to_fetch.any(|target| needs_program(&target)) {
            let downloader = Downloader::find(config.yt_dlp.as_deref())?;
            downloader.warn_of_missing_runtime();
            run.downloader = Some(downloader);
        }
        Ok(run)
    }

    /// Goes through all rows.
    pub(crate) fn fetch_all(
        mut self,
        table: &SourcesTable,
        report: &mut Report<'_>,
    ) -> anyhow::Result<()> {
        let rows = &table.rows;
        let progress = Progress::new(ShowProgress::Auto, ("rows", ""), rows.len() as u64);
        for row in rows {
            for listed in self.one(Target::of_row(row), report)? {
                // What is in a playlist that is in a playlist is not followed.
                self.one(listed, report)?;
            }
            progress.advance(0);
        }
        let videos = &self.config.places.videos;
        say_orphans(table, &self.store.history, &self.files, videos, report);
        self.store.staging.close();
        Ok(())
    }

    pub(super) fn decide(&self, target: &Target) -> anyhow::Result<Decision> {
        let facts = Facts {
            history: &self.store.history,
            files: &self.files,
            config: self.config,
            now: Timestamp::now(),
        };
        facts.decide(target)
    }

    /// Does what is to be done about one source. Returns the entries where it is a playlist.
    fn one(&mut self, target: Target, report: &mut Report<'_>) -> anyhow::Result<Vec<Target>> {
        let decision = self.decide(&target)?;
        match &decision {
            Decision::Fetch => return self.fetch(target, report),
            Decision::Forgotten => refuse_forgotten(&target, report)?,
            Decision::Known(fetched, path) => {
                self.move_row(fetched, path)?;
                self.update(&target, fetched, path, report)?;
                if self.store.recovered.remove(&target.key) {
                    let became = Became {
                        file: Some(&fetched.file),
                        origin: Some(&fetched.origin),
                        ..Became::default()
                    };
                    report.source(&target, SourceOutcome::Fetched, became)?;
                } else {
                    tell(&target, &decision, report)?;
                }
            }
            Decision::Duplicate(fetched, path) => {
                if let Some(path) = path {
                    self.update_duplicate(&target, fetched, path, report)?;
                }
                tell(&target, &decision, report)?;
            }
            _ => tell(&target, &decision, report)?,
        }
        Ok(Vec::new())
    }

    /// Fetches a source, and notes what became of it.
    fn fetch(
        &mut self,
        mut target: Target,
        report: &mut Report<'_>,
    ) -> anyhow::Result<Vec<Target>> {
        let stem = target.stem();
        let folder = self.store.staging.folder(&stem)?;
        let host = target.address.host();
        if let Some(host) = &host {
            self.pauses.wait(host, &self.limits.stop);
        }
        wo_cli::info!("fetching {}", target.address.text());
        let result = self.bring(&mut target, &folder);
        if let Some(host) = host {
            self.pauses.asked(host);
        }
        let listed = match result {
            Ok(Brought::File(file, origin)) => {
                self.keep(&target, &file, &origin, report)?;
                Vec::new()
            }
            Ok(Brought::Playlist(listed)) => self.entries(&target, listed, report),
            Err(FetchError::Source(error)) => {
                self.note_failure(&target, error, report)?;
                Vec::new()
            }
            Err(FetchError::Stopped) => {
                self.store.staging.remove_folder(&stem);
                wo_cli::bail!(Exit::Locked, "stopped; the same command goes on from there");
            }
            Err(FetchError::Machine(error)) => {
                self.store.staging.remove_folder(&stem);
                return Err(error);
            }
        };
        self.store.staging.remove_folder(&stem);
        Ok(listed)
    }

    /// Brings the file of a source into a folder.
    fn bring(&self, target: &mut Target, folder: &Path) -> Result<Brought, FetchError> {
        if self.limits.stop.is_asked() {
            return Err(FetchError::Stopped);
        }
        let section = target.section();
        let (file, origin) = match &target.address {
            Address::File(_, path) if section.is_whole() => {
                let max_bytes = self.limits.settings.max_bytes.bytes();
                let file = copy(path, folder, max_bytes, &self.limits.stop)?;
                (file, Origin::default())
            }
            Address::File(_, path) if path.is_file() => {
                let path = path.canonicalize().map_err(anyhow::Error::from)?;
                let program = self.program()?;
                let part = program.part_of_file(&path, section, folder, &self.limits)?;
                (self.part(target, part), Origin::default())
            }
            Address::File(_, path) => {
                let what = format!("{} is not there", path.display());
                return Err(FetchError::new(code::GONE, what).cure(PUT_THERE));
            }
            Address::Web(url) => {
                let program = self.program()?;
                let video = match target.video.take() {
                    Some(video) => video,
                    None => match program.describe(url, folder, &self.limits)? {
                        Answer::Video(video) => video,
                        Answer::Playlist(listed) => return Ok(Brought::Playlist(listed)),
                    },
                };
                let file = if section.is_whole() {
                    program.download(&video.description, section, folder, &self.limits)?
                } else {
                    let part = program.part_of_web(&video, section, folder, &self.limits)?;
                    self.part(target, part)
                };
                (file, video.origin)
            }
        };
        let file = FetchedFile::of(file, &target.address)?;
        Ok(Brought::File(file, origin))
    }

    /// The file of a part, after what is to be known of it was said.
    fn part(&self, target: &Target, part: Part) -> PathBuf {
        if let Some(doubt) = part.doubt {
            let table = self.config.places.sources.display();
            let about = doubt.about(target.address.text());
            wo_cli::warn_line(&about.about(format!("{table}:{}", target.line)));
        }
        part.file
    }

    fn program(&self) -> Result<&Downloader, FetchError> {
        let found = self.downloader.as_ref();
        found.ok_or_else(|| FetchError::not_fetched("yt-dlp was not looked for"))
    }

    /// The entries of a playlist as targets, up to as many as the settings allow.
    fn entries(
        &self,
        target: &Target,
        listed: Vec<Listed>,
        report: &mut Report<'_>,
    ) -> Vec<Target> {
        let n_max = self.config.settings.max_entries as usize;
        let url = target.address.text();
        if listed.len() > n_max {
            let message = message!(
                "{url}: a playlist of more than {n_max} videos, of which the first {n_max} are taken";
                "raise collect.max_entries in wo.toml"
            );
            report.say(target.line, message);
        }
        if !target.section().is_whole() {
            report.say(
                target.line,
                message!(
                    "{url}: a playlist, and of each of its videos the same part is taken";
                    "give each video a row of its own"
                ),
            );
        }
        let listed = listed.into_iter().take(n_max);
        let entries = listed.map(|it| target.entry(it.url, it.video));
        entries.filter(|entry| entry.key != target.key).collect()
    }

    pub(super) fn note_failure(
        &mut self,
        target: &Target,
        error: SourceError,
        report: &mut Report<'_>,
    ) -> anyhow::Result<()> {
        let n_failures = self.store.history.n_failures(&target.key) + 1;
        let is_gone = error.code == code::GONE;
        let next = next_try(now(), n_failures, error.retry_after);
        let next = (!is_gone).then(|| next.to_string());
        let is_busy = error.code == code::RATE_LIMITED;
        self.store.note(Entry::Failed(Failed {
            at: now().to_string(),
            address: target.key.clone(),
            code: error.code.to_owned(),
            what: error.what.clone(),
            n_failures,
            next_try: next.clone(),
            busy_host: target.address.host().filter(|_| is_busy),
        }))?;
        let is_local = matches!(target.address, Address::File(..));
        let then = match &next {
            // Its cure says how it is tried again.
            None if is_local => None,
            None => Some("it is gone, and not tried again; --retry-failed tries now".to_owned()),
            Some(next) => Some(format!(
                "it is tried again after {next}; --retry-failed tries now"
            )),
        };
        let message = Message::new(error.what.clone())
            .hints(error.cure)
            .hints(then);
        report.failed(target, error.code, message)?;
        let outcome = if is_gone {
            SourceOutcome::Gone
        } else {
            SourceOutcome::Failed
        };
        let became = Became {
            what: Some(error.what),
            next_try: next,
            ..Became::default()
        };
        report.source(target, outcome, became)
    }
}

/// Names a source that was forgotten, where its row can be deleted.
pub(super) fn refuse_forgotten(target: &Target, report: &mut Report<'_>) -> anyhow::Result<()> {
    if target.said.url == target.address.text() {
        let message = message!("{FORGOTTEN}"; "delete the row");
        report.failed(target, code::FORGOTTEN, message)?;
    }
    tell(target, &Decision::Forgotten, report)
}

/// What a source gave.
#[derive(Debug)]
enum Brought {
    File(FetchedFile, Origin),
    Playlist(Vec<Listed>),
}
