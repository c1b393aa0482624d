//! What is scored: the questions that are put to the model and to the baselines.

use std::collections::BTreeSet;

use wo_clip::{Split, SplitVideo};
use wo_stats::{DurationOnly, Example, Facts, Majority};

use crate::judge::label_space::Answers;
use crate::judge::prediction::{Prediction, Standing};
use crate::score::evaluation::Evaluation;
use crate::score::key::{
    DURATION_ONLY, EXERCISE, FRAME, LABEL, MAJORITY, MODEL, VIDEO, scope_of_exercise,
};
use crate::score::scoring_task::{Question, Unit};
use crate::score::worst_group::worst_group;

/// The baselines, fitted to the videos that the model was trained on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Baselines {
    label_majority: Option<Majority>,
    label_duration: Option<DurationOnly>,
    exercise_majority: Option<Majority>,
}

impl Baselines {
    /// Fits them; the validation and test videos are left alone.
    pub(crate) fn fit(videos: &[SplitVideo], answers: &Answers) -> Self {
        let train = || videos.iter().filter(|video| video.split == Split::Train);
        let labels: Vec<Example<'_>> = train()
            .filter_map(|video| {
                let facts = Facts {
                    exercise: Some(&video.exercise),
                    duration_ms: video.duration_ms,
                };
                Some(Example {
                    facts,
                    class: answers.label(&video.label)?,
                })
            })
            .collect();
        // Told the exercise, it would not have to guess.
        let untold = Facts {
            exercise: None,
            duration_ms: None,
        };
        let exercises: Vec<Example<'_>> = train()
            .filter_map(|video| {
                Some(Example {
                    facts: untold,
                    class: answers.exercise(&video.exercise)?,
                })
            })
            .collect();
        Self {
            label_majority: Majority::fit(&labels),
            label_duration: DurationOnly::fit(&labels, answers.labels.len()),
            exercise_majority: Majority::fit(&exercises),
        }
    }
}

/// Scores those of the predictions that can be right or wrong, in all and by exercise. `scope` is [`ALL`](crate::score::key::ALL) or [`SEEN`](crate::score::key::SEEN).
pub(crate) fn evaluate(
    predictions: &[&Prediction],
    answers: &Answers,
    baselines: &Baselines,
    scope: &str,
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
    let mut questions = vec![label_of_videos(
        &scored,
        answers,
        baselines,
        scope.to_owned(),
    )];
    for &exercise in &exercises {
        let Some(name) = answers.exercises.get(exercise) else {
            continue;
        };
        let of_exercise: Vec<_> = scored
            .iter()
            .filter(|video| video.exercise == Some(exercise))
            .copied()
            .collect();
        let scope = scope_of_exercise(scope, name);
        questions.push(label_of_videos(
            &of_exercise,
            answers,
            baselines,
            scope.clone(),
        ));
        questions.push(label_of_frames(&of_exercise, answers, scope));
    }
    questions.push(label_of_frames(&scored, answers, scope.to_owned()));
    questions.push(exercise_of_videos(
        &scored,
        answers,
        baselines,
        scope.to_owned(),
    ));
    questions.push(exercise_of_frames(&scored, answers, scope.to_owned()));
    let mut evaluation = Evaluation::default();
    for question in questions
        .iter()
        .filter(|question| !question.units.is_empty())
    {
        question.answer(seed, &mut evaluation);
    }
    evaluation
        .scores
        .extend(worst_group(predictions, scope, seed));
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
        match prediction.standing {
            Standing::Scored { label, exercise } => Some(Self {
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
    answers: &'a Answers,
    baselines: &Baselines,
    scope: String,
) -> Question<'a> {
    let units = videos.iter().map(|video| {
        let exercise = video
            .exercise
            .and_then(|exercise| answers.exercises.get(exercise));
        let facts = Facts {
            exercise,
            duration_ms: video.prediction.duration_ms,
        };
        let mut said = vec![(MODEL, video.prediction.call.label)];
        if let Some(majority) = &baselines.label_majority {
            said.push((MAJORITY, majority.predict(facts)));
        }
        if let Some(duration) = &baselines.label_duration {
            said.push((DURATION_ONLY, duration.predict(facts)));
        }
        Unit {
            group: &video.prediction.group,
            truth: video.label,
            said,
            probabilities: &video.prediction.calibrated,
        }
    });
    Question {
        task: LABEL,
        unit: VIDEO,
        scope,
        classes: &answers.labels,
        units: units.collect(),
    }
}

fn label_of_frames<'a>(videos: &[Scored<'a>], answers: &'a Answers, scope: String) -> Question<'a> {
    let units = videos.iter().flat_map(|video| {
        let group = &video.prediction.group;
        let frames = video.prediction.frames.iter();
        frames.filter_map(|frame| {
            Some(Unit {
                group,
                truth: frame.true_label?,
                said: vec![(MODEL, frame.call.label)],
                probabilities: &[],
            })
        })
    });
    Question {
        task: LABEL,
        unit: FRAME,
        scope,
        classes: &answers.labels,
        units: units.collect(),
    }
}

fn exercise_of_videos<'a>(
    videos: &[Scored<'a>],
    answers: &'a Answers,
    baselines: &Baselines,
    scope: String,
) -> Question<'a> {
    let untold = Facts {
        exercise: None,
        duration_ms: None,
    };
    let units = videos.iter().filter_map(|video| {
        let mut said = vec![(MODEL, video.prediction.said_exercise()?)];
        if let Some(majority) = &baselines.exercise_majority {
            said.push((MAJORITY, majority.predict(untold)));
        }
        Some(Unit {
            group: &video.prediction.group,
            truth: video.exercise?,
            said,
            probabilities: &[],
        })
    });
    Question {
        task: EXERCISE,
        unit: VIDEO,
        scope,
        classes: &answers.exercises,
        units: units.collect(),
    }
}

fn exercise_of_frames<'a>(
    videos: &[Scored<'a>],
    answers: &'a Answers,
    scope: String,
) -> Question<'a> {
    let units = videos
        .iter()
        .filter_map(|video| Some((video, video.exercise?)))
        .flat_map(|(video, truth)| {
            let group = &video.prediction.group;
            video.prediction.frames.iter().map(move |frame| Unit {
                group,
                truth,
                said: vec![(MODEL, frame.call.exercise)],
                probabilities: &[],
            })
        });
    Question {
        task: EXERCISE,
        unit: FRAME,
        scope,
        classes: &answers.exercises,
        units: units.collect(),
    }
}

#[cfg(test)]
mod tests;
