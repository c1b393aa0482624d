//! How good a probe and the model are on the same videos, and how much of the model's skill the probe has.

use std::collections::{BTreeMap, BTreeSet};

use wo_record::Group;

use super::data::{AuditData, Compared};
use super::held_out::Judged;
use crate::bootstrap::{Bootstrap, Estimate, Interval};
use crate::grouped_confusions::{GroupedConfusions, Sample};
use crate::metrics::{Counts, Metric};

/// A label counts in an exercise that so many groups show there: of one alone no interval is known.
const MIN_GROUPS: usize = 2;

/// The skill of the model and of a probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Skill {
    /// What always predicting the same label of an exercise reaches.
    pub(super) chance: f64,
    pub(super) model: Estimate,
    pub(super) probe: Estimate,
    /// The probe's skill above chance over the model's.
    share: Estimate,
}

impl Skill {
    /// Of the videos of a scope, by the probe's most probable label of each. Balanced accuracy is the mean over labels of each exercise
    /// that shows two, unless exercises are compared.
    pub(super) fn of(
        data: &AuditData<'_>,
        judged: &Judged,
        compared: Compared,
        bootstrap: &Bootstrap,
    ) -> Option<Self> {
        let contexts = match compared {
            Compared::WithinExercises => contexts(data, judged),
            Compared::Exercises => None,
        };
        let numbers = data.groups_of(judged.scope);
        let groups = groups(numbers);
        let sample = |(video, predicted): (&usize, &usize)| {
            let context = match &contexts {
                Some(contexts) => *contexts.get(data.exercises.get(*video)?)?,
                None => 0,
            };
            let cell = |label: usize| context * data.n_classes + label;
            Some(Sample {
                group: groups.get(*numbers.get(*video)?)?,
                truth: cell(*data.truth.get(*video)?),
                predicted: vec![cell(*data.predicted.get(*video)?), cell(*predicted)],
            })
        };
        let predicted = judged.predicted();
        let videos = judged.videos.iter().zip(&predicted);
        let samples: Vec<Sample<'_>> = videos.filter_map(sample).collect();
        let n_contexts = contexts.as_ref().map_or(1, BTreeMap::len);
        let confusions = GroupedConfusions::new(&samples, n_contexts * data.n_classes);
        let cells = confusions.present();
        let chance = n_contexts as f64 / cells.len().max(1) as f64;
        let compared = confusions.compare(&[Metric::BalancedAccuracy], bootstrap);
        let mut scores = compared.scores.into_iter().flatten();
        Some(Self {
            chance,
            model: scores.next()?,
            probe: scores.next()?,
            share: share(&confusions, &cells, chance, bootstrap),
        })
    }

    /// Whether the lower end of the model's interval lies above chance. Where it does not, there is no skill to have a part of.
    pub(super) fn is_model_above_chance(&self) -> bool {
        is_above(self.model, self.chance)
    }

    /// Whether the lower end of the probe's interval lies above chance.
    pub(super) fn is_probe_above_chance(&self) -> bool {
        is_above(self.probe, self.chance)
    }

    /// Whether the probe is better than the model, and better than chance by its interval.
    pub(super) fn is_probe_better(&self) -> bool {
        self.is_probe_above_chance() && self.probe.value > self.model.value
    }

    /// The probe's part of the model's skill, and its 95 % percentile interval.
    pub(super) fn share(&self) -> (Option<f64>, Option<Interval>) {
        if self.is_model_above_chance() {
            (self.share.value, self.share.intervals.interval)
        } else {
            (None, None)
        }
    }
}

fn is_above(estimate: Estimate, chance: f64) -> bool {
    let interval = estimate.intervals.interval;
    interval.is_some_and(|interval| interval.low > chance)
}

/// From the same resamples for both.
fn share(
    confusions: &GroupedConfusions,
    cells: &[usize],
    chance: f64,
    bootstrap: &Bootstrap,
) -> Estimate {
    let score = |counts: &Counts| Metric::BalancedAccuracy.of(counts, cells);
    let shares = |times_drawn: &[u64]| -> Vec<Option<f64>> {
        let scores: Vec<Option<f64>> = confusions.drawn(times_drawn).iter().map(score).collect();
        let share = match scores[..] {
            [Some(model), Some(probe)] if model > chance => {
                Some(((probe - chance) / (model - chance)).clamp(0.0, 1.0))
            }
            _ => None,
        };
        vec![share]
    };
    let estimates = bootstrap.estimates(confusions.n_groups(), shares);
    estimates.first().copied().unwrap_or_default()
}

/// The numbers of the exercises that show two labels, each in two groups at least. `None` if none does.
pub(super) fn contexts(data: &AuditData<'_>, judged: &Judged) -> Option<BTreeMap<usize, usize>> {
    let mut videos_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for video in &judged.videos {
        let exercise = data.exercises.get(*video).copied().unwrap_or(0);
        videos_of.entry(exercise).or_default().push(*video);
    }
    let is_counted = |videos: &Vec<usize>| {
        let by_label = data.groups_by_label(judged.scope, videos);
        by_label.len() > 1
            && by_label
                .values()
                .all(|it: &BTreeSet<usize>| it.len() >= MIN_GROUPS)
    };
    let counted = videos_of.iter().filter(|(_, videos)| is_counted(videos));
    let contexts: BTreeMap<usize, usize> = counted.map(|(it, _)| *it).zip(0..).collect();
    (!contexts.is_empty()).then_some(contexts)
}

/// Names of groups, in the order of their numbers.
fn groups(numbers: &[usize]) -> Vec<Group> {
    let n_groups = numbers.iter().max().map_or(0, |last| last + 1);
    (0..n_groups)
        .map(|number| Group::of_video_id(&format!("{number:06}")))
        .collect()
}
