//! What the candidate and the champion predict: read from a file, or judged by a model.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use wo_clip::{Judge, Precision, SplitVideo};
use wo_input::VideoItem;
use wo_record::{Failure, GroupBy, Producer, code};

use crate::cli::config::CompareConfig;
use crate::data_quality::duplicate_index::DuplicateIndex;
use crate::data_quality::near_duplicates::NearDuplicates;
use crate::data_quality::relabelled::relabelled;
use crate::input::predictions_file::PredictionsFile;
use crate::input::repeats::{Repeat, SeenBefore};
use crate::input::source::HowRead;
use crate::judge::label_space::LabelSpace;
use crate::judge::load::{check_model, load_judge};
use crate::judge::predict::{PredictOptions, predict};
use crate::judge::prediction::{Prediction, join_groups};
use crate::judge::video_name::{name_of, named};
use crate::render::sentences::excluded;
use crate::score::tally::Tally;

/// The hint for a path that does not exist.
const HINT: &str = "train one with wo-train, or name a file of predictions";
/// How many bytes show whether a file is text.
const N_FIRST_BYTES: u64 = 512;

/// What the candidate and the champion predict, and what went wrong.
#[derive(Debug, Default)]
pub(crate) struct Sides {
    /// The predictions of labelled videos, with their label space.
    pub(crate) predicted: [(LabelSpace, Vec<Prediction>); 2],
    pub(crate) upstream: Vec<Producer>,
    pub(crate) failures: Vec<Failure>,
    /// The videos that models of the two were trained and chosen on.
    pub(crate) trained_on: Vec<SplitVideo>,
    /// In which precision models judged.
    pub(crate) precision: Precision,
    /// Skipped lines.
    pub(crate) n_skipped: u64,
    before: SeenBefore,
    /// Counts of tied and mixed frame labels.
    tally: Tally,
}

/// A model that judges for one of the two.
#[derive(Debug)]
struct Model {
    place: usize,
    judge: Judge,
    space: LabelSpace,
    trained_on: DuplicateIndex,
    /// By what groups are made for both sides.
    group_by: GroupBy,
}

/// Reads what was predicted, and has the models judge the videos.
pub(crate) fn sides_of(config: &CompareConfig, input: &mut dyn BufRead) -> anyhow::Result<Sides> {
    let mut sides = Sides::default();
    for path in &config.sides {
        check_model(path, HINT)?;
    }
    let mut models = models_of(config, &mut sides)?;
    if models.is_empty() {
        sides.sort(None);
        return Ok(sides);
    }
    // One model's training must not change the other's groups.
    if models.iter().any(|it| it.group_by != models[0].group_by) {
        for model in &mut models {
            model.group_by = GroupBy::Both;
        }
    }
    let (mut sides, rest) = config.source.read(
        input,
        HowRead {
            reading: &config.reading,
            captions: &config.captions,
            shard: None,
        },
        |upstream| {
            sides.upstream.extend_from_slice(upstream.producers);
            Ok(sides)
        },
        |sides: &mut Sides, item| {
            sides.judge(item, &models);
            Ok(())
        },
    )?;
    sides.failures.extend(rest.failures);
    sides.n_skipped += rest.n_skipped;
    let first = models.first().map(|it| it.place);
    for model in models {
        sides.predicted[model.place].0 = model.space;
    }
    sides.sort(first);
    Ok(sides)
}

/// The models among the sides. Of the others it reads what was predicted.
fn models_of(config: &CompareConfig, sides: &mut Sides) -> anyhow::Result<Vec<Model>> {
    let mut models = Vec::new();
    let mut where_to_judge = None;
    for (place, path) in config.sides.iter().enumerate() {
        if is_records(path) {
            let file = PredictionsFile::read(path, &mut io::empty(), &config.reading)?;
            sides.predicted[place] = (file.space, file.predictions);
            sides.upstream.extend(file.upstream);
            sides.failures.extend(file.failures);
        } else {
            let found = match where_to_judge.take() {
                Some(known) => known,
                None => config.compute.place()?,
            };
            sides.precision = found.precision;
            let judge = load_judge(path, where_to_judge.insert(found), HINT)?;
            sides
                .trained_on
                .extend(judge.manifest().videos.iter().cloned());
            models.push(Model {
                place,
                space: LabelSpace::new(judge.classes()),
                group_by: judge.manifest().group_by(),
                trained_on: DuplicateIndex::seen_by_model(&judge.manifest().videos),
                judge,
            });
        }
    }
    Ok(models)
}

impl Sides {
    /// Has a video judged by each model. A failure is reported once.
    fn judge(&mut self, mut item: VideoItem, models: &[Model]) {
        let settled = item.settle();
        match self.before.take(&item.video) {
            Repeat::New => self.tally.settle(name_of(&item.video), &settled),
            Repeat::Same => {
                self.tally.n_repeated += 1;
                return;
            }
            Repeat::Otherwise(failures) => {
                return failures.into_iter().for_each(|it| self.fail(it));
            }
        }
        let mut is_told = false;
        let mut in_models = models.iter().map(|it| &it.judge.manifest().videos);
        let relabelled = in_models.find_map(|videos| relabelled(&item.video, videos));
        self.tally.relabelled.extend(relabelled);
        for model in models {
            let failure = match model.predict(&item) {
                Ok((prediction, warning)) => {
                    self.predicted[model.place].1.extend(prediction);
                    warning
                }
                Err(failure) => Some(failure),
            };
            if let Some(failure) = failure.filter(|_| !is_told) {
                self.fail(failure);
                is_told = true;
            }
        }
    }

    fn fail(&mut self, failure: Failure) {
        let id = failure.video_id.as_deref().unwrap_or_default();
        wo_cli::warn!("{}: {}", named(failure.path.as_ref(), id), failure.what);
        self.failures.push(failure);
    }

    /// Excludes videos with two labels, and joins near-duplicates by the images that the `first` model judged.
    fn sort(&mut self, first: Option<usize>) {
        for (_, predictions) in &mut self.predicted {
            join_groups(predictions);
        }
        let near = match first {
            Some(place) => {
                let (space, predictions) = &self.predicted[place];
                NearDuplicates::among(predictions, space)
            }
            None => NearDuplicates::default(),
        };
        let excluded = excluded::warnings(&self.tally);
        for warning in near.warning().into_iter().chain(excluded) {
            wo_cli::warn!("{warning}");
        }
        for failure in first.map_or_else(Vec::new, |place| self.conflicts(place, &near)) {
            self.fail(failure);
        }
        for (_, predictions) in &mut self.predicted {
            predictions.retain(|it| {
                let is_contradicted = near.contradicted.contains_key(&it.video_id);
                !is_contradicted && !self.before.is_contradicted(&it.video_id)
            });
            for prediction in predictions {
                if let Some(group) = near.groups.get(&prediction.video_id) {
                    prediction.group.clone_from(group);
                }
            }
        }
    }

    /// A failure for each video with two labels.
    fn conflicts(&self, place: usize, near: &NearDuplicates) -> Vec<Failure> {
        let conflict = |prediction: &Prediction| {
            let what = near.contradicted.get(&prediction.video_id)?;
            Some(Failure {
                code: code::LABEL_CONFLICT.to_owned(),
                what: what.clone(),
                tool: env!("CARGO_PKG_NAME").to_owned(),
                path: prediction.path.clone(),
                video_id: Some(prediction.video_id.clone()),
            })
        };
        self.predicted[place]
            .1
            .iter()
            .filter_map(conflict)
            .collect()
    }
}

impl Model {
    /// The prediction of a video with a known label, and a failure for frames that do not load.
    fn predict(&self, item: &VideoItem) -> Result<(Option<Prediction>, Option<Failure>), Failure> {
        let seen = self.judge.manifest().has_seen(&item.video);
        let options = PredictOptions::default();
        let judged = predict(item.clone(), &self.judge, &self.space, options)?;
        let warning = judged.warning.map(|what| Failure {
            code: code::BAD_IMAGE.to_owned(),
            what,
            tool: env!("CARGO_PKG_NAME").to_owned(),
            path: item.video.path.clone(),
            video_id: Some(item.video.video_id.clone()),
        });
        let mut prediction = judged.prediction;
        let provenance = prediction.provenance.clone();
        prediction.set_provenance(provenance.joined_by(self.group_by, &item.video.video_id));
        let (id, facts) = (&prediction.video_id, &prediction.facts);
        let duplicate = self.trained_on.duplicate_of(id, facts, usize::MAX);
        prediction.seen = seen || duplicate.is_some();
        let prediction = Some(prediction).filter(|it| it.truth().is_some());
        Ok((prediction, warning))
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
