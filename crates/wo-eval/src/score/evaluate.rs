//! Scores the model and its baselines.

use std::collections::{BTreeMap, BTreeSet};

use wo_clip::{Split, SplitVideo};
use wo_record::Predictor;
use wo_stats::{DurationOnly, Example, Facts, Majority, Sample};

use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::{GroundTruth, Prediction};
use crate::score::evaluation::Evaluation;
use crate::score::key::{Scope, Task, Unit, Whole};
use crate::score::scoring_task::ScoringTask;
use crate::score::worst_group::worst_group;

/// The baselines, fitted to videos that they do not predict.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Baselines {
    /// To the training videos.
    of_training: Fitted,
    /// For each fold of a cross-validation, to the other folds.
    of_folds: BTreeMap<u32, Fitted>,
}

/// Baselines that were fitted to the same videos.
#[derive(Debug, Clone, PartialEq)]
struct Fitted {
    label_majority: Option<Majority>,
    label_duration: Option<DurationOnly>,
    exercise_majority: Option<Majority>,
}

// With the exercise given there is nothing to predict.
const UNTOLD: Facts<'_> = Facts {
    exercise: None,
    duration_ms: None,
};

impl Fitted {
    fn new(labels: &[Example<'_>], exercises: &[usize], n_labels: usize) -> Self {
        let exercises: Vec<Example<'_>> = exercises
            .iter()
            .map(|&class| Example {
                facts: UNTOLD,
                class,
            })
            .collect();
        Self {
            label_majority: Majority::fit(labels),
            label_duration: DurationOnly::fit(labels, n_labels),
            exercise_majority: Majority::fit(&exercises),
        }
    }
}

impl Baselines {
    /// Fits them to the training split alone.
    pub(crate) fn fit(videos: &[SplitVideo], space: &LabelSpace) -> Self {
        let train = || videos.iter().filter(|video| video.split == Split::Train);
        let labels: Vec<Example<'_>> = train()
            .filter_map(|video| {
                let facts = Facts {
                    exercise: Some(&video.exercise),
                    duration_ms: video.duration_ms,
                };
                Some(Example {
                    facts,
                    class: space.label(&video.label)?,
                })
            })
            .collect();
        let exercises = train().filter_map(|video| space.exercise(&video.exercise));
        let exercises: Vec<usize> = exercises.collect();
        Self {
            of_training: Fitted::new(&labels, &exercises, space.labels.len()),
            of_folds: BTreeMap::new(),
        }
    }

    /// Adds, for predictions of a cross-validation, baselines that are fitted as its models are: without the fold that they
    /// predict.
    pub(crate) fn and_of_folds(mut self, predictions: &[&Prediction], space: &LabelSpace) -> Self {
        let scored: Vec<Scored<'_>> = predictions.iter().filter_map(|it| Scored::of(it)).collect();
        let folds: BTreeSet<u32> = scored.iter().filter_map(|it| it.prediction.fold).collect();
        for fold in folds {
            let is_other = |it: &&Scored<'_>| it.prediction.fold.is_some_and(|other| other != fold);
            let others: Vec<&Scored<'_>> = scored.iter().filter(is_other).collect();
            let example = |it: &&Scored<'_>| Example {
                facts: it.facts(space),
                class: it.label,
            };
            let exercises: Vec<usize> = others.iter().filter_map(|it| it.exercise).collect();
            let labels: Vec<Example<'_>> = others.iter().map(example).collect();
            let fitted = Fitted::new(&labels, &exercises, space.labels.len());
            self.of_folds.insert(fold, fitted);
        }
        self
    }

    /// Those that predict this video.
    fn of(&self, prediction: &Prediction) -> &Fitted {
        let of_fold = prediction.fold.and_then(|fold| self.of_folds.get(&fold));
        of_fold.unwrap_or(&self.of_training)
    }

    /// Whether all of these videos have a baseline.
    fn have(&self, videos: &[Scored<'_>], is_there: fn(&Fitted) -> bool) -> bool {
        videos.iter().all(|it| is_there(self.of(it.prediction)))
    }
}

/// Scores all predictions with a true label, over all videos and by exercise.
pub(crate) fn evaluate(
    predictions: &[&Prediction],
    space: &LabelSpace,
    baselines: &Baselines,
    whole: Whole,
    seed: u64,
) -> Evaluation {
    let scored: Vec<Scored<'_>> = predictions
        .iter()
        .filter_map(|prediction| Scored::of(prediction))
        .collect();
    if scored.is_empty() {
        return Evaluation::default();
    }
    let exercises: BTreeSet<usize> = scored.iter().filter_map(|video| video.exercise).collect();
    let all = Scope::Whole(whole);
    let mut tasks = vec![label_of_videos(&scored, space, baselines, all.clone())];
    for &exercise in &exercises {
        let Some(name) = space.exercises.get(exercise) else {
            continue;
        };
        let of_exercise: Vec<_> = scored
            .iter()
            .filter(|video| video.exercise == Some(exercise))
            .copied()
            .collect();
        let scope = Scope::Exercise(whole, name.clone());
        tasks.push(label_of_videos(
            &of_exercise,
            space,
            baselines,
            scope.clone(),
        ));
        tasks.push(label_of_frames(&of_exercise, space, scope));
    }
    tasks.push(label_of_frames(&scored, space, all.clone()));
    // A model of one exercise is always right about it.
    if space.exercises.len() > 1 {
        tasks.push(exercise_of_videos(&scored, space, baselines, all.clone()));
        tasks.push(exercise_of_frames(&scored, space, all));
    }
    let mut evaluation = Evaluation::default();
    for task in tasks.iter().filter(|task| !task.samples.is_empty()) {
        task.score_into(&mut evaluation, seed);
    }
    if let Some(worst) = worst_group(predictions, whole, seed) {
        evaluation.push(worst);
    }
    evaluation
}

/// A prediction that can be right or wrong.
#[derive(Clone, Copy)]
struct Scored<'a> {
    prediction: &'a Prediction,
    label: usize,
    exercise: Option<usize>,
}

impl<'a> Scored<'a> {
    fn of(prediction: &'a Prediction) -> Option<Self> {
        match prediction.ground_truth {
            GroundTruth::Scored { label, exercise } => Some(Self {
                prediction,
                label,
                exercise,
            }),
            _ => None,
        }
    }

    fn facts<'b>(&self, space: &'b LabelSpace) -> Facts<'b> {
        Facts {
            exercise: self.exercise.and_then(|it| space.exercises.get(it)),
            duration_ms: self.prediction.duration_ms,
        }
    }
}

fn label_of_videos<'a>(
    videos: &[Scored<'a>],
    space: &'a LabelSpace,
    baselines: &Baselines,
    scope: Scope,
) -> ScoringTask<'a> {
    let has_majority = baselines.have(videos, |it| it.label_majority.is_some());
    let has_duration = baselines.have(videos, |it| it.label_duration.is_some());
    let samples = videos.iter().map(|video| {
        let (facts, fitted) = (video.facts(space), baselines.of(video.prediction));
        let model = video.prediction.top.label;
        let majority = fitted.label_majority.as_ref().filter(|_| has_majority);
        let majority = majority.map(|it| it.predict(facts));
        let duration = fitted.label_duration.as_ref().filter(|_| has_duration);
        let duration = duration.map(|it| it.predict(facts));
        Sample {
            group: &video.prediction.group,
            truth: video.label,
            predicted: [Some(model), majority, duration]
                .into_iter()
                .flatten()
                .collect(),
        }
    });
    let predictors = [
        Some(Predictor::Model),
        has_majority.then_some(Predictor::Majority),
        has_duration.then_some(Predictor::DurationOnly),
    ];
    let probabilities = videos.iter().map(|it| it.prediction.calibrated.as_slice());
    ScoringTask {
        task: Task::Label,
        unit: Unit::Video,
        scope,
        classes: &space.labels,
        predictors: predictors.into_iter().flatten().collect(),
        samples: samples.collect(),
        probabilities: probabilities.collect(),
    }
}

fn label_of_frames<'a>(
    videos: &[Scored<'a>],
    space: &'a LabelSpace,
    scope: Scope,
) -> ScoringTask<'a> {
    let samples = videos.iter().flat_map(|video| {
        let group = &video.prediction.group;
        let frames = video.prediction.frames.iter();
        frames.filter_map(|frame| {
            Some(Sample {
                group,
                truth: frame.true_label?,
                predicted: vec![frame.top.label],
            })
        })
    });
    ScoringTask {
        task: Task::Label,
        unit: Unit::Frame,
        scope,
        classes: &space.labels,
        predictors: vec![Predictor::Model],
        samples: samples.collect(),
        probabilities: Vec::new(),
    }
}

fn exercise_of_videos<'a>(
    videos: &[Scored<'a>],
    space: &'a LabelSpace,
    baselines: &Baselines,
    scope: Scope,
) -> ScoringTask<'a> {
    let has_majority = baselines.have(videos, |it| it.exercise_majority.is_some());
    let samples = videos.iter().filter_map(|video| {
        let model = video.prediction.predicted_exercise()?;
        let majority = baselines.of(video.prediction).exercise_majority.as_ref();
        // Told the exercise, the baseline would not have to guess.
        let majority = majority
            .filter(|_| has_majority)
            .map(|it| it.predict(UNTOLD));
        Some(Sample {
            group: &video.prediction.group,
            truth: video.exercise?,
            predicted: std::iter::once(model).chain(majority).collect(),
        })
    });
    let baseline = has_majority.then_some(Predictor::Majority);
    ScoringTask {
        task: Task::Exercise,
        unit: Unit::Video,
        scope,
        classes: &space.exercises,
        predictors: std::iter::once(Predictor::Model).chain(baseline).collect(),
        samples: samples.collect(),
        probabilities: Vec::new(),
    }
}

fn exercise_of_frames<'a>(
    videos: &[Scored<'a>],
    space: &'a LabelSpace,
    scope: Scope,
) -> ScoringTask<'a> {
    let samples = videos
        .iter()
        .filter_map(|video| Some((video, video.exercise?)))
        .flat_map(|(video, truth)| {
            let group = &video.prediction.group;
            video.prediction.frames.iter().map(move |frame| Sample {
                group,
                truth,
                predicted: vec![frame.top.exercise],
            })
        });
    ScoringTask {
        task: Task::Exercise,
        unit: Unit::Frame,
        scope,
        classes: &space.exercises,
        predictors: vec![Predictor::Model],
        samples: samples.collect(),
        probabilities: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
