//! What is scored, and how the `score` and `confusion` records come about.

use std::collections::{BTreeMap, BTreeSet};

use wo_clip::{Split, SplitVideo};
use wo_record::{Confusion, Group, Name, Score};

use crate::answers::Answers;
use crate::baseline::{DurationOnly, Example, Facts, Majority};
use crate::bootstrap::{Interval, intervals};
use crate::metrics::{Counts, Figure, confusion, present};
use crate::prediction::{Prediction, Standing};

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

/// One thing to be right or wrong about.
struct Unit<'a> {
    group: &'a Group,
    truth: usize,
    /// What each predictor says, in the order of [`Question::predictors`].
    said: Vec<usize>,
}

/// Units that are scored together.
struct Question<'a> {
    task: &'static str,
    unit: &'static str,
    scope: String,
    classes: &'a [Name],
    /// The model first.
    predictors: Vec<&'static str>,
    units: Vec<Unit<'a>>,
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
    let mut predictors = vec![MODEL];
    predictors.extend(baselines.label_majority.as_ref().map(|_| MAJORITY));
    predictors.extend(baselines.label_duration.as_ref().map(|_| DURATION_ONLY));
    let units = videos.iter().map(|video| {
        let exercise = video
            .exercise
            .and_then(|exercise| answers.exercises.get(exercise));
        let facts = Facts {
            exercise,
            duration_ms: video.prediction.duration_ms,
        };
        let mut said = vec![video.prediction.call.label];
        said.extend(
            baselines
                .label_majority
                .as_ref()
                .map(|baseline| baseline.predict(facts)),
        );
        said.extend(
            baselines
                .label_duration
                .as_ref()
                .map(|baseline| baseline.predict(facts)),
        );
        Unit {
            group: &video.prediction.group,
            truth: video.label,
            said,
        }
    });
    Question {
        task: LABEL,
        unit: VIDEO,
        scope,
        classes: &answers.labels,
        predictors,
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
                said: vec![frame.call.label],
            })
        })
    });
    Question {
        task: LABEL,
        unit: FRAME,
        scope,
        classes: &answers.labels,
        predictors: vec![MODEL],
        units: units.collect(),
    }
}

fn exercise_of_videos<'a>(
    videos: &[Scored<'a>],
    answers: &'a Answers,
    baselines: &Baselines,
    scope: String,
) -> Question<'a> {
    let mut predictors = vec![MODEL];
    predictors.extend(baselines.exercise_majority.as_ref().map(|_| MAJORITY));
    let untold = Facts {
        exercise: None,
        duration_ms: None,
    };
    let units = videos.iter().filter_map(|video| {
        let mut said = vec![video.prediction.call.exercise];
        said.extend(
            baselines
                .exercise_majority
                .as_ref()
                .map(|baseline| baseline.predict(untold)),
        );
        Some(Unit {
            group: &video.prediction.group,
            truth: video.exercise?,
            said,
        })
    });
    Question {
        task: EXERCISE,
        unit: VIDEO,
        scope,
        classes: &answers.exercises,
        predictors,
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
                said: vec![frame.call.exercise],
            })
        });
    Question {
        task: EXERCISE,
        unit: FRAME,
        scope,
        classes: &answers.exercises,
        predictors: vec![MODEL],
        units: units.collect(),
    }
}

/// A true class, a predicted class, and how often the two came together.
type Cell = (usize, usize, u64);

/// What of a confusion is not 0: of the hundreds of pairs of exercises a group has a few.
fn cells(counts: Counts) -> Vec<Cell> {
    let of_row = |(truth, row): (usize, Vec<u64>)| {
        row.into_iter()
            .enumerate()
            .filter(|(_, n)| *n > 0)
            .map(move |(said, n)| (truth, said, n))
    };
    counts.into_iter().enumerate().flat_map(of_row).collect()
}

impl Question<'_> {
    /// Adds the records of this question.
    fn answer(&self, seed: u64, evaluation: &mut Evaluation) {
        let by_group = self.counts_by_group();
        let n_groups = by_group.first().map_or(0, Vec::len);
        let once = vec![1; n_groups];
        let totals: Vec<Counts> = by_group
            .iter()
            .map(|groups| self.sum(groups, &once))
            .collect();
        let Some(of_model) = totals.first() else {
            return;
        };
        // Which classes there are is the same for all predictors.
        let classes = present(of_model);
        let figures = Figure::all(self.classes.len());
        let compute = |times_drawn: &[u64]| -> Vec<Option<f64>> {
            let drawn: Vec<Counts> = by_group
                .iter()
                .map(|groups| self.sum(groups, times_drawn))
                .collect();
            let balanced: Vec<_> = drawn
                .iter()
                .map(|counts| Figure::BalancedAccuracy.of(counts, &classes))
                .collect();
            let model_balanced = balanced.first().copied().flatten();
            let gains = balanced
                .iter()
                .skip(1)
                .map(|baseline| Some(model_balanced? - (*baseline)?));
            let plain = drawn
                .iter()
                .flat_map(|counts| figures.iter().map(|figure| figure.of(counts, &classes)));
            plain.chain(gains).collect()
        };
        let values = compute(&once);
        let ends = intervals(n_groups, seed, compute);

        let plain = self.predictors.iter().flat_map(|by| {
            figures
                .iter()
                .map(|f| (*by, f.name().to_owned(), f.class()))
        });
        let gains = self
            .predictors
            .iter()
            .skip(1)
            .map(|baseline| (MODEL, gain_over(baseline), None));
        for (((by, name, class), value), interval) in plain.chain(gains).zip(values).zip(ends) {
            // An interval around an undefined figure would be one of resamples that are not like the sample.
            let interval: Option<Interval> = value.and(interval);
            evaluation.scores.push(Score {
                task: self.task.to_owned(),
                by: by.to_owned(),
                unit: self.unit.to_owned(),
                scope: self.scope.clone(),
                name,
                class: class.and_then(|class| self.classes.get(class)).cloned(),
                value,
                low: interval.map(|interval| interval.low),
                high: interval.map(|interval| interval.high),
                n: self.units.len() as u64,
                n_groups: n_groups as u64,
            });
        }
        evaluation.confusions.push(Confusion {
            task: self.task.to_owned(),
            unit: self.unit.to_owned(),
            scope: self.scope.clone(),
            classes: self.classes.to_vec(),
            counts: of_model.clone(),
        });
    }

    /// For each predictor the counts of each group: all figures are made of sums of these.
    fn counts_by_group(&self) -> Vec<Vec<Vec<Cell>>> {
        let mut groups: BTreeMap<&Group, Vec<&Unit<'_>>> = BTreeMap::new();
        for unit in &self.units {
            groups.entry(unit.group).or_default().push(unit);
        }
        let of_predictor = |idx: usize| {
            let of_group = |units: &Vec<&Unit<'_>>| {
                let (truth, said): (Vec<usize>, Vec<usize>) = units
                    .iter()
                    .filter_map(|unit| Some((unit.truth, *unit.said.get(idx)?)))
                    .unzip();
                cells(confusion(&truth, &said, self.classes.len()))
            };
            groups.values().map(of_group).collect()
        };
        (0..self.predictors.len()).map(of_predictor).collect()
    }

    fn sum(&self, groups: &[Vec<Cell>], times_drawn: &[u64]) -> Counts {
        let mut sum = confusion(&[], &[], self.classes.len());
        for (cells, &times) in groups
            .iter()
            .zip(times_drawn)
            .filter(|(_, times)| **times > 0)
        {
            for &(truth, said, n) in cells {
                if let Some(count) = sum.get_mut(truth).and_then(|row| row.get_mut(said)) {
                    *count += times * n;
                }
            }
        }
        sum
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::answers::Call;
    use crate::answers::tests::classes;
    use crate::prediction::FramePrediction;

    /// A squat (exercise 1) of a person, of this length; label 0 is bad form, 1 good. Two frames say what the video says.
    pub(crate) fn squat(person: usize, truth: usize, said: usize, duration_ms: f64) -> Prediction {
        let call = Call {
            label: said,
            label_probability: 0.75,
            exercise: 1,
            exercise_probability: 0.5,
        };
        Prediction {
            group: Group::of_video_id(&format!("{person:03}")),
            has_group_key: true,
            seen: false,
            duration_ms: Some(duration_ms),
            standing: Standing::Scored {
                label: truth,
                exercise: Some(1),
            },
            call,
            frames: vec![
                FramePrediction {
                    true_label: Some(truth),
                    call
                };
                2
            ],
        }
    }

    /// Training videos: three short bad squats, two long good ones.
    pub(crate) fn training() -> Vec<SplitVideo> {
        let data = [
            (1000.0, "bad_form"),
            (1100.0, "bad_form"),
            (1200.0, "bad_form"),
            (3000.0, "good_form"),
            (4000.0, "good_form"),
        ];
        data.iter()
            .enumerate()
            .map(|(idx, (duration_ms, label))| SplitVideo {
                video_id: format!("train{idx}"),
                group: Group::of_video_id(&format!("train{idx}")),
                split: Split::Train,
                exercise: "squat".into(),
                label: (*label).into(),
                duration_ms: Some(*duration_ms),
            })
            .collect()
    }

    pub(crate) fn evaluated(predictions: &[Prediction]) -> Evaluation {
        let answers = Answers::new(&classes());
        let baselines = Baselines::fit(&training(), &answers);
        evaluate(
            &predictions.iter().collect::<Vec<_>>(),
            &answers,
            &baselines,
            ALL,
            0,
        )
    }

    fn score<'a>(
        evaluation: &'a Evaluation,
        by: &str,
        unit: &str,
        scope: &str,
        name: &str,
    ) -> &'a Score {
        let wanted = |s: &&Score| {
            s.task == LABEL && s.by == by && s.unit == unit && s.scope == scope && s.name == name
        };
        evaluation.scores.iter().find(wanted).expect("a score")
    }

    #[test]
    fn a_perfect_model_beats_the_baselines() {
        let predictions: Vec<_> = (0..20)
            .map(|i| squat(i, i % 2, i % 2, 2000.0 + 100.0 * (i % 3) as f64))
            .collect();
        let evaluation = evaluated(&predictions);
        let model = score(&evaluation, MODEL, VIDEO, ALL, "balanced_accuracy");
        assert_eq!(
            (model.value, model.low, model.high),
            (Some(1.0), Some(1.0), Some(1.0))
        );
        assert_eq!((model.n, model.n_groups), (20, 20));
        let majority = score(&evaluation, MAJORITY, VIDEO, ALL, "balanced_accuracy");
        assert_eq!(
            (majority.value, majority.low, majority.high),
            (Some(0.5), Some(0.5), Some(0.5))
        );
        assert_eq!(
            score(&evaluation, MODEL, VIDEO, ALL, &gain_over(MAJORITY)).low,
            Some(0.5)
        );
        assert_eq!(score(&evaluation, MODEL, FRAME, ALL, "accuracy").n, 40);
        // The scope of the one exercise has the same videos.
        assert_eq!(
            score(&evaluation, MODEL, VIDEO, "squat", "balanced_accuracy").value,
            Some(1.0)
        );
        assert_eq!(
            evaluation.confusions.first().map(|c| c.counts.clone()),
            Some(vec![vec![10, 0], vec![0, 10]])
        );
    }

    #[test]
    fn chance_is_about_a_half_and_no_better_than_the_majority() {
        let predictions: Vec<_> = (0..40)
            .map(|i| squat(i, i % 2, (i / 2) % 2, 2000.0))
            .collect();
        let evaluation = evaluated(&predictions);
        assert_eq!(
            score(&evaluation, MODEL, VIDEO, ALL, "balanced_accuracy").value,
            Some(0.5)
        );
        let gain = score(&evaluation, MODEL, VIDEO, ALL, &gain_over(MAJORITY));
        assert!(
            gain.low.unwrap() < 0.0 && gain.high.unwrap() > 0.0,
            "{gain:?}"
        );
    }

    #[test]
    fn length_alone_is_told_apart_from_form() {
        // The model says bad of all; the lengths of the held-out videos tell the label as those of training do.
        let predictions: Vec<_> = (0..20)
            .map(|i| squat(i, i % 2, 0, if i % 2 == 0 { 900.0 } else { 5000.0 }))
            .collect();
        let evaluation = evaluated(&predictions);
        assert_eq!(
            score(&evaluation, DURATION_ONLY, VIDEO, ALL, "balanced_accuracy").value,
            Some(1.0)
        );
        assert_eq!(
            score(&evaluation, MODEL, VIDEO, ALL, &gain_over(DURATION_ONLY)).high,
            Some(-0.5)
        );
    }

    #[test]
    fn one_group_has_figures_without_intervals() {
        let predictions: Vec<_> = (0..6).map(|i| squat(7, i % 2, i % 2, 2000.0)).collect();
        let evaluation = evaluated(&predictions);
        let model = score(&evaluation, MODEL, VIDEO, ALL, "balanced_accuracy");
        assert_eq!(
            (model.value, model.low, model.high, model.n_groups),
            (Some(1.0), None, None, 1)
        );
    }

    #[test]
    fn a_class_without_videos_is_undefined() {
        let evaluation = evaluated(&(0..4).map(|i| squat(i, 0, 0, 2000.0)).collect::<Vec<_>>());
        let good = Some(Name::new("good_form"));
        let recall = evaluation
            .scores
            .iter()
            .find(|s| s.name == "recall" && s.class == good)
            .unwrap();
        assert_eq!((recall.value, recall.low, recall.high), (None, None, None));
    }

    #[test]
    fn what_cannot_be_right_is_not_scored() {
        let mut unclear = squat(0, 0, 0, 1000.0);
        unclear.standing = Standing::Unclear;
        let mut unknown = squat(1, 0, 0, 1000.0);
        unknown.standing = Standing::Unknown("dip".into());
        assert_eq!(
            evaluated(&[unclear.clone(), unknown.clone()]),
            Evaluation::default()
        );
        let evaluation = evaluated(&[unclear, unknown, squat(2, 0, 0, 1000.0)]);
        assert_eq!(score(&evaluation, MODEL, VIDEO, ALL, "accuracy").n, 1);
    }

    #[test]
    fn baselines_see_the_training_videos_only() {
        let answers = Answers::new(&classes());
        let mut videos = training();
        for (idx, video) in videos.iter_mut().enumerate() {
            video.split = if idx == 0 {
                Split::Validation
            } else {
                Split::Test
            };
        }
        let baselines = Baselines::fit(&videos, &answers);
        assert_eq!(
            baselines,
            Baselines {
                label_majority: None,
                label_duration: None,
                exercise_majority: None
            }
        );
        let prediction = squat(0, 0, 0, 1000.0);
        let evaluation = evaluate(&[&prediction], &answers, &baselines, SEEN, 0);
        assert!(evaluation.scores.iter().all(|score| score.by == MODEL));
        assert!(
            evaluation
                .scores
                .iter()
                .any(|score| score.scope == "seen/squat")
        );
    }
}
