//! Imports a Label Studio file as reviews. The first pass collects its questions, the second reads the answers.

use std::fs::File;
use std::io::{self, BufReader, Seek};
use std::path::Path;

use anyhow::Context;
use wo_cli::{Error, Exit, ExitWith, Message, Outcome, count, message};

use super::answers::{AnsweredChange, answered_change};
use super::frame_lookup::FrameLookup;
use super::import_report::{ImportReport, Issue};
use super::labels::Labels;
use super::pending_reviews::{Pending, PendingReviews};
use super::questions::{Questions, Survey};
use super::quote::short;
use super::repair::repaired;
use super::task::{Answers, Person, Task};
use super::task_splitter::{Piece, TaskSplitter};
use crate::cli::config::ImportConfig;
use crate::store::Store;

/// The result of an import.
#[derive(Debug)]
pub(crate) struct Imported {
    outcome: Outcome,
    /// The message for a truncated file.
    cut: Option<Message>,
}

impl Imported {
    /// The outcome of the run, after records and tables are written.
    pub(crate) fn outcome(self) -> anyhow::Result<Outcome> {
        match self.cut {
            None => Ok(self.outcome),
            Some(cut) => Err(Error::new(Exit::Integrity, cut).into()),
        }
    }
}

/// One import.
struct Importer<'a> {
    store: &'a mut Store,
    /// The reviewer of answers without a person.
    nobody: &'a str,
    frames: FrameLookup,
    questions: Questions,
    labels: Labels,
    report: ImportReport,
    pending: PendingReviews,
}

/// Reads tasks and writes new answers into the log, one decision for each person.
pub(crate) fn import(store: &mut Store, config: &ImportConfig) -> anyhow::Result<Imported> {
    let file = config.file.display().to_string();
    let mut input = opened(&config.file)?;
    let labels = Labels::of(store, &config.labels);
    let survey = survey(&mut input, &labels, &file)?;
    let (questions, n_left) = survey.questions(&config.questions, &file);
    let mut importer = Importer {
        nobody: &config.reviewer,
        frames: FrameLookup::of(&store.folder),
        store,
        questions,
        labels,
        report: ImportReport::default(),
        pending: PendingReviews::default(),
    };
    let (n_tasks, cut) = importer.run(&mut input, &file)?;
    let Importer {
        labels,
        report,
        pending,
        ..
    } = importer;
    let tasks = count(n_tasks, "task");
    wo_cli::say!(
        "{file}: {tasks}, {}",
        count(pending.n_written, "new review")
    );
    report.say(&file, &config.folder);
    let n_failed = report.n_failed() + labels.say(&file) + n_left;
    Ok(Imported {
        outcome: Outcome::from_failures(n_failed),
        cut,
    })
}

/// Opens a file that is read twice. A pipe is copied to a temporary file.
fn opened(path: &Path) -> anyhow::Result<File> {
    let what = || format!("open {}", path.display());
    let mut file = File::open(path).with_context(what).exit_with(Exit::Io)?;
    if file.metadata().with_context(what)?.is_file() {
        return Ok(file);
    }
    let mut kept = tempfile::tempfile().context("make a file for what comes through the pipe")?;
    io::copy(&mut file, &mut kept).with_context(|| format!("read {}", path.display()))?;
    Ok(kept)
}

fn pieces<'a>(
    input: &'a mut File,
    file: &str,
) -> anyhow::Result<TaskSplitter<BufReader<&'a mut File>>> {
    input
        .rewind()
        .and_then(|()| TaskSplitter::of(BufReader::with_capacity(1 << 16, input)))
        .with_context(|| format!("read {file}"))
        .exit_with(Exit::Io)
}

/// Collects all questions. A file without any task is an error.
fn survey(input: &mut File, labels: &Labels, file: &str) -> anyhow::Result<Survey> {
    let mut pieces = pieces(input, file)?;
    let mut survey = Survey::default();
    let mut text = Vec::new();
    let mut first: Option<String> = None;
    let mut has_task = false;
    loop {
        let piece = pieces
            .next(&mut text)
            .with_context(|| format!("read {file}"))
            .exit_with(Exit::Io)?;
        match piece {
            Piece::Cut | Piece::End => break,
            Piece::TooLarge => has_task = true,
            Piece::Stray => {
                first.get_or_insert_with(|| short(&String::from_utf8_lossy(&text)));
            }
            Piece::Task => {
                has_task = true;
                let (text, _) = repaired(&text);
                let Ok(task) = Task::parse(&text) else {
                    continue;
                };
                let said = task.answers().flatten().filter(|it| !it.is_cancelled);
                said.for_each(|it| it.list.iter().for_each(|it| survey.meet(it, labels)));
            }
        }
    }
    if !has_task && (first.is_some() || !pieces.has_list) {
        let what = first.map_or_else(|| "nothing".to_owned(), |first| format!("`{first}`"));
        let cure = if what.contains("frame_path") {
            "put a table of frames into the folder of frames, or use wo-describe --csv FILE"
        } else {
            "choose Export, then JSON in Label Studio; unpack archives; save text as UTF-8"
        };
        wo_cli::bail!(
            Exit::Integrity,
            "{file}: not a JSON export of Label Studio: it contains {what}";
            "{cure}"
        );
    }
    Ok(survey)
}

impl Importer<'_> {
    /// Reads all tasks. Returns their number, and a message if the file is truncated.
    fn run(&mut self, input: &mut File, file: &str) -> anyhow::Result<(u64, Option<Message>)> {
        let mut pieces = pieces(input, file)?;
        let mut bytes = Vec::new();
        let mut n_tasks = 0;
        let cut = loop {
            let piece = pieces
                .next(&mut bytes)
                .with_context(|| format!("read {file}"))
                .exit_with(Exit::Io)?;
            let place = TaskPosition {
                line: pieces.line,
                number: pieces.number,
            };
            match piece {
                Piece::End => break None,
                Piece::Cut => {
                    break Some(message!(
                        "{file}: the file is truncated on line {}; {} before it {} read",
                        pieces.last_line(),
                        count(n_tasks, "task"),
                        wo_cli::verb(n_tasks, "was", "were");
                        "export it again and import it again; answers are never imported twice"
                    ));
                }
                Piece::TooLarge => self.refuse(place, "it is larger than 64 MiB"),
                Piece::Stray => {
                    let what = String::from_utf8_lossy(&bytes);
                    self.refuse(place, &format!("not a task: `{}`", short(what.trim())));
                }
                Piece::Task => {
                    let (text, is_repaired) = repaired(&bytes);
                    if is_repaired {
                        self.report.add(Issue::Repaired, || place.words(None));
                    }
                    match Task::parse(&text) {
                        Ok(task) => self.task(&task, place)?,
                        Err(why) => self.refuse(place, &why),
                    }
                }
            }
            n_tasks += 1;
        };
        self.pending.write(self.store, &mut self.report)?;
        Ok((n_tasks, cut))
    }

    fn refuse(&mut self, place: TaskPosition, why: &str) {
        let line = || format!("{}: {why}", place.words(None));
        self.report.add(Issue::NoTask, line);
    }

    fn task(&mut self, task: &Task<'_>, place: TaskPosition) -> anyhow::Result<()> {
        self.report.count(Issue::Draft, task.n_drafts as u64);
        let place = || place.words(task.id.as_deref());
        let folder = &self.store.folder;
        let frame = match self.frames.find(folder, &task.data)? {
            Ok(frame) => frame,
            Err(why) => {
                let line = || format!("{}: {}", place(), why.words(folder));
                self.report.add(Issue::NoFrame, line);
                return Ok(());
            }
        };
        for answers in task.answers() {
            if answers.as_ref().is_ok_and(|it| it.is_cancelled) {
                self.report.count(Issue::Skipped, 1);
                continue;
            }
            let said = answers.and_then(|answers| {
                let said = answered_change(&answers, &self.questions, &mut self.labels)?;
                Ok((answers, said))
            });
            let (answers, said) = match said {
                Ok(said) => said,
                Err(why) => {
                    let line = || format!("{}: {why}", place());
                    self.report.add(Issue::Refused, line);
                    continue;
                }
            };
            if !said.contrary.is_empty() {
                let faults = wo_cli::named(&said.contrary);
                let line = || format!("{}: {faults}", place());
                self.report.add(Issue::Contrary, line);
            }
            self.say(frame, task, &answers, said)?;
        }
        Ok(())
    }

    fn say(
        &mut self,
        frame: u32,
        task: &Task<'_>,
        answers: &Answers,
        said: AnsweredChange,
    ) -> anyhow::Result<()> {
        let reviewer = match &answers.by {
            Some(Person::Name(name)) => self.store.reviewer(name),
            Some(Person::Number(number)) => {
                self.store.reviewer(&format!("{} {number}", self.nobody))
            }
            None => self.store.reviewer(self.nobody),
        };
        let said = Pending {
            frame,
            reviewer,
            is_signed: answers.by.is_some(),
            is_ours: task.is_ours(),
            updated_at: answers.updated_at,
            change: said.change,
        };
        self.pending.take_in(self.store, said, &mut self.report)
    }
}

/// The position of a task in the file.
#[derive(Debug, Clone, Copy)]
struct TaskPosition {
    line: u64,
    number: u64,
}

impl TaskPosition {
    fn words(self, id: Option<&str>) -> String {
        let Self { line, number } = self;
        let id = id.map_or_else(String::new, |id| format!(" (id {})", short(id)));
        format!("line {line}, task {number}{id}")
    }
}
