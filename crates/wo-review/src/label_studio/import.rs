//! A file of Label Studio, read as reviews: once to see which questions it has, and once, task by task, for the answers.

use std::fs::File;
use std::io::{self, BufReader, Seek};
use std::path::Path;

use anyhow::{Context, anyhow};
use wo_cli::{Exit, ExitWith, Outcome, count};

use super::answers::{Said, said};
use super::frames::Frames;
use super::labels::Labels;
use super::mended::mended;
use super::news::{News, Pending};
use super::pieces::{Piece, Pieces};
use super::questions::{Questions, Survey};
use super::quote::short;
use super::task::{Answers, Person, Task};
use super::troubles::{Kind, Troubles};
use crate::args::Import;
use crate::store::Store;

/// What came of an import.
#[derive(Debug)]
pub(crate) struct Imported {
    outcome: Outcome,
    /// Where the file ends before its end.
    cut: Option<String>,
}

impl Imported {
    /// How the run ends, when all that was taken over is in its place.
    pub(crate) fn outcome(self) -> anyhow::Result<Outcome> {
        match self.cut {
            None => Ok(self.outcome),
            Some(cut) => Err(anyhow!("{cut}")).exit_with(Exit::Integrity),
        }
    }
}

/// One import.
struct Importer<'a> {
    store: &'a mut Store,
    /// Whose answers they are where nobody says it.
    nobody: &'a str,
    frames: Frames,
    questions: Questions,
    labels: Labels,
    troubles: Troubles,
    news: News,
}

/// Reads tasks and writes what they say into the log, as far as it is new. One decision for each person.
pub(crate) fn import(store: &mut Store, args: &Import) -> anyhow::Result<Imported> {
    let file = args.file.display().to_string();
    let mut input = opened(&args.file)?;
    let labels = Labels::of(store, &args.label);
    let survey = survey(&mut input, &labels, &file)?;
    let (questions, n_left) = survey.questions(&args.question, &file);
    let mut importer = Importer {
        nobody: &args.reviewer,
        frames: Frames::of(&store.folder),
        store,
        questions,
        labels,
        troubles: Troubles::default(),
        news: News::default(),
    };
    let (n_tasks, cut) = importer.run(&mut input, &file)?;
    let Importer {
        labels,
        troubles,
        news,
        ..
    } = importer;
    let tasks = count(n_tasks, "task");
    wo_cli::say!("{file}: {tasks}, {}", count(news.n_written, "new review"));
    troubles.say(&file, &args.folder);
    let n_failed = troubles.n_failed() + labels.say(&file) + n_left;
    Ok(Imported {
        outcome: Outcome::from_failures(n_failed),
        cut,
    })
}

/// Opens a file that is read twice: what comes through a pipe is kept meanwhile.
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

fn pieces<'a>(input: &'a mut File, file: &str) -> anyhow::Result<Pieces<BufReader<&'a mut File>>> {
    input
        .rewind()
        .and_then(|()| Pieces::of(BufReader::with_capacity(1 << 16, input)))
        .with_context(|| format!("read {file}"))
        .exit_with(Exit::Io)
}

/// Meets all questions. A file without a single task is another one than was meant.
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
                let (text, _) = mended(&text);
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
            "a table of frames counts where it lies in the folder of frames, or with wo-describe --csv FILE"
        } else {
            "in Label Studio choose Export, then JSON; unpack an archive first, and save as UTF-8"
        };
        return Err(anyhow!(
            "{file}: not what Label Studio exports as JSON: it holds {what}\nhint: {cure}"
        ))
        .exit_with(Exit::Integrity);
    }
    Ok(survey)
}

impl Importer<'_> {
    /// Reads all tasks. Returns how many there were, and where the file is cut.
    fn run(&mut self, input: &mut File, file: &str) -> anyhow::Result<(u64, Option<String>)> {
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
                    break Some(format!(
                        "{file}: the file ends on line {} before its last task does; {} before it {} read\n\
                         hint: export it anew and import it again; what is taken over already is not written twice",
                        pieces.last_line(),
                        count(n_tasks, "task"),
                        wo_cli::verb(n_tasks, "was", "were")
                    ));
                }
                Piece::TooLarge => self.refuse(place, "it is larger than 64 MiB"),
                Piece::Stray => {
                    let what = String::from_utf8_lossy(&bytes);
                    self.refuse(place, &format!("it is no task: `{}`", short(what.trim())));
                }
                Piece::Task => {
                    let (text, is_mended) = mended(&bytes);
                    if is_mended {
                        self.troubles.add(Kind::Mended, || place.words(None));
                    }
                    match Task::parse(&text) {
                        Ok(task) => self.task(&task, place)?,
                        Err(why) => self.refuse(place, &why),
                    }
                }
            }
            n_tasks += 1;
        };
        self.news.write(self.store, &mut self.troubles)?;
        Ok((n_tasks, cut))
    }

    fn refuse(&mut self, place: TaskPosition, why: &str) {
        let line = || format!("{}: {why}", place.words(None));
        self.troubles.add(Kind::NoTask, line);
    }

    fn task(&mut self, task: &Task<'_>, place: TaskPosition) -> anyhow::Result<()> {
        self.troubles.count(Kind::Draft, task.n_drafts as u64);
        let place = || place.words(task.id.as_deref());
        let folder = &self.store.folder;
        let frame = match self.frames.find(folder, &task.data)? {
            Ok(frame) => frame,
            Err(why) => {
                let line = || format!("{}: {}", place(), why.words(folder));
                self.troubles.add(Kind::NoFrame, line);
                return Ok(());
            }
        };
        let is_ours = ["path", "video_id", "index"]
            .iter()
            .all(|name| task.data.contains_key(*name));
        for answers in task.answers() {
            if answers.as_ref().is_ok_and(|it| it.is_cancelled) {
                self.troubles.count(Kind::Skipped, 1);
                continue;
            }
            let said = answers.and_then(|answers| {
                let said = said(&answers, &self.questions, &mut self.labels)?;
                Ok((answers, said))
            });
            let (answers, said) = match said {
                Ok(said) => said,
                Err(why) => {
                    let line = || format!("{}: {why}", place());
                    self.troubles.add(Kind::Refused, line);
                    continue;
                }
            };
            if !said.contrary.is_empty() {
                let faults = wo_cli::named(&said.contrary);
                let line = || format!("{}: {faults}", place());
                self.troubles.add(Kind::Contrary, line);
            }
            self.say(frame, &answers, said, is_ours)?;
        }
        Ok(())
    }

    fn say(
        &mut self,
        frame: u32,
        answers: &Answers,
        said: Said,
        is_ours: bool,
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
            is_ours,
            updated_at: answers.updated_at,
            change: said.change,
        };
        self.news.take_in(self.store, said, &mut self.troubles)
    }
}

/// Where a task stands in the file.
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
