//! What the candidate and the champion predict: read from a file, or judged by a model.

use std::fs::File;
use std::io::{BufRead, Read};
use std::path::Path;

use wo_clip::{Judge, set_threads};
use wo_input::VideoItem;
use wo_record::{Failure, Prediction as Wire, Producer, code, group_of};

use crate::cli::config::CompareConfig;
use crate::data_quality::duplicate_index::Alike;
use crate::data_quality::near_duplicates::NearDuplicates;
use crate::input::predictions_file::Spoken;
use crate::input::repeats::{Again, Came};
use crate::judge::label_space::Answers;
use crate::judge::load::{check_model, load_judge};
use crate::judge::predict::{Looks, predict};
use crate::judge::prediction::Prediction;
use crate::judge::video_name::{name_of, named};
use crate::render::sentences::excluded;
use crate::score::tally::Tally;

/// For people who name a model or a file that is not there.
const HINT: &str = "train one with wo-train, or name a file of predictions";
/// So much of a file says whether it is text.
const N_FIRST_BYTES: u64 = 512;

/// What was said by the candidate and by the champion, and what went wrong.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) wires: [Vec<Wire>; 2],
    pub(crate) upstream: Vec<Producer>,
    pub(crate) failures: Vec<Failure>,
    /// Lines that are no records.
    pub(crate) n_skipped: u64,
    came: Came,
    /// What the frames of videos say of them.
    tally: Tally,
    /// What the first of the models says of each video, for how it looks.
    seen: Vec<Prediction>,
    /// What that model knows.
    answers: Option<Answers>,
}

/// A model that judges for one of the two.
#[derive(Debug)]
struct Side {
    place: usize,
    judge: Judge,
    answers: Answers,
    seen_by_model: Alike,
}

/// What each of the two says.
pub(crate) fn said_by(config: &CompareConfig, input: &mut dyn BufRead) -> anyhow::Result<Said> {
    let mut said = Said::default();
    for path in &config.sides {
        check_model(path, HINT)?;
    }
    let mut sides = Vec::new();
    for (place, path) in config.sides.iter().enumerate() {
        if is_records(path) {
            let spoken = Spoken::read(path, &mut std::io::empty(), &config.reading)?;
            let predictions = spoken.predictions.iter();
            said.wires[place] = predictions.map(|it| it.record(&spoken.answers)).collect();
            said.upstream.extend(spoken.upstream);
            said.failures.extend(spoken.failures);
        } else {
            let judge = load_judge(path, &config.compute.device, HINT)?;
            sides.push(Side {
                place,
                answers: Answers::new(judge.classes()),
                seen_by_model: Alike::seen_by_model(&judge.manifest().videos),
                judge,
            });
        }
    }
    if sides.is_empty() {
        return Ok(said);
    }
    said.answers = sides.first().map(|it| Answers::new(it.judge.classes()));
    set_threads(config.compute.n_threads);
    let (mut said, rest) = config.source.read(
        input,
        &config.reading,
        &config.captions,
        |upstream| {
            said.upstream.extend_from_slice(upstream);
            Ok(said)
        },
        |said: &mut Said, item| {
            said.judge(item, &sides);
            Ok(())
        },
    )?;
    said.failures.extend(rest.failures);
    said.n_skipped += rest.n_skipped;
    Ok(said)
}

impl Said {
    /// Has a video judged by each model. One that cannot be read is told once.
    fn judge(&mut self, mut item: VideoItem, sides: &[Side]) {
        let settled = item.settle();
        match self.came.take(&item.video) {
            Again::New => self.tally.settle(name_of(&item.video), &settled),
            Again::Same => {
                self.tally.n_repeated += 1;
                return;
            }
            Again::Otherwise(failures) => return failures.into_iter().for_each(|it| self.fail(it)),
        }
        let mut is_told = false;
        for side in sides {
            let seen = side.judge.manifest().has_seen(&item.video);
            let looks = Looks::default();
            match predict(item.clone(), &side.judge, &side.answers, seen, looks) {
                Ok(mut judged) => {
                    if let Some(warning) = judged.warning.take().filter(|_| !is_told) {
                        self.fail(Failure {
                            code: code::BAD_IMAGE.to_owned(),
                            what: warning,
                            tool: env!("CARGO_PKG_NAME").to_owned(),
                            path: item.video.path.clone(),
                            video_id: Some(item.video.video_id.clone()),
                        });
                        is_told = true;
                    }
                    let prediction = &mut judged.prediction;
                    // What one of the two models was trained on says nothing of the other's groups.
                    prediction.group = group_of(&item.video);
                    let (id, hashes) = (&prediction.video_id, &prediction.facts.hashes);
                    let twin = side.seen_by_model.twin(id, hashes, usize::MAX);
                    prediction.seen |= twin.is_some();
                    if prediction.truth().is_some() {
                        self.wires[side.place].push(prediction.record(&side.answers));
                        if sides.first().is_some_and(|first| first.place == side.place) {
                            self.seen.push(judged.prediction);
                        }
                    }
                }
                Err(failure) if !is_told => {
                    self.fail(failure);
                    is_told = true;
                }
                Err(_) => {}
            }
        }
    }

    fn fail(&mut self, failure: Failure) {
        let id = failure.video_id.as_deref().unwrap_or_default();
        wo_cli::warn!("{}: {}", named(failure.path.as_ref(), id), failure.what);
        self.failures.push(failure);
    }

    /// Leaves out what is there under two labels, and makes one group of what looks alike.
    pub(crate) fn sort(&mut self) {
        let seen = std::mem::take(&mut self.seen);
        let looks: Vec<_> = seen.iter().map(|it| (it, &it.facts.looks)).collect();
        let answers = self.answers.take().unwrap_or_else(|| Answers::new(&[]));
        let near = NearDuplicates::among(&looks, &answers);
        for warning in near
            .warning()
            .into_iter()
            .chain(excluded::warnings(&self.tally))
        {
            wo_cli::warn!("{warning}");
        }
        for prediction in seen {
            if let Some(what) = near.contradicted.get(&prediction.video_id) {
                self.fail(Failure {
                    code: code::LABEL_CONFLICT.to_owned(),
                    what: what.clone(),
                    tool: env!("CARGO_PKG_NAME").to_owned(),
                    path: prediction.path,
                    video_id: Some(prediction.video_id),
                });
            }
        }
        for wires in &mut self.wires {
            wires.retain(|it| {
                let is_contradicted = near.contradicted.contains_key(&it.video_id);
                !is_contradicted && !self.came.is_contradicted(&it.video_id)
            });
            for wire in wires {
                if let Some(group) = near.groups.get(&wire.video_id) {
                    wire.group = group.to_string();
                }
            }
        }
    }
}

/// Whether it is a file of records: text, or what can be read only once. Models are folders, or files of bytes.
fn is_records(path: &Path) -> bool {
    let Ok(facts) = path.metadata() else {
        return false;
    };
    if !facts.is_file() {
        return !facts.is_dir();
    }
    let mut first = Vec::new();
    let file = File::open(path).map(|file| file.take(N_FIRST_BYTES));
    let read = file.and_then(|mut file| file.read_to_end(&mut first));
    read.is_ok() && !first.contains(&0)
}
