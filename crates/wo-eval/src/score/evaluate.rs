//! What is scored: the questions that are put to the model and to the baselines.

use std::collections::BTreeSet;

use wo_clip::{Split, SplitVideo};
use wo_record::{Confusion, Name, Score};
use wo_stats::{DurationOnly, Example, Facts, Majority};

use crate::answers::Answers;
use crate::prediction::{Prediction, Standing};
use crate::question::{Question, Unit};
use crate::worst_group::worst_group;

/// The task of telling good form from bad.
pub(crate) const LABEL: &str = "label";
/// The task of telling the exercise.
pub(crate) const EXERCISE: &str = "exercise";
/// A whole video is one unit.
pub(crate) const VIDEO: &str = "video";
/// Each frame is a unit.
pub(crate) const FRAME: &str = "frame";
/// Predicted by the model.
pub(crate) const MODEL: &str = "model";
/// Predicted by [`Majority`].
pub(crate) const MAJORITY: &str = "majority";
/// Predicted by [`DurationOnly`].
pub(crate) const DURATION_ONLY: &str = "duration_only";
/// The scope of all held-out videos.
pub(crate) const ALL: &str = "all";
/// The scope of all videos that the model has seen; `seen/squat` is that of one exercise.
pub(crate) const SEEN: &str = "seen";

/// The name of the figure by how much the model's balanced accuracy is above that of a baseline.
pub(crate) fn gain_over(baseline: &str) -> String {
    format!("balanced_accuracy_over_{baseline}")
}

/// The scope of one exercise within `scope`.
pub(crate) fn scope_of_exercise(scope: &str, exercise: &Name) -> String {
    if scope == ALL {
        exercise.to_string()
    } else {
        format!("{scope}/{exercise}")
    }
}

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

/// The figures of one set of videos.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Evaluation {
    /// Each figure with its interval.
    pub(crate) scores: Vec<Score>,
    /// The model's confusions.
    pub(crate) confusions: Vec<Confusion>,
}

impl Evaluation {
    /// One figure, by what a record of it has.
    pub(crate) fn score(
        &self,
        task: &str,
        by: &str,
        unit: &str,
        scope: &str,
        name: &str,
        class: Option<&Name>,
    ) -> Option<&Score> {
        self.scores.iter().find(|score| {
            (score.task.as_str(), score.by.as_str(), score.unit.as_str()) == (task, by, unit)
                && (
                    score.scope.as_str(),
                    score.name.as_str(),
                    score.class.as_ref(),
                ) == (scope, name, class)
        })
    }
}

/// Scores those of the predictions that can be right or wrong, in all and by exercise. `scope` is [`ALL`] or [`SEEN`].
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
pub(crate) mod tests;
