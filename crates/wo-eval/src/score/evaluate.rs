//! Scores the model and its baselines.

use std::collections::BTreeSet;

use wo_clip::{Split, SplitVideo};
use wo_record::Predictor;
use wo_stats::{DurationOnly, Example, Facts, Majority, Sample};

use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::{GroundTruth, Prediction};
use crate::score::evaluation::Evaluation;
use crate::score::key::{Scope, Task, Unit, Whole};
use crate::score::scoring_task::ScoringTask;
use crate::score::worst_group::worst_group;

/// The baselines, fitted to the training videos.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Baselines {
    label_majority: Option<Majority>,
    label_duration: Option<DurationOnly>,
    exercise_majority: Option<Majority>,
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
        // With the exercise given there is nothing to predict.
        let untold = Facts {
            exercise: None,
            duration_ms: None,
        };
        let exercises: Vec<Example<'_>> = train()
            .filter_map(|video| {
                Some(Example {
                    facts: untold,
                    class: space.exercise(&video.exercise)?,
                })
            })
            .collect();
        Self {
            label_majority: Majority::fit(&labels),
            label_duration: DurationOnly::fit(&labels, space.labels.len()),
            exercise_majority: Majority::fit(&exercises),
        }
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
}

fn label_of_videos<'a>(
    videos: &[Scored<'a>],
    space: &'a LabelSpace,
    baselines: &Baselines,
    scope: Scope,
) -> ScoringTask<'a> {
    let (majority, duration) = (&baselines.label_majority, &baselines.label_duration);
    let samples = videos.iter().map(|video| {
        let exercise = video
            .exercise
            .and_then(|exercise| space.exercises.get(exercise));
        let facts = Facts {
            exercise,
            duration_ms: video.prediction.duration_ms,
        };
        let model = video.prediction.top.label;
        let majority = majority.as_ref().map(|it| it.predict(facts));
        let duration = duration.as_ref().map(|it| it.predict(facts));
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
        majority.as_ref().map(|_| Predictor::Majority),
        duration.as_ref().map(|_| Predictor::DurationOnly),
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
    // Told the exercise, the baseline would not have to guess.
    let untold = Facts {
        exercise: None,
        duration_ms: None,
    };
    let majority = baselines.exercise_majority.as_ref();
    let samples = videos.iter().filter_map(|video| {
        let model = video.prediction.predicted_exercise()?;
        let majority = majority.map(|it| it.predict(untold));
        Some(Sample {
            group: &video.prediction.group,
            truth: video.exercise?,
            predicted: std::iter::once(model).chain(majority).collect(),
        })
    });
    let baseline = majority.map(|_| Predictor::Majority);
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
