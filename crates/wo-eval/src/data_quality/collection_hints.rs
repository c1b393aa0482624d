//! What to film next: the kinds of video that would reduce the expected error most.

use std::collections::{BTreeMap, BTreeSet};

use wo_clip::{Split, SplitVideo};
use wo_record::{CollectionHint, LearningCurve, Name};
use wo_stats::{Interval, Metric, Refit};

use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::{GroundTruth, Prediction};
use crate::score::key::Scope;
use crate::score::scoring_task::label_metric;

/// How many additional videos of a kind a hint assumes.
pub(crate) const N_MORE: u64 = 10;
/// How many hints are given.
const MAX_HINTS: usize = 10;

/// One kind of video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kind<'a> {
    exercise: &'a Name,
    label: &'a Name,
    fault: Option<&'a Name>,
    angle: Option<&'a str>,
}

/// What a training or judged video shows.
#[derive(Debug, Clone, Copy)]
struct Shown<'a> {
    exercise: &'a Name,
    label: &'a Name,
    faults: &'a [Name],
    angle: Option<&'a str>,
    /// Whether it was judged right; `None` of those that were not judged.
    is_right: Option<bool>,
}

/// The error rate of a label on held-out videos.
#[derive(Debug, Clone, Copy)]
struct Errors {
    part: f64,
    ends: Option<Interval>,
}

/// The expected gain of a kind.
#[derive(Debug, Clone, Copy)]
struct Gain {
    value: f64,
    ends: Option<Interval>,
}

/// The most useful of each exercise first. Without a learning curve there are no gains, and the rarest kinds come first.
/// Empty without training videos.
///
/// The gain of a kind is its share of the label's held-out errors, times the error reduction that the learning curve
/// predicts for [`N_MORE`] more videos of it. All gains together never exceed the total error. The interval combines
/// the lower ends of both factors, and the upper ends.
pub(crate) fn collection_hints(
    videos: &[&Prediction],
    space: &LabelSpace,
    trained_on: &[SplitVideo],
    curve: Option<&LearningCurve>,
    seed: u64,
) -> Vec<CollectionHint> {
    let train: Vec<&SplitVideo> = trained_on
        .iter()
        .filter(|it| it.split == Split::Train)
        .collect();
    if train.is_empty() {
        return Vec::new();
    }
    let judged: Vec<Shown<'_>> = videos
        .iter()
        .filter_map(|it| Shown::judged(it, space))
        .collect();
    let known = trained_on.iter().map(Shown::in_training);
    let kinds = kinds(&known.chain(judged.iter().copied()).collect::<Vec<_>>());
    let errors = errors(videos, space, seed);
    let curve = curve.and_then(|it| fitted(it, seed));
    let mut hints: Vec<CollectionHint> = kinds
        .iter()
        .map(|kind| {
            let hint = kind.hint(&train, &judged);
            let gain = curve.as_ref().and_then(|curve| {
                let of_label = errors.get(kind.label)?;
                let share = kind.share_of_errors(&kinds, &judged, of_label.part);
                let left = kind.errors_left(&kinds, curve, hint.n_videos);
                Some(Gain::of(share / errors.len() as f64, *of_label, left))
            });
            let ends = gain.and_then(|it| it.ends);
            CollectionHint {
                gain: gain.map(|it| it.value),
                gain_low: ends.map(|it| it.low),
                gain_high: ends.map(|it| it.high),
                ..hint
            }
        })
        .collect();
    let gain = |it: &CollectionHint| it.gain.unwrap_or(0.0);
    hints.sort_by(|a, b| {
        gain(b)
            .total_cmp(&gain(a))
            .then(a.n_videos.cmp(&b.n_videos))
    });
    let mut hints = spread(hints);
    hints.truncate(MAX_HINTS);
    for (rank, hint) in (1..).zip(&mut hints) {
        hint.rank = rank;
    }
    hints
}

/// The first hint of each exercise, then the second of each: one exercise with many kinds must not hide that another has
/// hardly any videos.
fn spread(hints: Vec<CollectionHint>) -> Vec<CollectionHint> {
    let mut n_before: BTreeMap<Name, usize> = BTreeMap::new();
    let mut rounds: Vec<(usize, CollectionHint)> = hints
        .into_iter()
        .map(|hint| {
            let round = n_before.entry(hint.exercise.clone()).or_default();
            *round += 1;
            (*round, hint)
        })
        .collect();
    // Stable: hints of one round stay in their order.
    rounds.sort_by_key(|(round, _)| *round);
    rounds.into_iter().map(|(_, hint)| hint).collect()
}

/// The error rate of each label on held-out videos.
fn errors<'a>(
    videos: &[&Prediction],
    space: &'a LabelSpace,
    seed: u64,
) -> BTreeMap<&'a Name, Errors> {
    let of_label = |(place, label): (usize, &'a Name)| {
        let predicted = videos.iter().map(|it| (*it, it.top.label));
        let recall = label_metric(
            predicted,
            Metric::Recall(place),
            Scope::HELD_OUT,
            space,
            seed,
        )?;
        let ends = recall.low.zip(recall.high).map(|(low, high)| Interval {
            low: 1.0 - high,
            high: 1.0 - low,
        });
        let part = 1.0 - recall.value?;
        Some((label, Errors { part, ends }))
    };
    let labels = space.labels.iter().enumerate();
    labels.filter_map(of_label).collect()
}

fn fitted(curve: &LearningCurve, seed: u64) -> Option<wo_stats::LearningCurve> {
    let refits = curve.refits.iter().map(|it| Refit {
        n_videos: it.videos_a_class,
        score: it.value,
    });
    wo_stats::LearningCurve::fit(&refits.collect::<Vec<_>>(), curve.test_error, seed)
}

/// All known kinds, each from all angles of its exercise. Angles count only where training videos have them.
fn kinds<'a>(videos: &[Shown<'a>]) -> BTreeSet<Kind<'a>> {
    let with_angle = || videos.iter().filter(|it| it.angle.is_some());
    let in_training = with_angle().filter(|it| it.is_in_training());
    let are_known: BTreeSet<&Name> = in_training.map(|it| it.exercise).collect();
    let mut angles: BTreeMap<&Name, BTreeSet<Option<&str>>> = BTreeMap::new();
    for video in with_angle().filter(|it| are_known.contains(it.exercise)) {
        let of_exercise = angles.entry(video.exercise).or_default();
        of_exercise.insert(video.angle);
    }
    let unknown = BTreeSet::from([None]);
    let mut kinds = BTreeSet::new();
    for video in videos {
        let faults: Vec<Option<&Name>> = if video.faults.is_empty() {
            vec![None]
        } else {
            video.faults.iter().map(Some).collect()
        };
        for &angle in angles.get(video.exercise).unwrap_or(&unknown) {
            kinds.extend(faults.iter().map(|&fault| Kind {
                exercise: video.exercise,
                label: video.label,
                fault,
                angle,
            }));
        }
    }
    kinds
}

impl<'a> Shown<'a> {
    fn in_training(video: &'a SplitVideo) -> Self {
        Self {
            exercise: &video.exercise,
            label: &video.label,
            faults: &video.faults,
            angle: video.angle.as_ref().map(Name::as_str),
            is_right: None,
        }
    }

    fn is_in_training(&self) -> bool {
        self.is_right.is_none()
    }

    /// `None` where the exercise or the label is not known.
    fn judged(video: &'a Prediction, space: &'a LabelSpace) -> Option<Self> {
        let GroundTruth::Scored { label, exercise } = video.ground_truth else {
            return None;
        };
        Some(Self {
            exercise: space.exercises.get(exercise?)?,
            label: space.labels.get(label)?,
            faults: &video.faults,
            angle: video.facts.fields.get("angle").map(String::as_str),
            is_right: video.is_right(),
        })
    }
}

impl Kind<'_> {
    fn is_shown(&self, video: &Shown<'_>) -> bool {
        let fits = |fault| video.faults.contains(fault);
        video.exercise == self.exercise
            && video.label == self.label
            && self.fault.map_or(video.faults.is_empty(), fits)
            && self.angle.is_none_or(|angle| video.angle == Some(angle))
    }

    /// What is known of it, without what more of it would bring.
    fn hint(&self, train: &[&SplitVideo], judged: &[Shown<'_>]) -> CollectionHint {
        let is_shown = |it: &&&SplitVideo| self.is_shown(&Shown::in_training(it));
        let shown: Vec<&SplitVideo> = train.iter().filter(is_shown).copied().collect();
        let groups: BTreeSet<&str> = shown.iter().map(|it| it.group.as_str()).collect();
        let (n_wrong, n_judged) = self.n_wrong(judged);
        CollectionHint {
            rank: 0,
            exercise: self.exercise.clone(),
            label: self.label.clone(),
            fault: self.fault.cloned(),
            angle: self.angle.map(str::to_owned),
            n_videos: shown.len() as u64,
            n_groups: groups.len() as u64,
            recall: (n_judged > 0).then(|| (n_judged - n_wrong) as f64 / n_judged as f64),
            gain: None,
            gain_low: None,
            gain_high: None,
        }
    }

    /// How many videos of the kind were judged wrong, of how many.
    fn n_wrong(&self, judged: &[Shown<'_>]) -> (usize, usize) {
        let of_kind: Vec<_> = judged.iter().filter(|it| self.is_shown(it)).collect();
        let wrong = of_kind.iter().filter(|it| it.is_right == Some(false));
        (wrong.count(), of_kind.len())
    }

    /// Its part of the errors of its label, where each video is expected to add so much of one.
    fn share_of_errors(
        &self,
        kinds: &BTreeSet<Kind<'_>>,
        judged: &[Shown<'_>],
        expected: f64,
    ) -> f64 {
        let of_label = || kinds.iter().filter(|it| it.label == self.label);
        let errors = |kind: &Kind<'_>| kind.n_wrong(judged).0 as f64 + expected;
        let all: f64 = of_label().map(errors).sum();
        if all > 0.0 {
            errors(self) / all
        } else {
            1.0 / of_label().count().max(1) as f64
        }
    }

    /// Which part of its errors is still made with so many more videos than it has.
    fn errors_left(
        &self,
        kinds: &BTreeSet<Kind<'_>>,
        curve: &wo_stats::LearningCurve,
        n_videos: u64,
    ) -> (f64, Option<Interval>) {
        let is_of_class = |it: &&Kind<'_>| (it.label, it.exercise) == (self.label, self.exercise);
        let n_kinds = kinds.iter().filter(is_of_class).count() as u64;
        let in_class = |n: u64| (n.max(1) * n_kinds) as f64;
        curve.errors_left(in_class(n_videos), in_class(n_videos + N_MORE))
    }
}

impl Gain {
    /// Of a kind that makes up so much of balanced accuracy, from the errors of its label and the part of them that is left.
    fn of(weight: f64, errors: Errors, (left, ends): (f64, Option<Interval>)) -> Self {
        let gain = |part: f64, left: f64| (weight * part * (1.0 - left)).max(0.0);
        let value = gain(errors.part, left);
        let ends = ends.zip(errors.ends).map(|(left, part)| Interval {
            low: gain(part.low, left.high).min(value),
            high: gain(part.high, left.low).max(value),
        });
        Self { value, ends }
    }
}

#[cfg(test)]
mod tests;
